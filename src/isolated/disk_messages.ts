/**
 * What the reader asks of the worker that has a directory: the operations of a
 * `Disk`, one message each. Bytes go by memory that both share.
 *
 * @module
 */

import type { OpenMode } from "../spill/disk.ts";
import type { SentError } from "./sent_error.ts";

/** Something that is asked and answered. */
export type DiskQuestion =
  | { ask: "list"; directory: string }
  /** Answered by the number of the file. */
  | { ask: "open"; directory: string; name: string; mode: OpenMode }
  | { ask: "rename"; directory: string; from: string; to: string }
  | { ask: "remove"; directory: string; name: string }
  | { ask: "sync"; directory: string }
  /** Answered by the number of the lock, or `undefined`. */
  | { ask: "lock"; directory: string; name: string }
  | { ask: "size"; file: number }
  | { ask: "read"; file: number; into: Uint8Array<SharedArrayBuffer>; position: number }
  | { ask: "write"; file: number; bytes: Uint8Array<SharedArrayBuffer>; position: number }
  | { ask: "truncate"; file: number; bytes: number }
  | { ask: "sync_file"; file: number }
  /** Answered behind all that was given up before. */
  | { ask: "end" };

/** To the worker. Nothing is said of what is given up. */
export type DiskOrder =
  | { id: number } & DiskQuestion
  | { give: "file"; file: number }
  | { give: "lock"; lock: number };

/** From it. */
export interface DiskAnswer {
  id: number;
  value?: unknown;
  error?: SentError;
}
