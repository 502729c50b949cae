/**
 * What nobody needs any more, and its deletion.
 *
 * @module
 */

import type { Cursor, Cursors } from "./cursors.ts";
import { isDiskError, isNotFound } from "./errors.ts";
import type { ReaderSource, SpillReader } from "./reader.ts";
import type { Segment } from "./segment.ts";

/** Segments that may be deleted, and those who may have them open. */
export interface Deletable extends ReaderSource {
  readonly segments: Segment[];
  readonly readers: Set<SpillReader>;
}

/** Tells up to where all have passed the records of a store. */
export class Passed {
  readonly #of: Deletable;
  readonly #cursors: Cursors;
  readonly #stats: { deletedSegments: number; failedDeletions: number };

  /** Counts in `stats`. */
  constructor(
    of: Deletable,
    cursors: Cursors,
    stats: { deletedSegments: number; failedDeletions: number },
  ) {
    this.#of = of;
    this.#cursors = cursors;
    this.#stats = stats;
  }

  /** Cursors that are on disk for certain have passed all up to here. */
  get sequence(): number {
    return this.#least(({ stored, onDisk }) => onDisk ? stored.sequence : 0);
  }

  /** The same of cursors as they are, on disk or not. */
  get acknowledged(): number {
    return this.#least(({ acknowledged }) => acknowledged.sequence);
  }

  /** Deletes segments all of which is up to `sequence`, but for the last: new records continue its sequence. */
  async delete(sequence = this.sequence): Promise<void> {
    const { segments, readers, disk } = this.#of;
    while (segments.length > 1 && segments[0].nextSequence <= sequence + 1) {
      try {
        await disk.remove(segments[0].name).catch(ignoreAbsent);
        const removed = segments.shift()!;
        this.#stats.deletedSegments += 1;
        // Its room is free only when nobody has it open.
        for (const reader of readers) reader.release(removed);
        // One by one: what is left after a crash has no gap.
        await disk.sync();
      } catch (error) {
        if (!isDiskError(error)) throw error;
        this.#stats.failedDeletions += 1;
        return;
      }
    }
  }

  #least(sequenceOf: (cursor: Cursor) => number): number {
    const sequences = Array.from(this.#cursors.all(), sequenceOf);
    return sequences.length === 0 ? 0 : Math.min(...sequences);
  }
}

/** What is gone already needs no removing. */
function ignoreAbsent(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
