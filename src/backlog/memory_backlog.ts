/**
 * The backlog in memory, and what becomes of it when no slab is free.
 *
 * @module
 */

import type { Slab, SlabPool } from "../slab.ts";
import { type Backlog, type FrameRange, type MemoryPolicy, newCounts } from "./backlog.ts";
import { RangeQueue } from "./range_queue.ts";

/** A backlog that blocks or drops. */
export class MemoryBacklog implements Backlog {
  readonly keeps = false;
  readonly writing = false;
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
