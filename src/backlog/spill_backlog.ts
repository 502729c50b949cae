/**
 * A backlog that overflows to disk. Three queues, oldest first:
 *
 * ```text
 *              ┌── memory ◀──────────────── while nothing is on disk ──┐
 *  handler ◀───┤                                                       ├── reader
 *              └── restored ◀── disk ◀── output ◀──────────────────────┘
 * ```
 *
 * Once frames go to disk, newer ones do as well until the handler has caught up:
 * so order is kept.
 *
 * @module
 */

import type { Slab } from "../slab.ts";
import { type Backlog, type FrameRange, newCounts } from "./backlog.ts";
import { RangeQueue } from "./range_queue.ts";
import { SpillInput } from "./spill_input.ts";
import { SpillOutput } from "./spill_output.ts";
import type { SpillParts } from "./spill_parts.ts";

/** Frames go to disk when no more than this share of the slabs is free: writing them takes its time. */
const FREE_SHARE_MIN = 0.25;

/** See above. */
export class SpillBacklog implements Backlog {
  readonly keeps = true;
  readonly drops = false;
  readonly queued: readonly Slab[] = [];
  readonly counts = newCounts();
  readonly #parts: SpillParts;
  readonly #memory: RangeQueue;
  readonly #output: SpillOutput;
  readonly #input: SpillInput;
  #spilling: boolean;
  #closed = false;
  /** What is on disk is dropped as well. */
  #dropsAll = false;

  constructor(parts: SpillParts) {
    this.#parts = parts;
    this.#memory = new RangeQueue(parts.pool);
    this.#input = new SpillInput(parts, this.counts, () => this.#onRead());
    this.#output = new SpillOutput(
      parts,
      this.counts,
      (frames) => this.#input.appended(frames),
      () => this.#onIdle(),
    );
    this.#spilling = this.#input.recoverable > 0;
    this.#input.read();
  }

  get frames(): number {
    return this.#memory.frames + this.#input.frames + this.#output.queue.frames;
  }

  get empty(): boolean {
    return this.frames === 0 && this.#input.recoverable === 0;
  }

  get ready(): boolean {
    return this.#memory.frames > 0 || this.#input.ready;
  }

  get writing(): boolean {
    return this.#output.waiting;
  }

  get bufferedBytes(): number {
    const { last } = this.#memory;
    const shared = last !== undefined && last.store === this.#output.queue.head?.store ? 1 : 0;
    return (this.#memory.slabs + this.#output.queue.slabs - shared) * this.#parts.pool.slabBytes;
  }

  push(slab: Slab, first: number, end: number): void {
    const { pool, tell } = this.#parts;
    if (!this.#spilling && pool.freeCount <= pool.slabs.length * FREE_SHARE_MIN) {
      this.#spilling = true;
      tell({ type: "spill_started" });
    }
    if (!this.#spilling) return this.#memory.push(slab, first, end);
    this.#output.push(slab, first, end);
  }

  dropThrough(): void {}

  take(most: number): FrameRange | undefined {
    const range = this.#memory.take(most) ?? this.#input.take(most);
    this.#input.read();
    this.#endSpilling();
    return range;
  }

  /**
   * Drops what is in memory only; what is on disk, or on its way there, is dropped
   * by {@linkcode close}. But while nobody knows how many frames a dead process
   * left, all that is on disk comes back at the next start, and counts as waiting.
   */
  clear(): void {
    this.#closed = true;
    this.#dropsAll = this.#input.recoverable === 0;
    this.counts.droppedAtEnd += this.#memory.clear() + this.#output.clear();
  }

  async flush(): Promise<void> {
    this.#closed = true;
    await this.#output.close();
    this.counts.droppedAtEnd += this.#output.queue.clear();
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#input.stop();
    const passed = await this.#input.pass(this.#dropsAll);
    // A disk that refuses gives it to the next start.
    if (passed && this.#dropsAll) this.counts.droppedAtEnd += this.#input.clear();
    await this.#parts.store.close();
  }

  /** Where the disk has nothing any more, what waits to go there goes on in memory. */
  #endSpilling(): void {
    const caughtUp = this.#input.empty && this.#memory.frames === 0 && !this.#output.busy;
    if (!this.#spilling || !caughtUp) return;
    this.#spilling = false;
    const { queue } = this.#output;
    for (let range = queue.take(Infinity); range !== undefined; range = queue.take(Infinity)) {
      this.#memory.push(range.store, range.first, range.end);
      range.release();
    }
    this.#input.sync();
    this.#parts.tell({ type: "spill_ended" });
  }

  /** A record was read back, or a sync has made room on disk. */
  #onRead(): void {
    if (this.#closed) return;
    this.#output.write();
    this.#endSpilling();
    this.#parts.onChange();
  }

  #onIdle(): void {
    if (this.#closed) return;
    this.#input.read();
    this.#endSpilling();
    this.#parts.onChange();
  }

  ended(): Promise<void> {
    return Promise.resolve();
  }
}
