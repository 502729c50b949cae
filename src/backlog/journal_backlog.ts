/**
 * A backlog that is a journal: every frame is written to disk before a handler
 * gets it, and comes again after a restart unless its batch was handled.
 *
 * ```text
 *  handler ◀── restored ◀── disk ◀── output ◀── reader
 *     │                      ▲
 *     └─── acknowledged ─────┘ synced every `syncEveryMs`
 * ```
 *
 * @module
 */

import type { Slab } from "../slab.ts";
import { type Backlog, type FrameRange, newCounts } from "./backlog.ts";
import { SpillInput } from "./spill_input.ts";
import { SpillOutput } from "./spill_output.ts";
import type { SpillParts } from "./spill_parts.ts";

/** See above. */
export class JournalBacklog implements Backlog {
  readonly keeps = true;
  readonly drops = false;
  readonly queued: readonly Slab[] = [];
  readonly counts = newCounts();
  readonly #parts: SpillParts;
  readonly #output: SpillOutput;
  readonly #input: SpillInput;
  readonly #timer: ReturnType<typeof setInterval>;
  /**
   * Something was written or handled since the last sync that succeeded. Also at the
   * start: only what is handled for certain leaves its room to others.
   */
  #dirty = true;
  #closed = false;
  #ended: Promise<void> | undefined;

  /** What is written and what is handled is synced every `syncEveryMs`. */
  constructor(parts: SpillParts, syncEveryMs: number) {
    this.#parts = parts;
    this.#input = new SpillInput(
      parts,
      this.counts,
      () => this.#onRead(),
      () => this.#dirty = true,
    );
    this.#output = new SpillOutput(
      parts,
      this.counts,
      (frames) => {
        this.#input.appended(frames);
        this.#dirty = true;
      },
      () => this.#onIdle(),
    );
    this.#timer = setInterval(() => this.#sync(), syncEveryMs);
    this.#input.read();
  }

  get frames(): number {
    return this.#input.frames + this.#output.queue.frames;
  }

  get empty(): boolean {
    return this.frames === 0 && this.#input.recoverable === 0;
  }

  get ready(): boolean {
    return this.#input.ready;
  }

  get writing(): boolean {
    return this.#output.waiting;
  }

  get bufferedBytes(): number {
    return this.#output.queue.slabs * this.#parts.pool.slabBytes;
  }

  push(slab: Slab, first: number, end: number): void {
    this.#output.push(slab, first, end);
  }

  dropThrough(): void {}

  take(most: number): FrameRange | undefined {
    const range = this.#input.take(most);
    this.#input.read();
    return range;
  }

  /** Drops nothing: what is not handled stays on disk for the next start, and counts as waiting. */
  clear(): void {}

  /** Writes what is not on disk yet; what the disk refuses is dropped and counted. */
  async flush(): Promise<void> {
    await this.#output.flush();
    this.counts.droppedSpill += this.#output.queue.clear();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.flush();
    await this.#output.close();
    await this.#input.stop();
    if (this.#input.lent) await this.#input.sync();
    this.#ended = this.#end();
    // Who has a batch may be waiting for this: only without one is the directory given up first.
    if (!this.#input.lent) await this.#ended;
  }

  /** Resolves when the batch that was out at the end has come back and is on disk as handled. */
  async ended(): Promise<void> {
    await this.#ended;
  }

  async #end(): Promise<void> {
    await this.#input.returned();
    await this.#input.end();
    await this.#parts.store.close();
  }

  /** A record was read back, or a sync has made room on disk. */
  #onRead(): void {
    if (this.#closed) return;
    this.#output.write();
    this.#input.read();
    this.#parts.onChange();
  }

  /** Without writing again: a disk that refuses is asked later. */
  #onIdle(): void {
    if (this.#closed) return;
    this.#input.read();
    this.#parts.onChange();
  }

  async #sync(): Promise<void> {
    if (!this.#dirty) return;
    this.#dirty = false;
    if (!await this.#input.sync()) this.#dirty = true;
  }
}
