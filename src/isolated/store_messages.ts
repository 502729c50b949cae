/**
 * What the reader asks of the worker that has a directory: the calls of a
 * `RecordStore`, one message each. Bytes go by memory that both share.
 *
 * @module
 */

import type { Position } from "../spill/cursors.ts";
import type { OpenOptions } from "../spill/options.ts";
import type { ReadResult } from "../spill/reader.ts";
import type { GivenRecord } from "../spill/record_store.ts";
import type { SentError } from "./sent_error.ts";

/** Something that is asked and answered. */
export type StoreQuestion =
  /** Answered by an {@linkcode OpenedStore}. */
  | { ask: "open"; directory: string; options: OpenOptions | undefined }
  /** Answered by its `Position`. */
  | { ask: "register"; store: number; cursor: string }
  /** Answered by a {@linkcode Sent} `AppendResult`. */
  | { ask: "append"; store: number; records: readonly GivenRecord[]; sequence?: number }
  /** Answered by a {@linkcode Sent} `SyncResult`. */
  | { ask: "sync"; store: number }
  /** Answered by a {@linkcode SentRead}; `reader` begins at `from`, if it has not begun. */
  | { ask: "read"; store: number; reader: number; from: number }
  | { ask: "close"; store: number }
  /** Answered behind all that was given up before. */
  | { ask: "end" };

/** Something that is not answered. */
export type StoreNotice =
  | { tell: "acknowledge"; store: number; cursor: string; position: Position }
  | { tell: "skip"; reader: number }
  | { tell: "leave"; reader: number };

/** To the worker. */
export type StoreOrder = { id: number } & StoreQuestion | StoreNotice;

/** From it. */
export interface StoreAnswer {
  id: number;
  value?: unknown;
  error?: SentError;
}

/** A store that was opened. */
export interface OpenedStore {
  store: number;
  last: Position;
  /** Sequence of the oldest record it has. */
  oldest: number;
}

/** A result whose error, if it has one, is posted as such. */
export type Sent<T> = T extends { error: unknown } ? Omit<T, "error"> & { error: SentError } : T;

/** What a read gave; a payload lies in memory to share until the next read. */
export interface SentRead {
  result: Sent<ReadResult>;
  /** Sequence of the record the next read is to give. */
  sequence: number;
}
