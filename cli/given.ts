/**
 * Options that are given, and no others.
 *
 * @module
 */

/** Leaves out what is `undefined`: where it is spread over defaults, those stay. */
export function given<T extends object>(options: T): T {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as T;
}
