/**
 * What is pushed: frames encoded beforehand, back to back in one block, gone
 * through again and again, so that producing a frame costs nothing while
 * pushing.
 *
 * @module
 */

/** Some whole frames of a feed, ready to be written. */
export interface Piece {
  /** The bytes of the frames; a view into the feed, not to be written to. */
  bytes: Uint8Array;
  /** How many frames these are, at least one. */
  frames: number;
}

/** A block of encoded frames, endless if it repeats. Frames are numbered from 0 and on through every repetition. */
export class Feed {
  readonly #block: Uint8Array;
  /** `#starts[i]` is where frame i begins; one more entry for the end of the block. */
  readonly #starts: Float64Array;
  /** Number of different frames; frame `i` and frame `i + period` are the same bytes. */
  readonly period: number;
  /** Number of frames to be had: `Infinity` or the period. */
  readonly frames: number;

  /** A feed of `parts`, one frame each. */
  constructor(parts: Uint8Array[], options: { repeat: boolean }) {
    if (parts.length === 0) throw new RangeError("A feed needs at least one frame, got none");
    this.period = parts.length;
    this.frames = options.repeat ? Infinity : parts.length;
    this.#starts = new Float64Array(parts.length + 1);
    parts.forEach((part, i) => this.#starts[i + 1] = this.#starts[i] + part.length);
    this.#block = new Uint8Array(this.#starts[parts.length]);
    parts.forEach((part, i) => this.#block.set(part, this.#starts[i]));
  }

  /** Bytes of all frames before frame `index`. */
  bytesBefore(index: number): number {
    const rounds = Math.floor(index / this.period);
    return rounds * this.#starts[this.period] + this.#starts[index % this.period];
  }

  /**
   * Frames from `first` on, as they lie in the block: at most `maxFrames`, and
   * at most `maxBytes` unless the first alone is longer.
   */
  piece(first: number, maxFrames: number, maxBytes: number): Piece {
    const from = first % this.period;
    const start = this.#starts[from];
    const last = Math.min(this.period, from + maxFrames);
    const to = Math.max(from + 1, this.#lastStartUpTo(start + maxBytes, from, last));
    return { bytes: this.#block.subarray(start, this.#starts[to]), frames: to - from };
  }

  /** The largest index in `low..high` whose start is not beyond `limit`. */
  #lastStartUpTo(limit: number, low: number, high: number): number {
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#starts[middle] <= limit) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
