/**
 * What a store's calls give.
 *
 * @module
 */

import type { DiskError } from "./errors.ts";

/** What became of an append. */
export type AppendResult =
  /** The records are in the file, `sequence` is the last one's; on disk after the next `sync()`. */
  | { type: "appended"; sequence: number; bytes: number }
  /** They were to follow a record that is not there: nothing was written. */
  | { type: "overtaken" }
  /** They would exceed `maxBytes`; nothing was written. */
  | { type: "full"; bytes: number; maxBytes: number }
  /** The disk refused; nothing of them is kept, but that after a crash the first ones may be there. The next append may succeed, unless a sync failed. */
  | { type: "failed"; error: DiskError };

/** What became of a sync. */
export type SyncResult =
  /** Records up to `sequence` are on disk, and so are all positions acknowledged before. */
  | { type: "synced"; sequence: number }
  /**
   * The disk refused. After a sync of records failed, nobody knows what is on
   * disk of those behind the last completed one: the system may have forgotten
   * what it could not write. The store then takes no further records and claims
   * nothing more: every append and sync gives the same error. Opening the
   * directory anew writes those records again and syncs them.
   *
   * `acknowledged` tells whether the next start will find all positions that were
   * acknowledged before, unless the power is cut, or may find them: if it is false,
   * it does not.
   */
  | { type: "failed"; error: DiskError; acknowledged: boolean };

/** Counters of a store. */
export interface SpillStats {
  /** Bytes of all segments. */
  bytes: number;
  /** Records in them, damaged ones and acknowledged ones of segments not yet deleted included. */
  records: number;
  /** Segments there are. */
  segments: number;
  /** Records appended since the store was opened. */
  appendedRecords: number;
  /** Bytes appended since, headers included. */
  appendedBytes: number;
  /** Appends refused because of `maxBytes`. */
  fullAppends: number;
  /** Appends the disk refused. */
  failedAppends: number;
  /** Completed syncs. */
  syncs: number;
  /** Records readers found damaged or missing, each reader's counted. */
  lostRecords: number;
  /** Segments deleted since. */
  deletedSegments: number;
  /** Deletions the disk refused; they are tried again. */
  failedDeletions: number;
}
