/**
 * What `spillway doctor --live` puts out: on a terminal a table drawn in place, elsewhere lines, or
 * JSON lines.
 *
 * @module
 */

import type { LookText } from "../../doctor/live/look.ts";
import type { LiveVerdict } from "../../doctor/live/verdict.ts";
import type { LiveChange, LiveSocket, LiveWatcher } from "../../doctor/live/watcher.ts";
import { time as timeText } from "../../doctor/words.ts";
import { outputError } from "../standard_streams.ts";
import { coloured, counted } from "../words.ts";
import { LiveTable } from "./live_table.ts";
import {
  changeText,
  COLOURS,
  jsonLine,
  socketText,
  statusRecord,
  statusText,
  targetText,
  verdictRecord,
  verdictText,
} from "./live_words.ts";

/** How watching ended. */
export type LiveEnd = "gone" | "duration" | "interrupted" | "input_ended" | "output_closed";

/** What it came to. */
export interface LiveSummary {
  end: LiveEnd;
  exitCode: number;
  verdict: LiveVerdict;
  /** Sockets that are there, and the last ones that were. */
  sockets: LiveSocket[];
  looks: number;
  /** The longest a look took, in milliseconds. */
  longestLookMs: number;
  /** Lines that could not be read, and what was expected of the first. */
  malformedLines: number;
  firstMalformed: string | undefined;
  /** Why `ss` adds nothing, if so. */
  withoutSs: string | undefined;
}

const ENDS: Readonly<Record<LiveEnd, string>> = {
  gone: "the socket is gone",
  duration: "--for reached",
  interrupted: "interrupted",
  input_ended: "standard input ended",
  output_closed: "standard output was closed",
};

/** Sockets of which it is said now and then how they stand; the rest is in the summary. */
const REPEATED_MAX = 10;

/** Puts it out. */
export class LiveOutput implements Disposable {
  readonly #json: boolean;
  readonly #everyMs: number;
  readonly #onClosed: () => void;
  readonly #table: LiveTable | undefined;
  #closed = false;
  #fromMs: number | undefined;
  #saidAt = 0;

  /** Calls `onClosed` when nobody listens any more. */
  constructor(options: { json: boolean; everyMs: number; onClosed: () => void }) {
    this.#json = options.json;
    this.#everyMs = options.everyMs;
    this.#onClosed = options.onClosed;
    const draws = !options.json && Deno.stdout.isTerminal();
    this.#table = draws ? new LiveTable((text) => this.#write(text)) : undefined;
  }

  /** Tells what a look has shown. */
  look({ atMs, wallMs }: LookText, changes: readonly LiveChange[], watcher: LiveWatcher): void {
    if (this.#fromMs === undefined) {
      this.#begin(watcher);
      this.#fromMs = this.#saidAt = atMs;
    }
    const elapsedMs = atMs - this.#fromMs;
    const clock = wallMs === undefined ? `+${timeText(elapsedMs)}` : new Date(wallMs).toISOString();
    const when = { at: wallMs === undefined ? undefined : clock, elapsedMs };
    for (const change of changes) {
      const { before, socket } = change;
      const record = { type: "change", ...when, before, ...statusRecord(socket) };
      this.#say(record, () => line(clock, socket, changeText(change)));
    }
    const sockets = watcher.sockets();
    this.#table?.draw(sockets);
    if (atMs - this.#saidAt < this.#everyMs) return;
    this.#saidAt = atMs;
    if (this.#table !== undefined) return;
    for (const socket of this.#json ? sockets : sockets.slice(0, REPEATED_MAX)) {
      const record = { type: "state", ...when, ...statusRecord(socket) };
      this.#say(record, () => line(clock, socket, statusText(socket)));
    }
  }

  /** Tells what it came to. */
  summary(summary: LiveSummary): void {
    this.#table?.erase();
    const record = { type: "summary", ...summary, sockets: summary.sockets.map(verdictRecord) };
    this.#say(record, () => summaryText(summary));
  }

  /** Takes the table away. */
  [Symbol.dispose](): void {
    this.#table?.erase();
  }

  #begin(watcher: LiveWatcher): void {
    if (this.#json) return;
    const sockets = counted(watcher.sockets().length, "socket");
    this.#print(`watching ${targetText(watcher.target)}: ${sockets}`);
  }

  #say(record: object, text: () => string): void {
    this.#print(this.#json ? jsonLine(record) : text());
  }

  #print(text: string): void {
    if (this.#table === undefined) this.#write(`${text}\n`);
    else this.#table.above(`${text}\n`);
  }

  #write(text: string): void {
    if (this.#closed) return;
    const bytes = new TextEncoder().encode(text);
    try {
      for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw outputError(error);
      this.#closed = true;
      this.#onClosed();
    }
  }
}

function line(clock: string, socket: LiveSocket, text: string): string {
  const colour = COLOURS[socket.status.state];
  return `${clock} ${socketText(socket)}: ${coloured(colour, text, Deno.stdout)}`;
}

function summaryText(summary: LiveSummary): string {
  const { sockets, looks, longestLookMs, malformedLines, firstMalformed, withoutSs } = summary;
  const longest = longestLookMs > 0 ? `, the longest took ${timeText(longestLookMs)}` : "";
  const lines = [
    "",
    ...sockets.map(verdictText),
    `${counted(looks, "look")}${longest}; ${ENDS[summary.end]}`,
  ];
  if (malformedLines > 0) {
    lines.push(
      `${counted(malformedLines, "line")} could not be read, the first: ${firstMalformed}`,
    );
  }
  if (withoutSs !== undefined) {
    lines.push(`what came and was read between two looks is not known without ss (${withoutSs})`);
  }
  return lines.join("\n");
}
