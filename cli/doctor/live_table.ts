/**
 * Sockets on a terminal, drawn in place.
 *
 * @module
 */

import type { LiveSocket } from "../../doctor/live/watcher.ts";
import { bytes as bytesText } from "../../doctor/words.ts";
import { terminalSize } from "../terminal_size.ts";
import { coloured } from "../words.ts";
import { COLOURS, socketText, statusText } from "./live_words.ts";

const BARS = "▁▂▃▄▅▆▇█";
/** Looks shown as bars. */
const BARS_SHOWN = 20;
const LINES_EACH = 2;
const CURSOR_UP = (lines: number) => `\x1b[${lines}A`;
const ERASE_BELOW = "\x1b[J";

/** Lines at the bottom of a terminal, two a socket: how much waits, and what that means. */
export class LiveTable {
  readonly #write: (text: string) => void;
  /** Unread bytes at the last looks, by socket. */
  readonly #history = new Map<string, number[]>();
  #lines: string[] = [];
  #shown = 0;

  /** `write` puts text on the terminal. */
  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Draws the sockets as they are now. */
  draw(sockets: LiveSocket[]): void {
    const { columns, rows } = terminalSize();
    this.#follow(sockets);
    // What waits longest and most is shown if not all can be.
    const sorted = sockets.toSorted((a, b) =>
      b.status.unreadMs - a.status.unreadMs || b.status.unread - a.status.unread
    );
    const fitting = sorted.slice(0, Math.max(1, Math.floor((rows - 2) / LINES_EACH)));
    this.#lines = fitting.flatMap((socket) => this.#linesOf(socket, columns));
    if (sorted.length > fitting.length) {
      this.#lines.push(`and ${sorted.length - fitting.length} sockets with less`);
    }
    this.#redraw("");
  }

  /** Prints above the lines. */
  above(text: string): void {
    this.#redraw(text);
  }

  /** Takes the lines away. */
  erase(): void {
    this.#lines = [];
    this.#redraw("");
  }

  #redraw(above: string): void {
    const back = this.#shown === 0 ? "" : CURSOR_UP(this.#shown);
    const below = this.#lines.map((line) => `${line}\n`).join("");
    if (back + above + below !== "") this.#write(`${back}\r${ERASE_BELOW}${above}${below}`);
    this.#shown = this.#lines.length;
  }

  #linesOf(socket: LiveSocket, columns: number): string[] {
    const { state, unread } = socket.status;
    const bars = this.#bars(keyOf(socket), socket.totals.unreadMax);
    // A line that wraps could not be drawn over.
    const cut = (text: string) => text.slice(0, columns - 1);
    return [
      cut(`${bars} ${bytesText(unread).padStart(7)} ${socketText(socket)}`),
      coloured(COLOURS[state], cut(`  ${statusText(socket)}`), Deno.stdout),
    ];
  }

  #follow(sockets: LiveSocket[]): void {
    const keys = new Set(sockets.map(keyOf));
    for (const key of this.#history.keys()) {
      if (!keys.has(key)) this.#history.delete(key);
    }
    for (const socket of sockets) {
      const history = this.#history.get(keyOf(socket)) ?? [];
      history.push(socket.status.unread);
      if (history.length > BARS_SHOWN) history.shift();
      this.#history.set(keyOf(socket), history);
    }
  }

  #bars(key: string, max: number): string {
    const bars = (this.#history.get(key) ?? []).map((unread) =>
      unread === 0 ? " " : BARS[Math.ceil(unread / Math.max(max, 1) * BARS.length) - 1]
    );
    return bars.join("").padStart(BARS_SHOWN);
  }
}

function keyOf({ local, inode }: LiveSocket): string {
  return `${local.address} ${local.port} ${inode}`;
}
