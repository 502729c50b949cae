/**
 * What waits between the reader and a handler.
 *
 * @module
 */

import type { FrameStore, RawRule } from "../batch.ts";
import type { Column } from "../columns.ts";
import type { Slab, SlabPool } from "../slab.ts";

/**
 * What happens when the buffer is full and there is no disk. The words are
 * Vector's, and so is the meaning.
 */
export type MemoryPolicy = "block" | "drop_oldest" | "drop_newest";

/** All there are. */
export const MEMORY_POLICIES: readonly MemoryPolicy[] = ["block", "drop_oldest", "drop_newest"];

/**
 * What happens when the buffer is full: reading pauses (`block`: the server may
 * then cut the connection), the frames that waited longest are dropped
 * (`drop_oldest`), those that come are (`drop_newest`), or they wait on disk:
 * what `spillTo()` of `@spillway/spillway/spill` gives.
 */
export type WhenFull = "block" | "drop_oldest" | "drop_newest" | Overflow;

/** Frames on their way to a handler. */
export interface FrameRange {
  /** Where they lie. */
  readonly store: FrameStore;
  /** Numbers of the first one and of the one behind the last. */
  readonly first: number;
  readonly end: number;
  /** Gives them up; their memory may be filled again. `handled` is false if the handler threw, or gave them back unhandled. */
  release(handled: boolean): void;
}

/** How many frames went another way than to the handler, and why. */
export interface BacklogCounts {
  /** Dropped by `drop_oldest`. */
  droppedOldest: number;
  /** Dropped by `drop_newest`. */
  droppedNewest: number;
  /** Dropped at the end: the client was closed, or its handler threw. */
  droppedAtEnd: number;
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
    droppedAtEnd: 0,
    droppedSpill: 0,
    spilled: 0,
    recovered: 0,
    lostRecords: 0,
    lost: 0,
  };
}

/** What a spill tells. */
export type SpillEvent =
  /** Three quarters of memory are taken: frames go to disk from now on. */
  | { type: "spill_started" }
  /** All that was on disk is with the handler: frames wait in memory again. */
  | { type: "spill_ended" }
  /** A process that died left so many records; they are delivered first. */
  | { type: "spill_recovered"; records: number }
  /** At the end so many of those were not read: their frames are in no count, and come first at the next start. */
  | { type: "spill_left"; records: number }
  /** The spill has reached its `maxBytes`; told once until there is room again. */
  | { type: "spill_full"; maxBytes: number }
  /**
   * The disk refused; told once until it works again. It is asked every second,
   * and a record that it does not give in ten is lost. After a failed sync nothing
   * more is written: what could not be synced may be gone from the system's cache.
   */
  | { type: "spill_failed"; error: Error }
  /** Records on disk can't be read any more: they are damaged, or somebody removed their file. */
  | { type: "spill_lost"; records: number; frames: number; message: string };

/** What an overflow needs of its client. */
export interface OverflowClient {
  pool: SlabPool;
  columns: readonly Column[];
  raw: RawRule;
  /** What comes back is put where other threads can be given it. */
  sharedMemory: boolean;
  /** Called when slabs or frames have become available. */
  onChange: () => void;
  tell: (event: SpillEvent) => void;
}

/** Where frames go that memory has no room for, opened. */
export interface OpenOverflow {
  /** Connections of this process are to have numbers above. */
  readonly lastEpoch: number;
  /** Throws an `OptionError` if what is on disk is of other columns, or another framing. */
  check(client: Pick<OverflowClient, "columns" | "raw">): void;
  /** Makes the backlog, which closes it. */
  backlog(client: OverflowClient): Backlog;
  /** Closes it, if no backlog was made. */
  close(): Promise<void>;
}

/** Where frames go that memory has no room for: what `spillTo()` gives. */
export interface Overflow {
  /** The directory. */
  readonly directory: string;
}

/** What every {@linkcode Overflow} is. */
export interface OverflowSource extends Overflow {
  /** Opens it for the handler of this name; `undefined` where there is only one. */
  open(handler: string | undefined): Promise<OpenOverflow>;
}

/** First in, first out. */
export interface Backlog {
  /** Frames waiting, as far as they are known. */
  readonly frames: number;
  /** Nothing waits, neither in memory nor on disk. */
  readonly empty: boolean;
  /** What waits need not be handed out before a next connection: it is, or can be, on disk. */
  readonly keeps: boolean;
  /** {@linkcode take} would give some. */
  readonly ready: boolean;
  /** Frames wait for a disk to take them: their slabs would be free if it were faster. */
  readonly writing: boolean;
  /** Bytes of the slabs in which frames wait, batches that are out left out. */
  readonly bufferedBytes: number;
  readonly counts: Readonly<BacklogCounts>;
  /** Queues frames `first` to `end` of a slab, or drops them. */
  push(slab: Slab, first: number, end: number): void;
  /** It gives up frames when no slab is free. */
  readonly drops: boolean;
  /** Slabs in which frames wait, oldest first. */
  readonly queued: readonly Slab[];
  /** Drops the oldest frames, up to the last in `slab`. */
  dropThrough(slab: Slab): void;
  /** Takes up to `most` of the oldest frames. */
  take(most: number): FrameRange | undefined;
  /** Drops what waits in memory, and counts it. Nothing is taken any more. */
  clear(): void;
  /** Ends what is being written: behind it nothing waits in memory, and slabs are free but for batches that are out. */
  flush(): Promise<void>;
  /** Gives up what it has open; drops and counts what is on disk, if that was cleared and does not stay for the next start. */
  close(): Promise<void>;
  /** Resolves when nothing is open any more, batches that were out at the end included. */
  ended(): Promise<void>;
}
