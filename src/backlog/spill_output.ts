/**
 * The way to disk: ranges wait in their slabs until they are written.
 *
 * @module
 */

import type { Slab } from "../slab.ts";
import type { BacklogCounts, SpillEvent } from "./backlog.ts";
import { RangeQueue, type SlabRange } from "./memory_backlog.ts";
import { Refusal } from "./refusal.ts";
import { RETRY_MS, type SpillParts } from "./spill_parts.ts";

/** Writes ranges to a store, one after the other. */
export class SpillOutput {
  readonly queue: RangeQueue;
  readonly #parts: SpillParts;
  readonly #counts: BacklogCounts;
  readonly #onWritten: (frames: number) => void;
  readonly #onIdle: () => void;
  #writing: Promise<void> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #refusal: Refusal<SpillEvent>;
  /** A disk that refuses now is not asked again. */
  #flushing = false;
  #closed = false;

  /**
   * `onWritten` is called with the frames of each record written, `onIdle` when
   * writing ends, for want of ranges or of disk.
   */
  constructor(
    parts: SpillParts,
    counts: BacklogCounts,
    onWritten: (frames: number) => void,
    onIdle: () => void,
  ) {
    this.queue = new RangeQueue(parts.pool);
    this.#parts = parts;
    this.#counts = counts;
    this.#onWritten = onWritten;
    this.#onIdle = onIdle;
    this.#refusal = new Refusal(parts.tell);
  }

  /** A range is being written. */
  get busy(): boolean {
    return this.#writing !== undefined;
  }

  /** Queues frames and writes them. */
  push(slab: Slab, first: number, end: number): void {
    this.queue.push(slab, first, end);
    this.write();
  }

  /** Writes what waits, unless that is under way. */
  write(): void {
    if (this.#closed || this.#writing !== undefined || this.queue.head === undefined) return;
    this.#writing = this.#writeAll().finally(() => {
      this.#writing = undefined;
      this.#onIdle();
    });
  }

  /** Writes what waits, as long as the disk takes it, and ends. */
  async flush(): Promise<void> {
    this.#flushing = true;
    clearTimeout(this.#retry);
    await this.#writing;
    this.write();
    await this.#writing;
    await this.close();
  }

  /** Ends behind the range that is being written. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    const { codec, onChange } = this.#parts;
    while (!this.#closed) {
      const { head } = this.queue;
      if (head === undefined) return;
      const range = this.queue.seal(codec.fitting(head.store, head.first, head.end - head.first));
      if (range === undefined || !await this.#append(range)) return;
      onChange();
    }
  }

  /** Writes the oldest range, or drops it; false if neither is possible now. */
  async #append(range: SlabRange): Promise<boolean> {
    const { store, codec, whenFull } = this.#parts;
    const frames = range.end - range.first;
    const { info, parts } = codec.encode(range.store, range.first, frames);
    const result = await store.append({ ...info, timeMicros: 0 }, parts);
    if (result.type === "appended") {
      this.#refusal.worked();
      // Nothing, if it was cleared meanwhile: then what is on disk is dropped as well.
      if (this.queue.drop() > 0) {
        this.#counts.spilled += frames;
        this.#onWritten(frames);
      }
      return true;
    }
    if (this.#closed) return false;
    this.#refusal.refused(
      result.type === "full"
        ? { type: "spill_full", maxBytes: result.maxBytes }
        : { type: "spill_failed", error: result.error },
    );
    if (whenFull === "drop_newest") {
      this.#counts.droppedSpill += this.queue.drop();
      return true;
    }
    clearTimeout(this.#retry);
    if (!this.#flushing) this.#retry = setTimeout(() => this.write(), RETRY_MS);
    return false;
  }
}
