/**
 * How long a worker has been at something, by looks at it.
 *
 * @module
 */

/** Runs while a worker is at one thing. A late look counts as one in time: while this side was held, nobody listened. */
export class StallClock {
  readonly #lookEveryMs: number;
  #lookedAt = 0;
  #beats = 0;
  /** How long it has been at it, in milliseconds. */
  busyMs = 0;
  /** For how long its event loop has stood still meanwhile. */
  silentMs = 0;

  constructor(lookEveryMs: number) {
    this.#lookEveryMs = lookEveryMs;
  }

  /** It begins with something. */
  begin(now: number): void {
    this.#lookedAt = now;
    this.busyMs = 0;
    this.silentMs = 0;
  }

  /** `beats` counts up while its event loop turns. */
  look(now: number, beats: number): void {
    const passedMs = Math.min(this.#lookEveryMs, now - this.#lookedAt);
    this.#lookedAt = now;
    this.busyMs += passedMs;
    this.silentMs = beats === this.#beats ? this.silentMs + passedMs : 0;
    this.#beats = beats;
  }
}
