/**
 * Counters that grow beyond 2³¹.
 *
 * V8 keeps a field as a small integer for as long as it holds nothing else, and
 * discards all optimised code that touches its object when one does not fit any
 * more: after two gigabytes a feed would be compiled anew. A field that once held
 * a fraction stays a double.
 *
 * @module
 */

/** Has `fields` of `counters` begin as doubles, at 0. */
export function widen<Field extends string>(
  counters: Record<Field, number>,
  ...fields: readonly Field[]
): void {
  for (const field of fields) {
    counters[field] = 0.5;
    counters[field] = 0;
  }
}
