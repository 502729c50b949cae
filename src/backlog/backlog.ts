/**
 * What waits between the reader and a handler.
 *
 * @module
 */

import type { FrameStore } from "../batch.ts";
import type { Slab } from "../slab.ts";

/**
 * What happens when the buffer is full: reading pauses (`block`: the server may
 * then cut the connection), the frames that waited longest are dropped
 * (`drop_oldest`), those that come are (`drop_newest`), or they wait on disk
 * (`spill`). The words are Vector's, and so is the meaning.
 */
export type WhenFull = "block" | "drop_oldest" | "drop_newest" | "spill";

/** All there are. */
export const WHEN_FULL: readonly WhenFull[] = ["block", "drop_oldest", "drop_newest", "spill"];

/** Frames on their way to a handler. */
export interface FrameRange {
  /** Where they lie. */
  readonly store: FrameStore;
  /** Numbers of the first one and of the one behind the last. */
  readonly first: number;
  readonly end: number;
  /** Gives them up; their memory may be filled again. */
  release(): void;
}

/** How many frames went another way than to the handler, and why. */
export interface BacklogCounts {
  /** Dropped by `drop_oldest`. */
  droppedOldest: number;
  /** Dropped by `drop_newest`. */
  droppedNewest: number;
  /** Dropped because the spill was full or its disk refused, where it is to drop then. */
  droppedSpill: number;
  /** Written to disk, to come back later. */
  spilled: number;
  /** Found on disk at the start, left there by a process that died. */
  recovered: number;
  /** Records on disk that can't be read any more. */
  lostRecords: number;
  /** Frames in them. */
  lost: number;
}

/** Counts at zero. */
export function newCounts(): BacklogCounts {
  return {
    droppedOldest: 0,
    droppedNewest: 0,
    droppedSpill: 0,
    spilled: 0,
    recovered: 0,
    lostRecords: 0,
    lost: 0,
  };
}

/** First in, first out. */
export interface Backlog {
  /** Frames waiting, as far as they are known. */
  readonly frames: number;
  /** Nothing waits, neither in memory nor on disk. */
  readonly empty: boolean;
  /** {@linkcode take} would give some. */
  readonly ready: boolean;
  /** Bytes of the slabs in which frames wait, batches that are out left out. */
  readonly bufferedBytes: number;
  readonly counts: Readonly<BacklogCounts>;
  /** Queues frames `first` to `end` of a slab, or drops them. */
  push(slab: Slab, first: number, end: number): void;
  /** No slab is free: gives some frames up, if that is what was asked for. True if it did. */
  makeRoom(): boolean;
  /** Takes up to `most` of the oldest frames. */
  take(most: number): FrameRange | undefined;
  /** Drops everything; returns how many frames that were. */
  clear(): number;
  /** Gives up what it has open. Nothing is pushed or taken any more. */
  close(): Promise<void>;
}
