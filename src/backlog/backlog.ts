/**
 * The backlog: frames that are drained and not yet handled, as ranges of slabs,
 * and what becomes of them when no slab is free.
 *
 * @module
 */

import type { Slab, SlabPool } from "../slab.ts";

/** Frames `first` to `end` of a slab; whoever has it holds one reference. */
export interface FrameRange {
  slab: Slab;
  first: number;
  end: number;
}

/**
 * What happens when the buffer is full: reading pauses (`block`: the server may
 * then cut the connection), the frames that waited longest are dropped
 * (`drop_oldest`), or those that come are (`drop_newest`). The words are
 * Vector's, and so is the meaning.
 */
export type WhenFull = "block" | "drop_oldest" | "drop_newest";

/** All there are. */
export const WHEN_FULL: readonly WhenFull[] = ["block", "drop_oldest", "drop_newest"];

/** How many frames were dropped, by the reason. */
export interface Drops {
  /** Waited longest when the buffer was full. */
  oldest: number;
  /** Came when the buffer was full. */
  newest: number;
}

/** First in, first out; neighbours coalesce, so a slab has one range however small the drains. */
export class Backlog {
  /** Frames waiting. */
  frames = 0;
  /** Frames dropped so far. */
  readonly drops: Drops = { oldest: 0, newest: 0 };
  readonly #pool: SlabPool;
  readonly #whenFull: WhenFull;
  readonly #ranges: FrameRange[] = [];

  constructor(pool: SlabPool, whenFull: WhenFull = "block") {
    this.#pool = pool;
    this.#whenFull = whenFull;
  }

  /** Bytes of the slabs in which frames wait, batches that are out left out. */
  get bufferedBytes(): number {
    return this.#ranges.length * this.#pool.slabBytes;
  }

  /** Queues new frames of a slab, or drops them. */
  push(slab: Slab, first: number, end: number): void {
    // The last slab is where the reader goes on: what it holds must not stay.
    if (this.#whenFull === "drop_newest" && this.#pool.freeCount === 0) {
      this.drops.newest += end - first;
      return;
    }
    this.frames += end - first;
    const last = this.#ranges.at(-1);
    if (last !== undefined && last.slab === slab && last.end === first) {
      last.end = end;
      return;
    }
    slab.references += 1;
    this.#ranges.push({ slab, first, end });
  }

  /** Takes up to `most` frames of the oldest range. */
  take(most: number): FrameRange | undefined {
    const head = this.#ranges[0];
    if (head === undefined) return undefined;
    const count = Math.min(most, head.end - head.first);
    this.frames -= count;
    if (count === head.end - head.first) return this.#ranges.shift();
    head.slab.references += 1;
    const taken = { slab: head.slab, first: head.first, end: head.first + count };
    head.first += count;
    return taken;
  }

  /** No slab is free: drops the frames of the oldest one, if that is what was asked for. True if any were dropped. */
  makeRoom(): boolean {
    if (this.#whenFull !== "drop_oldest") return false;
    const oldest = this.#ranges.shift();
    if (oldest === undefined) return false;
    this.frames -= oldest.end - oldest.first;
    this.drops.oldest += oldest.end - oldest.first;
    this.#pool.release(oldest.slab);
    return true;
  }

  /** Drops everything; returns how many frames that were. */
  clear(): number {
    const dropped = this.frames;
    for (const range of this.#ranges.splice(0)) this.#pool.release(range.slab);
    this.frames = 0;
    return dropped;
  }
}
