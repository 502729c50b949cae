/**
 * How long handlers hold the event loop beside their calls: a timer that comes late.
 *
 * @module
 */

import type { ClientStats, HoldMeter } from "./status.ts";

/**
 * How often an asynchronous handler is checked for holding the loop all the same.
 * Each check costs 50 µs: three times as often, they were the feed's p99.
 */
const PROBE_MS = 300;
/** Behind one that came late: where a batch takes so long, what a check costs is no matter. */
const NEXT_PROBE_MS = 20;
/** Lag that counts as held; less is the ordinary lateness of timers. */
const LAG_MIN_MS = 50;

/** What a probe needs. */
export interface LagProbeParts {
  stats: ClientStats;
  meter: HoldMeter;
  /** Whether a handler may be holding the loop. */
  busy: () => boolean;
}

/** Watches one feed. */
export class LagProbe {
  readonly #parts: LagProbeParts;
  /** When the timer should have come, or until when its lateness is booked. */
  #dueAt: number | undefined;
  /** What was booked as held by then. */
  #heldBefore = 0;
  #late = false;
  #ended = false;

  constructor(parts: LagProbeParts) {
    this.#parts = parts;
  }

  /** Begins, unless it is under way or no handler may be holding the loop. */
  begin(): void {
    if (this.#dueAt !== undefined || this.#ended || !this.#parts.busy()) return;
    const probeMs = this.#late ? NEXT_PROBE_MS : PROBE_MS;
    this.#late = false;
    this.#from(performance.now() + probeMs);
    // Not setTimeout(): for its first call Deno loads Node's timers, which takes 6 to 9 ms.
    AbortSignal.timeout(probeMs).addEventListener("abort", () => this.#came());
  }

  /**
   * Books what is overdue. Batches that follow each other without a turn of the
   * event loop keep the timer from coming, and so does the last one before the end.
   */
  check(now: number): void {
    if (this.#dueAt === undefined) return;
    const { stats, meter } = this.#parts;
    const lagMs = now - this.#dueAt - (stats.heldMs - this.#heldBefore);
    if (lagMs < LAG_MIN_MS) return;
    stats.heldMs += lagMs;
    meter.held(lagMs, 0, now);
    this.#late = true;
    this.#from(now);
  }

  /** The feed has ended at `now`. */
  end(now: number): void {
    this.check(now);
    this.#ended = true;
  }

  #from(dueAt: number): void {
    this.#dueAt = dueAt;
    this.#heldBefore = this.#parts.stats.heldMs;
  }

  #came(): void {
    if (this.#ended) return;
    this.check(performance.now());
    this.#dueAt = undefined;
    this.begin();
  }
}
