/**
 * The backlog in memory: ranges of slabs, and what becomes of them when no slab
 * is free.
 *
 * @module
 */

import type { Slab, SlabPool } from "../slab.ts";
import { type Backlog, type FrameRange, type MemoryPolicy, newCounts } from "./backlog.ts";

/** Frames `first` to `end` of a slab, of which it holds one reference. */
export class SlabRange implements FrameRange {
  readonly store: Slab;
  first: number;
  end: number;
  /** Nothing is added to it any more. */
  sealed = false;
  readonly #pool: SlabPool;

  /** Takes a reference. */
  constructor(pool: SlabPool, store: Slab, first: number, end: number) {
    this.#pool = pool;
    this.store = store;
    this.first = first;
    this.end = end;
    store.references += 1;
  }

  release(): void {
    this.#pool.release(this.store);
  }
}

/** Neighbours coalesce, so a slab has few ranges however small the drains. */
export class RangeQueue {
  /** Frames in all ranges. */
  frames = 0;
  /** Slabs they lie in: all ranges of one are neighbours. */
  slabs = 0;
  readonly #pool: SlabPool;
  readonly #ranges: SlabRange[] = [];

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  /** The oldest range, if there is one. */
  get head(): SlabRange | undefined {
    return this.#ranges[0];
  }

  /** The newest range, if there is one. */
  get last(): SlabRange | undefined {
    return this.#ranges.at(-1);
  }

  /** The range behind the `before` oldest, if there is one. */
  at(before: number): SlabRange | undefined {
    return this.#ranges[before];
  }

  /** Seals the range behind the `before` oldest at its first `most` frames, and leaves it where it is. */
  seal(before: number, most: number): SlabRange {
    const range = this.#ranges[before];
    range.sealed = true;
    if (range.end - range.first <= most) return range;
    const part = new SlabRange(this.#pool, range.store, range.first, range.first + most);
    part.sealed = true;
    range.first = part.end;
    this.#ranges.splice(before, 0, part);
    return part;
  }

  /** Appends frames. */
  push(slab: Slab, first: number, end: number): void {
    this.frames += end - first;
    const { last } = this;
    const next = last !== undefined && last.store === slab && last.end === first && !last.sealed;
    if (next) {
      last.end = end;
      return;
    }
    if (last?.store !== slab) this.slabs += 1;
    this.#ranges.push(new SlabRange(this.#pool, slab, first, end));
  }

  /** Takes up to `most` frames of the oldest range. */
  take(most: number): SlabRange | undefined {
    const head = this.#ranges[0];
    if (head === undefined) return undefined;
    const count = Math.min(most, head.end - head.first);
    this.frames -= count;
    if (count === head.end - head.first) return this.#shift();
    const taken = new SlabRange(this.#pool, head.store, head.first, head.first + count);
    head.first += count;
    return taken;
  }

  /** The slabs of all ranges, oldest first. */
  stores(): Slab[] {
    return this.#ranges.map(({ store }) => store);
  }

  /** Drops the oldest range; returns how many frames that were. */
  drop(): number {
    const oldest = this.#shift();
    if (oldest === undefined) return 0;
    const frames = oldest.end - oldest.first;
    this.frames -= frames;
    oldest.release();
    return frames;
  }

  /** Drops everything behind the `kept` oldest ranges; returns how many frames that were. */
  clear(kept = 0): number {
    let dropped = 0;
    for (const range of this.#ranges.splice(kept)) {
      dropped += range.end - range.first;
      range.release();
    }
    this.frames -= dropped;
    this.slabs = new Set(this.#ranges.map(({ store }) => store)).size;
    return dropped;
  }

  #shift(): SlabRange | undefined {
    // A list that shift() empties has no room left: each push would make it some.
    const oldest = this.#ranges.length === 1 ? this.#ranges.pop() : this.#ranges.shift();
    if (oldest !== undefined && this.head?.store !== oldest.store) this.slabs -= 1;
    return oldest;
  }
}

/** A backlog that blocks or drops. */
export class MemoryBacklog implements Backlog {
  readonly keeps = false;
  readonly counts = newCounts();
  readonly #pool: SlabPool;
  readonly #whenFull: MemoryPolicy;
  readonly #queue: RangeQueue;

  constructor(pool: SlabPool, whenFull: MemoryPolicy) {
    this.#pool = pool;
    this.#whenFull = whenFull;
    this.#queue = new RangeQueue(pool);
  }

  get frames(): number {
    return this.#queue.frames;
  }

  get empty(): boolean {
    return this.#queue.frames === 0;
  }

  get ready(): boolean {
    return this.#queue.frames > 0;
  }

  get bufferedBytes(): number {
    return this.#queue.slabs * this.#pool.slabBytes;
  }

  push(slab: Slab, first: number, end: number): void {
    // The last slab is where the reader goes on: what it holds must not stay.
    if (this.#whenFull === "drop_newest" && this.#pool.freeCount === 0) {
      this.counts.droppedNewest += end - first;
    } else this.#queue.push(slab, first, end);
  }

  get drops(): boolean {
    return this.#whenFull === "drop_oldest";
  }

  get queued(): readonly Slab[] {
    return this.#queue.stores();
  }

  dropThrough(slab: Slab): void {
    while (this.#queue.head !== undefined && this.#queue.head.store !== slab) this.#drop();
    while (this.#queue.head?.store === slab) this.#drop();
  }

  #drop(): void {
    this.counts.droppedOldest += this.#queue.drop();
  }

  take(most: number): FrameRange | undefined {
    return this.#queue.take(most);
  }

  clear(): void {
    this.counts.droppedAtEnd += this.#queue.clear();
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  ended(): Promise<void> {
    return Promise.resolve();
  }
}
