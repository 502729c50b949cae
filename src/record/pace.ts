/**
 * When a recorded chunk came, and when it is to come again.
 *
 * @module
 */

/** How fast a recording is replayed: as it came (1), N times as fast, or as fast as it is taken. */
export type ReplaySpeed = number | "flat_out";

/** Lays recorded chunks out in time, from 0 on. */
export class Timeline {
  #ms = 0;
  #lastMicros: number | undefined;

  /**
   * When the next chunk came, in milliseconds after the first. One without a
   * time, or that seems to have come before the last one, came with that.
   */
  next(timeMicros: number): number {
    if (timeMicros === 0) return this.#ms;
    const sinceMicros = timeMicros - (this.#lastMicros ?? timeMicros);
    this.#ms += Math.max(0, sinceMicros) / 1000;
    this.#lastMicros = timeMicros;
    return this.#ms;
  }
}

/** A clock to wait by. */
export interface Clock {
  /** Milliseconds, from whenever. */
  now(): number;
  /** Resolves after `ms`, or when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
