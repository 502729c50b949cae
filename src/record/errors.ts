/**
 * Why a recording ended, or can't be replayed.
 *
 * @module
 */

import { SpillwayError } from "../errors.ts";
import type { RecorderStats } from "./stats.ts";

/**
 * Why a recording ended by itself. `disk`: the disk refused, `cause` says what ·
 * `full`: `maxBytes` is reached · `behind`: the disk was slower than the feed, and
 * `whenBehind` is `"stop"`
 */
export type RecordingEnd = "disk" | "full" | "behind";

/** A recording ended before it was closed. What it says it has is there. */
export class RecordingError extends SpillwayError {
  /** Class name. */
  override name = "RecordingError";
  /** Why. */
  readonly reason: RecordingEnd;
  /** What had been recorded by then, and what came and is not there. */
  readonly stats: RecorderStats;

  /** Says why, and how much is there. */
  constructor(
    directory: string,
    reason: RecordingEnd,
    why: string,
    stats: RecorderStats,
    cause?: unknown,
  ) {
    super(`the recording in ${directory} ended: ${why}; ${thereText(stats)}`, { cause });
    this.reason = reason;
    this.stats = stats;
  }
}

/** What is where, as half a sentence. */
function thereText(stats: RecorderStats): string {
  const { recordedBytes, recordedChunks, unsyncedBytes, lostBytes } = stats;
  const there = `${recordedBytes} bytes in ${recordedChunks} chunks are there`;
  const unsynced = unsyncedBytes === 0
    ? ""
    : `, ${unsyncedBytes} of them not known to be on the disk`;
  return `${there}${unsynced}, ${lostBytes} bytes that had come by then are not`;
}
