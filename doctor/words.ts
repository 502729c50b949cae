/**
 * Numbers as people read them.
 *
 * @module
 */

/** A length of time: `504 ms`, `3.1 s`, `2 min 5 s`. */
export function time(ms: number): string {
  if (ms > 0 && ms < 1) return `${(ms * 1000).toFixed(0)} µs`;
  if (ms < 1000) return `${ms.toFixed(0)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor(ms % 60_000 / 1000)} s`;
}

/** Bytes: `200 B`, `6.4 kB`, `560 kB`. */
export function bytes(count: number): string {
  if (count < 1e3) return `${Math.round(count)} B`;
  if (count < 1e6) return `${short(count / 1e3)} kB`;
  return count < 1e9 ? `${short(count / 1e6)} MB` : `${short(count / 1e9)} GB`;
}

function short(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}

/** A share: `68 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** `1 time`, `8 times`. */
export function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
