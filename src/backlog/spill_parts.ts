/**
 * What backlogs on disk work with.
 *
 * @module
 */

import type { BatchCodec } from "../spill/batch_codec.ts";
import type { RecordStore } from "../spill/record_store.ts";
import type { OverflowClient } from "./backlog.ts";

/** A disk that refused is asked again after so many milliseconds. */
export const RETRY_MS = 1000;

/** An open directory, and what the client gives. */
export interface SpillParts
  extends Pick<OverflowClient, "pool" | "sharedMemory" | "onChange" | "tell"> {
  store: RecordStore;
  codec: BatchCodec;
  /** Name under which the store knows what was handled; see `SpillStore.registerCursor()`. */
  cursor: string;
  /** Sequence of the first record not all of which was, and frames of it that were. */
  next: number;
  handledFrames: number;
  /** Length of a segment: when so much was handled, one may be deleted. */
  segmentBytes: number;
  /** What happens when the disk is full or refuses. */
  whenFull: "block" | "drop_newest";
}
