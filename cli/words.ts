/**
 * Numbers and colours for people.
 *
 * @module
 */

import { styleText } from "node:util";

/** `1234567` as `1.2 MB`. */
export function bytes(count: number): string {
  if (count < 1e3) return `${Math.round(count)} B`;
  if (count < 1e6) return `${(count / 1e3).toFixed(1)} kB`;
  if (count < 1e9) return `${(count / 1e6).toFixed(1)} MB`;
  return `${(count / 1e9).toFixed(2)} GB`;
}

/** `1234567` as `1.2 MiB`: buffers and windows are set in powers of two. */
export function binaryBytes(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  // 1023.96 would be rounded to 1024.0.
  for (; count >= (unit === 0 ? 1023.5 : 1023.95) && unit < units.length - 1; unit++) count /= 1024;
  return `${count.toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}

/** `1234` milliseconds as `1.234 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}

/** `1234567` as `1,234,567`. */
export function whole(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** `1 pause`, `2 pauses`. */
export function counted(count: number, thing: string): string {
  return `${whole(count)} ${thing}${count === 1 ? "" : "s"}`;
}

/** The form of a verb that goes with a count: `is`, `are`. */
export function verb(count: number, one: string, more: string): string {
  return count === 1 ? one : more;
}

/**
 * What could fool a terminal or end the line: control characters but for the
 * tab, line separators, and marks that turn the writing direction.
 */
const UNPRINTABLE = /(?!\t)[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** `text` with what is unprintable escaped, as `\x1b`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escape);
}

function escape(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  const code = character.charCodeAt(0);
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
}

/** `text` in a colour if `stream` is a terminal and NO_COLOR is not set. */
export function coloured(
  colour: "red" | "yellow" | "green" | "dim" | "bold",
  text: string,
  stream: { isTerminal(): boolean },
): string {
  // Deno has read NO_COLOR already; node's own check would need --allow-env.
  if (Deno.noColor || !stream.isTerminal()) return text;
  return styleText(colour, text, { validateStream: false });
}
