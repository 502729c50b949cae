/**
 * What the demo's processes tell the one that started them: JSON, one object a
 * line on standard output.
 *
 * @module
 */

import type { ClientCounters, PushEvent } from "../../push/events.ts";
import type { DisconnectReport } from "../../src/verdict.ts";
import type { Load } from "./load.ts";

/** What the server process is started with. */
export interface ServerTask extends Pick<Load, "pace" | "durationMs"> {
  /** How many clients will come. */
  clients: number;
}

/** What a client process is started with. */
export interface ClientTask {
  /** Where the server listens. */
  port: number;
  /** Work a frame, see `calibrate()`. */
  rounds: number;
  /** Room Spillway has. */
  bufferBytes: number;
}

/** From the server process. */
export type ServerMessage =
  | { type: "listening"; port: number }
  | { type: "counters"; clients: ClientCounters[] }
  | PushEvent;

/** How far a client is. */
export interface Progress {
  /** Bytes read from the socket. */
  bytesRead: number;
  /** Frames handled. */
  handled: number;
  /** Frames read and not handled yet. */
  waiting: number;
  /** Reading is paused: no slab is free. */
  paused: boolean;
}

/** How a client ended. */
export interface Ending extends Progress {
  /** The operating system's word, such as `ECONNRESET`; `undefined` for an end of file. */
  code?: string;
  /** Of all frames handled. */
  checksum: number;
  /** How often reading was paused. */
  pauses: number;
  /** Mean time the handler took for a frame, in microseconds. */
  costUs: number;
  /** What happened, with its verdict. */
  report: DisconnectReport;
}

/** From a client process. */
export type ClientMessage =
  /** Compiled and waiting for a line on standard input. */
  | { type: "ready" }
  | { type: "progress" } & Progress
  | { type: "end" } & Ending;

/** Sends a message to the process that started this one. */
export function tell(message: ServerMessage | ClientMessage): void {
  console.log(JSON.stringify(message));
}

/** How often processes tell how far they are. */
export const TELL_EVERY_MS = 100;

/** However the process that started it fares, none of the others outlives this. */
const LIFETIME_MS = 60_000;

/** Ends this process after its time. */
export function limitLifetime(): void {
  Deno.unrefTimer(setTimeout(() => Deno.exit(1), LIFETIME_MS));
}
