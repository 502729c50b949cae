/**
 * What is drawn of a connection: steps that double in length when they run out, so
 * that an hour takes no more room than a second.
 *
 * @module
 */

import type { Timeline } from "../report.ts";

const STEPS = 256;
const STEP_MS_FIRST = 1;

/** The data of one direction over time. */
export class Recording {
  #fromMs = NaN;
  #stepMs: number = STEP_MS_FIRST;
  #last = -1;
  readonly #windowMin: Float32Array = new Float32Array(STEPS).fill(NaN);
  readonly #windowMax: Float32Array = new Float32Array(STEPS).fill(NaN);
  readonly #inFlight: Float32Array = new Float32Array(STEPS).fill(NaN);
  readonly #bytes: Float64Array = new Float64Array(STEPS);

  /** A window was advertised. */
  window(size: number, timeMs: number): void {
    const at = this.#step(timeMs);
    if (!(this.#windowMin[at] <= size)) this.#windowMin[at] = size;
    if (!(this.#windowMax[at] >= size)) this.#windowMax[at] = size;
  }

  /** Payload came. `inFlight` may be NaN. */
  data(length: number, inFlight: number, timeMs: number): void {
    const at = this.#step(timeMs);
    this.#bytes[at] += length;
    if (!(this.#inFlight[at] >= inFlight)) this.#inFlight[at] = inFlight;
  }

  #step(timeMs: number): number {
    if (Number.isNaN(this.#fromMs)) this.#fromMs = timeMs;
    let step = Math.floor((timeMs - this.#fromMs) / this.#stepMs);
    while (step >= STEPS) {
      this.#double();
      step = Math.floor((timeMs - this.#fromMs) / this.#stepMs);
    }
    const at = Math.max(0, step);
    this.#last = Math.max(this.#last, at);
    return at;
  }

  #double(): void {
    merge(this.#windowMin, (a, b) => a <= b || Number.isNaN(b) ? a : b, NaN);
    merge(this.#windowMax, (a, b) => a >= b || Number.isNaN(b) ? a : b, NaN);
    merge(this.#inFlight, (a, b) => a >= b || Number.isNaN(b) ? a : b, NaN);
    merge(this.#bytes, (a, b) => a + b, 0);
    this.#stepMs *= 2;
    this.#last = this.#last >> 1;
  }

  /** What was recorded, of data `receiver` received. */
  timeline(receiver: Timeline["receiver"]): Timeline {
    const plain = (array: Float32Array | Float64Array) => [...array.subarray(0, this.#last + 1)];
    return {
      fromMs: this.#fromMs,
      stepMs: this.#stepMs,
      receiver,
      windowMin: plain(this.#windowMin),
      windowMax: plain(this.#windowMax),
      inFlight: plain(this.#inFlight),
      bytes: plain(this.#bytes),
    };
  }
}

function merge(
  array: Float32Array | Float64Array,
  join: (a: number, b: number) => number,
  empty: number,
): void {
  for (let i = 0; i < STEPS; i++) {
    array[i] = i < STEPS / 2 ? join(array[2 * i], array[2 * i + 1]) : empty;
  }
}
