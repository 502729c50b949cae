/**
 * How long something took, counted by powers of two.
 *
 * @module
 */

/** Counts of times, by powers of two of microseconds or parts of one. */
export class Histogram {
  /** Times counted. */
  count = 0;
  readonly #partsOfPower: number;
  readonly #counts: Uint32Array;

  /** Counts by `parts`, `partsOfPower` to a power of two; what is longer is counted in the last one. */
  constructor(parts: number, partsOfPower: number) {
    this.#partsOfPower = partsOfPower;
    this.#counts = new Uint32Array(parts);
  }

  /** Counts a time. */
  add(ms: number): void {
    const part = Math.floor(this.#partsOfPower * Math.log2(1 + Math.max(0, ms) * 1000));
    this.#counts[Math.min(this.#counts.length - 1, part)]++;
    this.count++;
  }

  /** The part up to which `share` of all lie: of times, in microseconds and one more, that are 2 to the power of it, or longer. */
  partOf(share: number): number {
    let rest = this.count * share;
    return this.#counts.findIndex((count) => (rest -= count) <= 0);
  }
}
