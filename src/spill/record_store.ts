/**
 * What others ask of a store: one in this isolate, or one that a worker keeps.
 *
 * @module
 */

import type { Position } from "./cursors.ts";
import type { RecordInfo } from "./format.ts";
import type { OpenOptions } from "./options.ts";
import type { ReadResult } from "./reader.ts";
import type { AppendResult, SyncResult } from "./result.ts";

/** Reads records from a place on; see `SpillReader`. */
export interface RecordReader extends Disposable {
  /** Sequence of the record the next read is to give. */
  readonly sequence: number;
  /** Reads the next record; its payload goes where `place`, called with its length in bytes, says. */
  next(place?: (payloadBytes: number) => Uint8Array | undefined): Promise<ReadResult>;
  /** Gives up the next record, which is counted as lost. */
  skip(): void;
}

/** A record to be appended. */
export interface GivenRecord {
  info: RecordInfo;
  /** Its payload, one part after the other. */
  parts: readonly Uint8Array[];
}

/** An open directory of records; see `SpillStore`. */
export interface RecordStore {
  /** Position of the last record ever appended. */
  readonly last: Position;
  /**
   * Appends records, all of them or none. Given the sequence that the first is to
   * have, they are `overtaken` if it would have another: so calls need not wait
   * for each other, and none gets ahead of one that failed.
   */
  appendAll(records: readonly GivenRecord[], sequence?: number): Promise<AppendResult>;
  /** Brings all that was appended and acknowledged onto the disk. */
  sync(): Promise<SyncResult>;
  /** A reader of all records from `sequence` on. */
  reader(sequence: number): RecordReader;
  /** Registers a named handler, and gives its acknowledged position. */
  registerCursor(name: string): Promise<Position>;
  /** A named handler is done with all up to `position`. */
  acknowledge(name: string, position: Position): void;
  /** Gives up the directory. */
  close(): Promise<void>;
}

/** Opens the store of a directory; rejects as `openSpill()` does. */
export type OpenStore = (directory: string, options?: OpenOptions) => Promise<RecordStore>;
