/** Choices of a seed, beside those of tests/spill/random.ts. */
import { between, type Random } from "../spill/random.ts";

/** True once in `1 / share` times. */
export function chance(draw: Random, share: number): boolean {
  return draw() < share;
}

/** One of `choices`. */
export function pick<T>(draw: Random, ...choices: T[]): T {
  return choices[between(draw, 0, choices.length - 1)];
}

/** From `min` to `max`, the same share for each order of magnitude. */
export function magnitude(draw: Random, min: number, max: number): number {
  return Math.floor(min * (max / min) ** draw());
}
