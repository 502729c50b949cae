/**
 * What is drawn of a connection.
 *
 * @module
 */

import type { Timeline } from "../report.ts";
import { greater, lesser, mergePairs, Steps } from "./steps.ts";

const STEPS = 256;
const STEP_MS_FIRST = 1;

/** The data of one direction over time. */
export class Recording extends Steps {
  #last = -1;
  readonly #windowMin: Float32Array = new Float32Array(STEPS).fill(NaN);
  readonly #windowMax: Float32Array = new Float32Array(STEPS).fill(NaN);
  readonly #inFlight: Float32Array = new Float32Array(STEPS).fill(NaN);
  readonly #bytes: Float64Array = new Float64Array(STEPS);

  constructor() {
    super(STEPS, STEP_MS_FIRST);
  }

  /** A window was advertised. */
  window(size: number, timeMs: number): void {
    const at = this.#at(timeMs);
    this.#windowMin[at] = lesser(this.#windowMin[at], size);
    this.#windowMax[at] = greater(this.#windowMax[at], size);
  }

  /** Payload came. `inFlight` may be NaN. */
  data(length: number, inFlight: number, timeMs: number): void {
    const at = this.#at(timeMs);
    this.#bytes[at] += length;
    this.#inFlight[at] = greater(this.#inFlight[at], inFlight);
  }

  #at(timeMs: number): number {
    const at = Math.max(0, this.stepOf(timeMs));
    this.#last = Math.max(this.#last, at);
    return at;
  }

  protected override mergePairs(): void {
    mergePairs(this.#windowMin, lesser, NaN);
    mergePairs(this.#windowMax, greater, NaN);
    mergePairs(this.#inFlight, greater, NaN);
    mergePairs(this.#bytes, (a, b) => a + b, 0);
    this.#last = this.#last >> 1;
  }

  /** What was recorded, of data `receiver` received. */
  timeline(receiver: Timeline["receiver"]): Timeline {
    const plain = (array: Float32Array | Float64Array) => [...array.subarray(0, this.#last + 1)];
    return {
      fromMs: this.fromMs,
      stepMs: this.stepMs,
      receiver,
      windowMin: plain(this.#windowMin),
      windowMax: plain(this.#windowMax),
      inFlight: plain(this.#inFlight),
      bytes: plain(this.#bytes),
    };
  }
}
