/**
 * Numbers as people read them.
 *
 * @module
 */

/** A length of time: `43 ms`, `3.1 s`, `2 min 5 s`. Each unit ends where rounding would reach the next. */
export function time(ms: number): string {
  if (ms < 0.9995) return `${(ms * 1000).toFixed(0)} µs`;
  if (ms < 999.5) return `${ms.toFixed(ms < 9.95 ? 1 : 0)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Bytes: `200 B`, `63.5 kB`. */
export function bytes(count: number): string {
  if (count < 999.5) return `${Math.round(count)} B`;
  if (count < 999_950) return `${(count / 1e3).toFixed(1)} kB`;
  if (count < 999_950_000) return `${(count / 1e6).toFixed(1)} MB`;
  return `${(count / 1e9).toFixed(2)} GB`;
}

/** A share: `68 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)} %`;
}

/** `once`, `8 times`. */
export function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
