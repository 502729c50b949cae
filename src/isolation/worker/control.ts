/**
 * The control block by which a batch is handed to a worker and given back: one
 * `SharedArrayBuffer` a worker, apart from the memory frames lie in.
 *
 * ```text
 *  client   writes slab … pending, then request + 1, notify ──▶ worker
 *  client ◀── notify, reply = request                            worker
 * ```
 *
 * @module
 */

import type { ClientStats } from "../../status.ts";

/** Places of 32-bit words. */
export const Word = {
  /** Number of the last batch handed over; the worker waits for it to change. */
  request: 0,
  /** The batch: slab, first frame, how many, connection, frames behind it. */
  slab: 1,
  first: 2,
  count: 3,
  epoch: 4,
  pending: 5,
  /** Number of the last batch given back; the client waits for it to change. */
  reply: 6,
  /** Counts up while the worker's event loop turns. */
  beats: 7,
} as const;

/** Place of the slab's stream offset among the 64-bit floats, behind the words. */
const STREAM_OFFSET = 4;
/** Place of the first of the client's counters. */
const STATS = 5;

const INT32_MAX = 2 ** 31 - 1;

/** What is handed over. */
export interface HandedRange {
  /** Number of the slab. */
  slab: number;
  /** Number of the first frame in it. */
  first: number;
  /** How many frames. */
  count: number;
  /** Frames behind them. */
  pending: number;
  /** Connection they came from. */
  epoch: number;
  /** Stream offset of the slab's first byte. */
  streamOffset: number;
}

/** Both sides' view of a control block. */
export class ControlBlock {
  /** Where both wait and notify. */
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly #numbers: Float64Array<SharedArrayBuffer>;

  /** A new block, or a view of one that was made for so many counters. */
  constructor(made: number | SharedArrayBuffer) {
    const buffer = typeof made === "number" ? new SharedArrayBuffer(8 * (STATS + made)) : made;
    this.words = new Int32Array(buffer);
    this.#numbers = new Float64Array(buffer);
  }

  /** What is posted to the worker. */
  get buffer(): SharedArrayBuffer {
    return this.words.buffer;
  }

  /** Writes what is to be handed over. */
  write(range: HandedRange): void {
    const { words } = this;
    words[Word.slab] = range.slab;
    words[Word.first] = range.first;
    words[Word.count] = range.count;
    words[Word.epoch] = range.epoch;
    words[Word.pending] = Math.min(range.pending, INT32_MAX);
    this.#numbers[STREAM_OFFSET] = range.streamOffset;
  }

  /** Reads what was handed over. */
  read(): HandedRange {
    const { words } = this;
    return {
      slab: words[Word.slab],
      first: words[Word.first],
      count: words[Word.count],
      epoch: words[Word.epoch],
      pending: words[Word.pending],
      streamOffset: this.#numbers[STREAM_OFFSET],
    };
  }

  /** Writes the client's counters, in the order of their names. */
  writeStats(stats: ClientStats): void {
    let at = STATS;
    for (const name in stats) this.#numbers[at++] = stats[name as keyof ClientStats];
  }

  /** Reads them. */
  readStats(names: readonly (keyof ClientStats)[]): ClientStats {
    const values = names.map((name, i) => [name, this.#numbers[STATS + i]]);
    return Object.fromEntries(values) as ClientStats;
  }
}
