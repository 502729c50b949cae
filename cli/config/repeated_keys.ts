/**
 * Keys an object of a config file has twice: the parser takes the last one and
 * does not tell.
 *
 * @module
 */

import { positionText } from "./position.ts";
import { type Path, problem } from "./problems.ts";

/** Of a text that was parsed already, all that matters here. */
const TOKEN = /"(?:[^"\\]|\\.)*"|\/\/[^\r\n]*|\/\*[\s\S]*?\*\/|[{}[\]:,]/g;

/** An object or a list that was not closed yet. */
interface Open {
  /** The key or the index at hand. */
  at: string | number;
  /** What an object has so far. */
  keys: Set<string>;
}

/** A line for each key that was there before, with its place. */
export function repeatedKeys(source: string): string[] {
  const open: Open[] = [];
  const problems: string[] = [];
  let last = { text: "", index: 0 };
  for (const { 0: text, index } of source.matchAll(TOKEN)) {
    if (text.startsWith("/")) continue;
    const inner = open.at(-1);
    if (text === "{" || text === "[") open.push({ at: text === "[" ? 0 : "", keys: new Set() });
    else if (text === "}" || text === "]") open.pop();
    else if (text === "," && typeof inner?.at === "number") inner.at += 1;
    else if (text === ":" && inner !== undefined) {
      const key: string = JSON.parse(last.text);
      inner.at = key;
      if (inner.keys.has(key)) problems.push(repeated(open, positionText(source, last.index)));
      inner.keys.add(key);
    }
    last = { text, index };
  }
  return problems;
}

function repeated(open: readonly Open[], position: string): string {
  const path: Path = open.map(({ at }) => at);
  return problem(path, `expected once, is there again (${position})`);
}
