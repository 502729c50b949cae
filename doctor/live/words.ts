/**
 * Numbers for people.
 *
 * @module
 */

/** `560000` as `560 kB`. */
export function bytesText(count: number): string {
  if (count < 1e3) return `${Math.round(count)} B`;
  if (count < 1e6) return `${short(count / 1e3)} kB`;
  return count < 1e9 ? `${short(count / 1e6)} MB` : `${short(count / 1e9)} GB`;
}

/** `3100` milliseconds as `3.1 s`. */
export function timeText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 120_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(ms / 60_000)} min`;
}

function short(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}
