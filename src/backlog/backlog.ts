/**
 * The backlog: frames that are drained and not yet handled, as ranges of slabs.
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

/** First in, first out; neighbours coalesce, so a slab has one range however small the drains. */
export class Backlog {
  /** Frames waiting. */
  frames = 0;
  readonly #pool: SlabPool;
  readonly #ranges: FrameRange[] = [];

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  /** Queues new frames of a slab. */
  push(slab: Slab, first: number, end: number): void {
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

  /** Drops everything; returns how many frames that were. */
  clear(): number {
    const dropped = this.frames;
    for (const range of this.#ranges.splice(0)) this.#pool.release(range.slab);
    this.frames = 0;
    return dropped;
  }
}
