/**
 * How long a run has lasted.
 *
 * @module
 */

import { endAfter } from "./end_after.ts";

/** Time from the first connection on, and the end by it. */
export class RunClock implements Disposable {
  readonly #durationMs: number | undefined;
  readonly #onEnd: () => void;
  #startedAt: number | undefined;
  #timer: Disposable | undefined;

  /** Calls `onEnd` after `durationMs`, if that is given, unless disposed before. */
  constructor(durationMs: number | undefined, onEnd: () => void) {
    this.#durationMs = durationMs;
    this.#onEnd = onEnd;
  }

  /** Begins; once. */
  start(): void {
    if (this.#startedAt !== undefined) return;
    this.#startedAt = performance.now();
    this.#timer = endAfter(this.#durationMs, this.#onEnd);
  }

  /** Whether it has begun. */
  get started(): boolean {
    return this.#startedAt !== undefined;
  }

  /** Milliseconds since it began; 0 if it has not. */
  get elapsedMs(): number {
    return this.#startedAt === undefined ? 0 : performance.now() - this.#startedAt;
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }
}
