/**
 * High and low water marks: a level that rises over the one and falls to the
 * other crosses twice, however often it goes up and down between them.
 *
 * @module
 */

/** Watches one level. */
export class WaterMarks {
  readonly #high: number;
  readonly #low: number;
  #above = false;

  /** `low` must be below `high`. */
  constructor(high: number, low: number) {
    this.#high = high;
    this.#low = low;
  }

  /** The mark that `level` has just crossed, if any. */
  crossed(level: number): "high_water" | "low_water" | undefined {
    if (this.#above ? level > this.#low : level < this.#high) return undefined;
    this.#above = !this.#above;
    return this.#above ? "high_water" : "low_water";
  }
}
