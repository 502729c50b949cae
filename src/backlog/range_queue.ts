/**
 * Ranges of slabs that wait, oldest first.
 *
 * @module
 */

import type { Slab, SlabPool } from "../slab.ts";
import type { FrameRange } from "./backlog.ts";

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
  /** Where the oldest is: what lies before it is taken, and goes when that is half of all. */
  #head = 0;

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  /** The oldest range, if there is one. */
  get head(): SlabRange | undefined {
    return this.#ranges[this.#head];
  }

  /** The newest range, if there is one. */
  get last(): SlabRange | undefined {
    return this.#ranges.length > this.#head ? this.#ranges.at(-1) : undefined;
  }

  /** The range behind the `before` oldest, if there is one. */
  at(before: number): SlabRange | undefined {
    return this.#ranges[this.#head + before];
  }

  /** Seals the range behind the `before` oldest at its first `most` frames, and leaves it where it is. */
  seal(before: number, most: number): SlabRange {
    const range = this.#ranges[this.#head + before];
    range.sealed = true;
    if (range.end - range.first <= most) return range;
    const part = new SlabRange(this.#pool, range.store, range.first, range.first + most);
    part.sealed = true;
    range.first = part.end;
    this.#insert(before, part);
    return part;
  }

  #insert(before: number, range: SlabRange): void {
    if (this.#head === 0) {
      this.#ranges.splice(before, 0, range);
      return;
    }
    // Few are before it, however many are behind.
    this.#head -= 1;
    this.#ranges.copyWithin(this.#head, this.#head + 1, this.#head + 1 + before);
    this.#ranges[this.#head + before] = range;
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
    const { head } = this;
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
    return this.#ranges.slice(this.#head).map(({ store }) => store);
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
    for (const range of this.#ranges.splice(this.#head + kept)) {
      dropped += range.end - range.first;
      range.release();
    }
    this.frames -= dropped;
    this.slabs = new Set(this.stores()).size;
    return dropped;
  }

  #shift(): SlabRange | undefined {
    const oldest = this.head;
    if (oldest === undefined) return undefined;
    // A list that shift() empties has no room left: each push would make it some.
    if (this.#ranges.length === 1) this.#ranges.pop();
    else this.#head += 1;
    // Each range is moved once or so: shift() alone would move all of them each time.
    if (this.#head * 2 > this.#ranges.length) {
      this.#ranges.splice(0, this.#head);
      this.#head = 0;
    }
    if (this.head?.store !== oldest.store) this.slabs -= 1;
    return oldest;
  }
}
