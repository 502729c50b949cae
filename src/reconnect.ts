/**
 * When to try again.
 *
 * @module
 */

/** Bounds of delays and attempts. */
export interface BackoffOptions {
  /** Upper bound of the first delay in milliseconds; doubled with each attempt. */
  initialDelayMs: number;
  /** Upper bound of every delay in milliseconds. */
  maxDelayMs: number;
  /** Attempts in a row. */
  maxAttempts: number;
}

/** More would leave every bound behind, and at last the numbers. */
const DOUBLINGS_MAX = 31;

/**
 * Exponential backoff with full jitter: a delay drawn evenly from 0 to the
 * bound, so that clients thrown out together do not come back together.
 */
export class Backoff {
  /** Attempts since the last success. */
  attempt = 0;
  readonly #options: BackoffOptions;
  readonly #random: () => number;

  /** `random` gives numbers from 0 to below 1. */
  constructor(options: BackoffOptions, random: () => number = Math.random) {
    this.#options = options;
    this.#random = random;
  }

  /** Milliseconds until the next attempt; `undefined` when there were enough. */
  next(): number | undefined {
    if (this.attempt >= this.#options.maxAttempts) return undefined;
    const bound = Math.min(
      this.#options.maxDelayMs,
      this.#options.initialDelayMs * 2 ** Math.min(this.attempt, DOUBLINGS_MAX),
    );
    this.attempt += 1;
    return this.#random() * bound;
  }

  /** An attempt succeeded: begin anew. */
  reset(): void {
    this.attempt = 0;
  }
}

/** Resolves after `ms`, or at once when the signal is aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
