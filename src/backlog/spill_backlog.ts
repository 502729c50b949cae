/**
 * A backlog that overflows to disk. Three queues, oldest first:
 *
 * ```text
 *              ┌── memory ◀──────────────── while nothing is on disk ──┐
 *  handler ◀───┤                                                       ├── reader
 *              └── restored ◀── disk ◀── outgoing ◀────────────────────┘
 * ```
 *
 * Once frames go to disk, newer ones do as well until the handler has caught up:
 * so order is kept.
 *
 * @module
 */

import type { Slab, SlabPool } from "../slab.ts";
import type { BatchCodec } from "../spill/batch_codec.ts";
import type { SpillStore } from "../spill/store.ts";
import { type Backlog, type FrameRange, newCounts } from "./backlog.ts";
import { RangeQueue } from "./memory_backlog.ts";
import { Refusal } from "./refusal.ts";
import { SpillInput } from "./spill_input.ts";

/** A disk that refused is asked again after so many milliseconds. */
const RETRY_MS = 1000;
/** Frames go to disk when no more than this share of the slabs is free: writing them takes its time. */
const FREE_SHARE_MIN = 0.25;

/** What a spill tells. */
export type SpillEvent =
  /** Memory runs out: frames go to disk from now on. */
  | { type: "spill_started" }
  /** All that was on disk is with the handler, and memory has room again. */
  | { type: "spill_ended" }
  /** A process that died left so many records; they are delivered first. */
  | { type: "spill_recovered"; records: number }
  /** The spill has reached its `maxBytes`; told once until there is room again. */
  | { type: "spill_full"; maxBytes: number }
  /** The disk refused; told once until it works again, and it is asked every second. */
  | { type: "spill_failed"; error: Error }
  /** Records on disk can't be read any more. */
  | { type: "spill_lost"; records: number; frames: number; message: string };

/** What a spill works with. */
export interface SpillParts {
  pool: SlabPool;
  store: SpillStore;
  codec: BatchCodec;
  /** Name under which the store knows what was handled; see `SpillStore.registerCursor()`. */
  cursor: string;
  /** Sequence of the first record that was not. */
  next: number;
  /** Length of a segment: when so much was handled, one may be deleted. */
  segmentBytes: number;
  /** What happens when the disk is full or refuses. */
  whenFull: "block" | "drop_newest";
  /** Called when slabs or frames have become available. */
  onChange: () => void;
  tell: (event: SpillEvent) => void;
}

/** See above. */
export class SpillBacklog implements Backlog {
  readonly counts = newCounts();
  readonly #parts: SpillParts;
  readonly #memory: RangeQueue;
  readonly #outgoing: RangeQueue;
  readonly #input: SpillInput;
  readonly #refusal: Refusal<SpillEvent>;
  #spilling: boolean;
  #writing: Promise<void> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(parts: SpillParts) {
    this.#parts = parts;
    this.#refusal = new Refusal(parts.tell);
    this.#memory = new RangeQueue(parts.pool);
    this.#outgoing = new RangeQueue(parts.pool);
    this.#input = new SpillInput(parts, this.counts, () => this.#onRead());
    const records = this.#input.recoverable;
    this.#spilling = records > 0;
    if (records > 0) parts.tell({ type: "spill_recovered", records });
    this.#input.read();
  }

  get frames(): number {
    return this.#memory.frames + this.#input.frames + this.#outgoing.frames;
  }

  get empty(): boolean {
    return this.frames === 0 && this.#input.recoverable === 0;
  }

  get ready(): boolean {
    return this.#memory.frames > 0 || this.#input.ready;
  }

  get bufferedBytes(): number {
    const { last } = this.#memory;
    const shared = last !== undefined && last.store === this.#outgoing.head?.store ? 1 : 0;
    return (this.#memory.slabs + this.#outgoing.slabs - shared) * this.#parts.pool.slabBytes;
  }

  push(slab: Slab, first: number, end: number): void {
    const { pool, tell } = this.#parts;
    if (!this.#spilling && pool.freeCount <= pool.slabs.length * FREE_SHARE_MIN) {
      this.#spilling = true;
      tell({ type: "spill_started" });
    }
    if (!this.#spilling) return this.#memory.push(slab, first, end);
    this.#outgoing.push(slab, first, end);
    this.#write();
  }

  makeRoom(): boolean {
    return false;
  }

  take(most: number): FrameRange | undefined {
    const range = this.#memory.take(most) ?? this.#input.take(most);
    this.#input.read();
    this.#endSpilling();
    return range;
  }

  clear(): number {
    return this.#memory.clear() + this.#input.clear() + this.#outgoing.clear();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#writing;
    await this.#input.close();
    await this.#parts.store.close();
  }

  /** Where the disk has nothing any more, what waits to go there goes on in memory. */
  #endSpilling(): void {
    const caughtUp = this.#input.empty && this.#memory.frames === 0 && this.#writing === undefined;
    if (!this.#spilling || !caughtUp) return;
    this.#spilling = false;
    for (let range = this.#outgoing.take(Infinity); range; range = this.#outgoing.take(Infinity)) {
      this.#memory.push(range.store, range.first, range.end);
      range.release();
    }
    this.#input.sync();
    this.#parts.tell({ type: "spill_ended" });
  }

  /** A record was read back, or all of one was handled, so that the disk may have room again. */
  #onRead(): void {
    if (this.#closed) return;
    this.#write();
    this.#endSpilling();
    this.#parts.onChange();
  }

  #write(): void {
    if (this.#closed || this.#writing !== undefined || this.#outgoing.head === undefined) return;
    this.#writing = this.#writeAll().finally(() => {
      this.#writing = undefined;
      this.#input.read();
      this.#endSpilling();
      this.#parts.onChange();
    });
  }

  async #writeAll(): Promise<void> {
    const { codec } = this.#parts;
    while (!this.#closed) {
      const { head } = this.#outgoing;
      if (head === undefined) return;
      const range = this.#outgoing.seal(
        codec.fitting(head.store, head.first, head.end - head.first),
      );
      // INVARIANT: the queue has a head.
      if (!await this.#append(range!)) return;
      this.#parts.onChange();
    }
  }

  /** Writes the oldest range, or drops it; false if neither is possible now. */
  async #append(range: FrameRange): Promise<boolean> {
    const { store, codec, whenFull } = this.#parts;
    const frames = range.end - range.first;
    const { info, parts } = codec.encode(range.store, range.first, frames);
    const result = await store.append({ ...info, timeMicros: 0 }, parts);
    if (this.#closed && result.type !== "appended") return false;
    if (result.type === "appended") {
      this.#refusal.worked();
      // Nothing, if it was cleared meanwhile: then what is on disk is dropped as well.
      if (this.#outgoing.drop() > 0) {
        this.counts.spilled += frames;
        this.#input.appended(frames);
      }
      return true;
    }
    this.#refusal.refused(
      result.type === "full"
        ? { type: "spill_full", maxBytes: result.maxBytes }
        : { type: "spill_failed", error: result.error },
    );
    if (whenFull === "drop_newest") {
      this.counts.droppedSpill += this.#outgoing.drop();
      return true;
    }
    this.#retryLater();
    return false;
  }

  #retryLater(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#write(), RETRY_MS);
  }
}
