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
