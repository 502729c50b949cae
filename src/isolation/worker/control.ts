/**
 * The control block by which a batch is handed to a worker and given back: one
 * `SharedArrayBuffer` a worker, apart from the memory frames lie in.
 *
 * ```text
 *  client   writes slot request + 1, then request, notify ──▶  worker
 *  client ◀──────────────────────────── notify, reply + 1      worker
 *           slots reply + 1 … request hold what is out
 * ```
 *
 * @module
 */

import { type ClientStats, newStats } from "../../status.ts";

/** Places of 32-bit words. */
export const Word = {
  /** Number of the last batch handed over; the worker waits for it to change. */
  request: 0,
  /** Number of the last batch given back; the client waits for it to change. */
  reply: 1,
  /** Counts up while the worker's event loop turns. */
  beats: 2,
  /** Not 0: the client has given this worker up; it must touch no batch any more. */
  stop: 3,
  /** Frames the handler has done of the batch behind `reply`, and how many it is given now. */
  done: 4,
  part: 5,
} as const;

/** Batches that may be handed over and not given back. */
export const BATCHES_OUT = 4;

/** Places in a batch's slot: slab, first frame, how many, connection, frames behind it, bytes of a record. */
const Slot = { slab: 0, first: 1, count: 2, epoch: 3, pending: 4, bytes: 5, WORDS: 6 } as const;
/** Place of the first slot among the words. */
const SLOTS = 6;
/** Place of the slots' stream offsets among the 64-bit floats, behind the words. */
const STREAM_OFFSETS = (SLOTS + BATCHES_OUT * Slot.WORDS) / 2;
/** Place of the first of the client's counters, and their order. */
const STATS = STREAM_OFFSETS + BATCHES_OUT;
const STAT_NAMES = Object.keys(newStats()) as readonly (keyof ClientStats)[];

const INT32_MAX = 2 ** 31 - 1;

/** What is handed over. */
export interface HandedRange {
  /** Number of the slab, or of the room that a record was read back into. */
  slab: number;
  /** Bytes of that record; 0 for frames in a slab. */
  recordBytes: number;
  /** Number of the first frame in it. */
  first: number;
  /** How many frames. */
  count: number;
  /** Frames behind them. */
  pending: number;
  /** Connection they came from. */
  epoch: number;
  /** Stream offset of the slab's first byte, or of the record's. */
  streamOffset: number;
}

/** Both sides' view of a control block. */
export class ControlBlock {
  /** Where both wait and notify. */
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly #numbers: Float64Array<SharedArrayBuffer>;

  /** A new block, or a view of one. */
  constructor(buffer = new SharedArrayBuffer(8 * (STATS + STAT_NAMES.length))) {
    this.words = new Int32Array(buffer);
    this.#numbers = new Float64Array(buffer);
  }

  /** What is posted to the worker. */
  get buffer(): SharedArrayBuffer {
    return this.words.buffer;
  }

  /** Writes batch number `request`. */
  write(request: number, range: HandedRange): void {
    const { words } = this;
    const slot = slotOf(request);
    const at = SLOTS + slot * Slot.WORDS;
    words[at + Slot.slab] = range.slab;
    words[at + Slot.first] = range.first;
    words[at + Slot.count] = range.count;
    words[at + Slot.epoch] = range.epoch;
    words[at + Slot.pending] = Math.min(range.pending, INT32_MAX);
    words[at + Slot.bytes] = range.recordBytes;
    this.#numbers[STREAM_OFFSETS + slot] = range.streamOffset;
  }

  /** Reads it. */
  read(request: number): HandedRange {
    const { words } = this;
    const slot = slotOf(request);
    const at = SLOTS + slot * Slot.WORDS;
    return {
      slab: words[at + Slot.slab],
      first: words[at + Slot.first],
      count: words[at + Slot.count],
      epoch: words[at + Slot.epoch],
      pending: words[at + Slot.pending],
      recordBytes: words[at + Slot.bytes],
      streamOffset: this.#numbers[STREAM_OFFSETS + slot],
    };
  }

  /** Writes the client's counters. */
  writeStats(stats: ClientStats): void {
    STAT_NAMES.forEach((name, i) => this.#numbers[STATS + i] = stats[name]);
  }

  /** Reads them. */
  readStats(): ClientStats {
    const values = STAT_NAMES.map((name, i) => [name, this.#numbers[STATS + i]]);
    return Object.fromEntries(values) as ClientStats;
  }
}

/** Numbers wrap at 32 bits, which the number of slots divides. */
function slotOf(request: number): number {
  return (request >>> 0) % BATCHES_OUT;
}
