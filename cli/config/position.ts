/**
 * Places in a file's text.
 *
 * @module
 */

/** Where that is for people: `line 3, column 5`. */
export function positionText(source: string, position: number): string {
  const before = source.slice(0, position).split("\n");
  return `line ${before.length}, column ${before[before.length - 1].length + 1}`;
}
