/**
 * What the supervisor and the reader's worker post to each other: all that is
 * rare. Batches never come this way.
 *
 * @module
 */

import type { IsolatedEvent } from "./options.ts";
import type { ReaderPlan } from "./plan.ts";
import type { SentError } from "./sent_error.ts";

/** A directory, and the way to the worker that has it. */
export interface DiskPort {
  directory: string;
  port: MessagePort;
}

/** To the reader. */
export type ReaderOrder =
  | {
    type: "start";
    plan: ReaderPlan;
    module: WebAssembly.Module;
    /** Where counters are written. */
    stats: SharedArrayBuffer;
    disks: readonly DiskPort[];
    /** Somebody is told of events: a buffer that is full now and then makes hundreds a second. */
    tells: boolean;
  }
  /** Bytes for the server. */
  | { type: "write"; id: number; bytes: Uint8Array<ArrayBuffer> }
  /** End in order. */
  | { type: "close" }
  /** A worker for a handler was started, and has the other end of this port. */
  | { type: "spawned"; id: number; port: MessagePort }
  /** Or it can't be. */
  | { type: "not_spawned"; id: number; error: SentError }
  /** An error that nothing caught has ended a handler's worker. */
  | { type: "handler_died"; id: number; message: string }
  /** The same of the worker that has a directory. */
  | { type: "disk_died"; directory: string; message: string };

/** From the reader. */
export type ReaderReport =
  /** It is connected, and all handlers are open. */
  | { type: "ready" }
  | { type: "event"; event: SentEvent }
  /** What became of a write. */
  | { type: "written"; id: number; error?: SentError }
  /** A handler needs a worker. */
  | { type: "spawn"; id: number; handler: string }
  /** It needs that one no more. */
  | { type: "terminate"; id: number }
  /** It has ended, and given up all it had. */
  | { type: "ended"; end: SentError };

/** An event whose error, if it has one, is posted as such. */
export type SentEvent = Omit<IsolatedEvent, "error"> & { error?: SentError };
