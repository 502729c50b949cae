/**
 * One line at the bottom of a terminal that tells how things stand.
 *
 * @module
 */

import { terminalSize } from "./terminal_size.ts";

const ERASE_LINE = "\r\x1b[K";

/** How often a status line should be shown anew, in milliseconds. */
export const STATUS_EVERY_MS = 250;

/** A line on standard error that other output is kept clear of. */
export class StatusLine implements Disposable {
  /** Whether anything is ever shown. */
  readonly live: boolean;
  #text = "";
  #shown = false;
  /** How many outputs are under way. */
  #hidden = 0;

  /** Shows nothing unless `wanted` and standard error is a terminal. */
  constructor(wanted: boolean) {
    this.live = wanted && Deno.stderr.isTerminal();
  }

  /** Shows `text` in place of what stood there. */
  show(text: string): void {
    this.#text = text;
    this.#draw();
  }

  /** Takes the line away until {@linkcode restore}, for output on the same terminal. */
  hide(): void {
    this.#hidden++;
    this.#erase();
  }

  /** Brings the line back. */
  restore(): void {
    this.#hidden--;
    this.#draw();
  }

  /** Prints above this line. */
  above(print: () => void): void {
    this.hide();
    try {
      print();
    } finally {
      this.restore();
    }
  }

  /** Takes the line away for good. */
  [Symbol.dispose](): void {
    this.#text = "";
    this.#erase();
  }

  #draw(): void {
    if (!this.live || this.#hidden > 0 || this.#text === "") return;
    // A line that wraps could not be erased again.
    write(ERASE_LINE + this.#text.slice(0, terminalSize().columns - 1));
    this.#shown = true;
  }

  #erase(): void {
    if (!this.#shown) return;
    write(ERASE_LINE);
    this.#shown = false;
  }
}

/** Keeps what code of the user's prints clear of `status` until disposed. */
export function guardConsole(status: StatusLine): Disposable {
  const methods = ["log", "info", "warn", "error", "debug"] as const;
  const originals = methods.map((name) => ({ name, original: console[name] }));
  if (status.live) {
    for (const { name, original } of originals) {
      console[name] = (...values) => status.above(() => original(...values));
    }
  }
  return {
    [Symbol.dispose]: () => {
      for (const { name, original } of originals) console[name] = original;
    },
  };
}

function write(text: string): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  } catch {
    // The terminal is gone, and with it who looks.
  }
}
