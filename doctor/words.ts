/**
 * Numbers as people read them.
 *
 * @module
 */

/** A length of time: `504 ms`, `3.1 s`, `2 min 5 s`. A unit ends where rounding would reach the next. */
export function time(ms: number): string {
  if (ms > 0 && ms < 0.9995) return `${(ms * 1000).toFixed(0)} µs`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  if (ms < 119_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Bytes: `200 B`, `6.4 kB`, `560 kB`. */
export function bytes(count: number): string {
  if (count < 999.5) return `${Math.round(count)} B`;
  if (count < 999_500) return `${short(count / 1e3)} kB`;
  return count < 999.5e6 ? `${short(count / 1e6)} MB` : `${short(count / 1e9)} GB`;
}

function short(value: number): string {
  return value.toFixed(value < 9.95 ? 1 : 0);
}

/** A share: `68 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)} %`;
}

/** `once`, `8 times`. */
export function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
