/**
 * Time in steps that double in length when they run out, so that an hour takes no
 * more room than a second.
 *
 * @module
 */

/** Values over time, one or more a step. */
export abstract class Steps {
  /** When the first step begins; NaN before there is one. */
  protected fromMs = NaN;
  protected stepMs: number;
  readonly #count: number;

  /** `count` steps, at first of `stepMs` each. */
  protected constructor(count: number, stepMs: number) {
    this.#count = count;
    this.stepMs = stepMs;
  }

  /** The step a time lies in; negative if it lies before the first. */
  protected stepOf(timeMs: number): number {
    if (Number.isNaN(this.fromMs)) this.fromMs = timeMs;
    let step = Math.floor((timeMs - this.fromMs) / this.stepMs);
    while (step >= this.#count) {
      this.mergePairs();
      this.stepMs *= 2;
      step = Math.floor((timeMs - this.fromMs) / this.stepMs);
    }
    return step;
  }

  /** Makes each two steps one. */
  protected abstract mergePairs(): void;
}

/** Joins each two values of an array into one at its front; the rest is `empty` then. */
export function mergePairs(
  array: Float32Array | Float64Array,
  join: (a: number, b: number) => number,
  empty: number,
): void {
  const half = array.length / 2;
  for (let i = 0; i < half; i++) array[i] = join(array[2 * i], array[2 * i + 1]);
  array.fill(empty, half);
}

/** The lesser of two values, either of which may be NaN for none. */
export function lesser(a: number, b: number): number {
  return a <= b || Number.isNaN(b) ? a : b;
}

/** The greater of two values, either of which may be NaN for none. */
export function greater(a: number, b: number): number {
  return a >= b || Number.isNaN(b) ? a : b;
}
