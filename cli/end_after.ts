/**
 * An end by the clock.
 *
 * @module
 */

/** Calls `end` after `ms`, if that is given, unless disposed before. */
export function endAfter(ms: number | undefined, end: () => void): Disposable {
  const timer = ms === undefined ? undefined : setTimeout(end, ms);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
