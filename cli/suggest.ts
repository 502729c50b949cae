/**
 * What a mistyped word was meant to be.
 *
 * @module
 */

const EDITS_MAX = 2;

/** The choice at most two typing errors away from `word`, the nearest first. */
export function closest(word: string, choices: readonly string[]): string | undefined {
  const rated = choices.map((choice) => ({ choice, edits: edits(word, choice) }))
    // Two errors in a word of three letters make another word.
    .filter(({ choice, edits }) => edits <= Math.min(EDITS_MAX, choice.length / 2));
  return rated.sort((a, b) => a.edits - b.edits)[0]?.choice;
}

/** Letters to insert, delete or replace to get from `a` to `b` (Levenshtein). */
function edits(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const row = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = above[j] + (a[i] === b[j] ? 0 : 1);
      row.push(Math.min(replaced, above[j + 1] + 1, row[j] + 1));
    }
    above = row;
  }
  return above[b.length];
}
