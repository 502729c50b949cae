/**
 * How many frames the next batch may have, so that a synchronous handler call
 * stays within the duty-cycle budget.
 *
 * @module
 */

/** A batch may have this many times the frames of the last, so that an unknown cost is found out in small steps. */
const GROWTH = 2;
/** Calls after which a size that seems right is doubled once, to see whether it still is. */
const PROBE_CALLS = 8;
/** Two calls whose sizes differ by less tell nothing of what the time depends on. */
const COMPARED_RATIO = 1.5;
/** Nearer to 0 than this, the elasticity of time to frames says that a call's fixed cost dominates. */
const FIXED_ELASTICITY = 0.5;

/**
 * Follows the budget in proportion to the last call. A handler whose time does
 * not depend on the number of frames (one write, one transaction a call) gets
 * larger batches even beyond the budget: smaller ones would only mean more
 * calls, until at last each frame pays the whole fixed cost.
 */
export class BatchSizer {
  readonly #budgetMs: number;
  #allowed = 1;
  #lastFrames = 0;
  #lastMs = 0;
  #fixedDominates = false;
  #callsSinceProbe = 0;

  /** `budgetMs` is what one call may take. */
  constructor(budgetMs: number) {
    this.#budgetMs = budgetMs;
  }

  /** Frames the next batch may have, at least 1. */
  get allowed(): number {
    return this.#allowed;
  }

  /** A call with `frames` frames took `ms`. */
  observe(frames: number, ms: number): void {
    this.#compare(frames, ms);
    const next = this.#next(frames, ms);
    // A smaller batch than allowed that kept the budget says nothing of larger ones.
    const kept = frames < this.#allowed && ms <= this.#budgetMs;
    this.#allowed = kept ? Math.max(this.#allowed, next) : next;
  }

  /** Learns from two calls of different sizes what the time depends on. */
  #compare(frames: number, ms: number): void {
    const ratio = frames / this.#lastFrames;
    const differ = ratio > COMPARED_RATIO || ratio < 1 / COMPARED_RATIO;
    if (differ && Math.min(ms, this.#lastMs) > 0) {
      // Strongly negative: the cost itself has changed, which tells nothing.
      const elasticity = Math.log(ms / this.#lastMs) / Math.log(ratio);
      this.#fixedDominates = Math.abs(elasticity) < FIXED_ELASTICITY;
    }
    this.#lastFrames = frames;
    this.#lastMs = ms;
  }

  #next(frames: number, ms: number): number {
    const grown = frames * GROWTH;
    const fair = ms > 0 ? frames * this.#budgetMs / ms : Infinity;
    if (fair >= grown || this.#fixedDominates) return grown;
    this.#callsSinceProbe += 1;
    const harmless = frames === 1 || ms <= this.#budgetMs;
    if (harmless && this.#callsSinceProbe >= PROBE_CALLS) {
      this.#callsSinceProbe = 0;
      return grown;
    }
    return Math.max(1, Math.floor(fair));
  }
}
