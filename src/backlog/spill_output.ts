/**
 * The way to disk: ranges wait in their slabs until they are written.
 *
 * @module
 */

import type { Slab } from "../slab.ts";
import {
  PAYLOAD_BYTES_MAX,
  RECORD_ALIGN_BYTES,
  recordBytes,
  SEGMENT_HEADER_BYTES,
} from "../spill/format.ts";
import type { GivenRecord } from "../spill/record_store.ts";
import type { AppendResult } from "../spill/result.ts";
import type { BacklogCounts, SpillEvent } from "./backlog.ts";
import { RangeQueue } from "./range_queue.ts";
import { Refusal } from "./refusal.ts";
import { RETRY_MS, type SpillParts } from "./spill_parts.ts";

/** So much is appended at once, unless less waits: slabs are free again only behind it. */
const GROUP_BYTES = 768 * 1024;
/** Rather than a shorter record, a group gets one that is longer than is left of it. */
const LAST_BYTES_MIN = GROUP_BYTES / 4;
/** So many groups are with the store: one is written, the next one gathered, and the third is there when the first has been. */
const GROUPS_OUT = 3;

/** A record takes no more beside its payload, the header of the segment that it begins included. */
const OVERHEAD_BYTES = SEGMENT_HEADER_BYTES + recordBytes(0) + RECORD_ALIGN_BYTES;

/** Records with the store. */
interface Group {
  records: readonly GivenRecord[];
  appending: Promise<AppendResult>;
}

/** Writes ranges to a store, in order. */
export class SpillOutput {
  readonly queue: RangeQueue;
  readonly #parts: SpillParts;
  readonly #counts: BacklogCounts;
  readonly #onWritten: (frames: number) => void;
  readonly #onIdle: () => void;
  #writing: Promise<void> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #refusal: Refusal<SpillEvent>;
  /** The oldest ranges, so many, are with the store. */
  #given = 0;
  /** The store has reached its `maxBytes`. */
  #full = false;
  /** A disk that refuses now is not asked again. */
  #flushing = false;
  #closed = false;

  /**
   * `onWritten` is called with the frames of each record written, in order, `onIdle` when
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

  /** Frames wait for the disk, and not for room that only their handler can make. */
  get waiting(): boolean {
    return this.queue.frames > 0 && !this.#full;
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

  /** Writes what waits, as long as the disk takes it. */
  async flush(): Promise<void> {
    this.#flushing = true;
    clearTimeout(this.#retry);
    await this.#writing;
    this.write();
    await this.#writing;
  }

  /**
   * Gives the store nothing more and drops what it has not got; returns how many
   * frames that were. What it has got it may write, so that is not dropped yet.
   */
  clear(): number {
    this.#closed = true;
    clearTimeout(this.#retry);
    return this.queue.clear(this.#given);
  }

  /** Ends behind what the store was given; what is then in the queue is not on disk. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#writing;
  }

  /** Has the store write group after group, the next one while it is at the last. */
  async #writeAll(): Promise<void> {
    const groups: Group[] = [];
    /** Sequence of the first record behind them. */
    let next = this.#parts.store.last.sequence + 1;
    while (true) {
      while (!this.#closed && groups.length < GROUPS_OUT) {
        const records = this.#encode(this.#given, GROUP_BYTES);
        if (records.length === 0) break;
        groups.push({ records, appending: this.#parts.store.appendAll(records, next) });
        this.#given += records.length;
        next += records.length;
      }
      const oldest = groups.shift();
      if (oldest === undefined) return;
      const result = await oldest.appending;
      if (result.type === "appended") this.#written(oldest.records);
      else {
        // Those behind are overtaken: they would be before it.
        await Promise.all(groups.splice(0).map(({ appending }) => appending));
        this.#given = 0;
        if (!await this.#appendOldest()) return;
        next = this.#parts.store.last.sequence + 1;
      }
      this.#parts.onChange();
    }
  }

  /** Ranges behind the `before` oldest, as records of up to `mostBytes` together. */
  #encode(before: number, mostBytes: number): GivenRecord[] {
    const { codec, segmentBytes } = this.#parts;
    const most = Math.min(mostBytes, segmentBytes);
    // Longer ones might find no room in a directory that may have one segment only.
    const payloadBytes = Math.min(PAYLOAD_BYTES_MAX, segmentBytes - OVERHEAD_BYTES);
    const records: GivenRecord[] = [];
    let bytes = 0;
    for (let i = before, range; (range = this.queue.at(i)) !== undefined && bytes < most; i++) {
      const { store, first, end } = range;
      const fits = Math.min(payloadBytes, Math.max(GROUP_BYTES - bytes, LAST_BYTES_MIN));
      const sealed = this.queue.seal(i, codec.fitting(store, first, end - first, fits));
      const { info, parts } = codec.encode(store, first, sealed.end - first);
      records.push({ info: { ...info, timeMicros: 0 }, parts });
      bytes += parts.reduce((sum, part) => sum + part.length, 0);
    }
    return records;
  }

  #written(records: readonly GivenRecord[]): void {
    this.#refusal.worked();
    this.#full = false;
    this.#given -= records.length;
    for (const { info: { frameCount } } of records) {
      this.queue.drop();
      this.#counts.spilled += frameCount;
      this.#onWritten(frameCount);
    }
  }

  /** Writes the oldest range alone, for which there may be room, or drops it; false if neither is possible now. */
  async #appendOldest(): Promise<boolean> {
    if (this.#closed) return false;
    const { store, whenFull } = this.#parts;
    const records = this.#encode(0, 1);
    if (records.length === 0) return false;
    this.#given = records.length;
    const result = await store.appendAll(records, store.last.sequence + 1);
    if (result.type === "appended") {
      this.#written(records);
      return true;
    }
    this.#given = 0;
    if (this.#closed) return false;
    this.#full = result.type === "full";
    this.#refusal.refused(refusalOf(result));
    if (whenFull === "drop_newest") {
      this.#counts.droppedSpill += this.queue.drop();
      return true;
    }
    clearTimeout(this.#retry);
    if (!this.#flushing) this.#retry = setTimeout(() => this.write(), RETRY_MS);
    return false;
  }
}

/** What to tell of a store that took nothing. */
function refusalOf(result: Exclude<AppendResult, { type: "appended" }>): SpillEvent {
  // INVARIANT: nobody else appends.
  if (result.type === "overtaken") throw new Error("somebody else appended to a spill");
  return result.type === "full"
    ? { type: "spill_full", maxBytes: result.maxBytes }
    : { type: "spill_failed", error: result.error };
}
