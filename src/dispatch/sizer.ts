/**
 * How many frames the next batch may have, so that a call stays within a budget.
 *
 * @module
 */

/** A batch may have this many times the frames of the last, so that an unknown cost is found out in small steps. */
const GROWTH = 2;
/** Calls after which a size that seems right is doubled once, to see whether it still is. */
const PROBE_CALLS = 8;
/** Two calls whose sizes differ by less tell nothing of what the time depends on. */
const COMPARED_RATIO = 1.5;
/** Times that are a smaller part of the budget tell nothing that matters. */
const COMPARED_SHARE = 1 / 100;
/** Nearer to 0 than this, the elasticity of time to frames says that a call's fixed cost dominates. */
const FIXED_ELASTICITY = 0.5;

/**
 * Follows the budget in proportion to the last call. A handler whose time does
 * not depend on the number of frames (one write, one transaction a call) gets
 * larger batches even beyond the budget: smaller ones would only mean more
 * calls, until at last each frame pays the whole fixed cost.
 */
export class BatchSizer {
  #allowed = 1;
  #lastFrames = 0;
  #lastMs = 0;
  /** `undefined` before two calls were compared. */
  #fixedDominates: boolean | undefined;
  #callsSinceProbe = 0;

  /** Frames the next batch may have, at least 1. */
  get allowed(): number {
    return this.#allowed;
  }

  /** A call with `frames` frames took `ms`, and may take `budgetMs`. */
  observe(frames: number, ms: number, budgetMs: number): void {
    this.#compare(frames, ms, budgetMs);
    const next = this.#next(frames, ms, budgetMs);
    // A smaller batch than allowed that kept the budget says nothing of larger ones.
    const kept = frames < this.#allowed && ms <= budgetMs;
    this.#allowed = kept ? Math.max(this.#allowed, next) : next;
  }

  /** Learns from two calls of different sizes what the time depends on. */
  #compare(frames: number, ms: number, budgetMs: number): void {
    const ratio = frames / this.#lastFrames;
    const differ = ratio > COMPARED_RATIO || ratio < 1 / COMPARED_RATIO;
    if (differ && Math.min(ms, this.#lastMs) > budgetMs * COMPARED_SHARE) {
      // Strongly negative: the cost itself has changed, which tells nothing.
      const elasticity = Math.log(ms / this.#lastMs) / Math.log(ratio);
      this.#fixedDominates = Math.abs(elasticity) < FIXED_ELASTICITY;
    }
    this.#lastFrames = frames;
    this.#lastMs = ms;
  }

  #next(frames: number, ms: number, budgetMs: number): number {
    const grown = frames * GROWTH;
    const fair = ms > 0 ? frames * budgetMs / ms : Infinity;
    // Whether two take longer than one that is over the budget is found out at once.
    const unknown = frames === 1 && this.#fixedDominates === undefined;
    if (fair >= grown || this.#fixedDominates || unknown) return grown;
    this.#callsSinceProbe += 1;
    const harmless = frames === 1 || ms <= budgetMs;
    if (harmless && this.#callsSinceProbe >= PROBE_CALLS) {
      this.#callsSinceProbe = 0;
      return grown;
    }
    return Math.max(1, Math.floor(fair));
  }
}
