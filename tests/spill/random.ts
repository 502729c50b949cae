/** Numbers that look random and are the same each time (mulberry32). */

/** Gives numbers from 0 up to, not including, 1. */
export type Random = () => number;

/** The numbers of a seed. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `min` to `max`. */
export function between(draw: Random, min: number, max: number): number {
  return min + Math.floor(draw() * (max - min + 1));
}

/** `size` bytes. */
export function noise(draw: Random, size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, () => draw() * 256);
}
