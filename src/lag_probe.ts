/**
 * What holds the event loop while the feed waits: a timer that comes late.
 *
 * @module
 */

/**
 * How often is looked. Each check costs 50 µs: three times as often, they were
 * the feed's p99.
 */
const PROBE_MS = 300;
/** Behind one that came late: where code takes so long, what a check costs is no matter. */
const NEXT_PROBE_MS = 20;
/** Lag that counts; less is the ordinary lateness of timers. */
const LAG_MIN_MS = 50;

/** What a probe needs. */
export interface LagProbeParts {
  /** Whether a handler of this thread may be what holds the loop. */
  busy: () => boolean;
  /** Called when the loop was held for `ms` until `now` during a wait. */
  late: (ms: number, byHandler: boolean, now: number) => void;
}

/** Watches the waits of one feed. */
export class LagProbe {
  readonly #parts: LagProbeParts;
  /** When the timer should have come. */
  #dueAt: number | undefined;
  /** When the wait under way began, or until when its lateness is told. */
  #since = 0;
  /** Whether a handler was at work during this wait. */
  #busy = false;
  #late = false;
  #ended = false;

  constructor(parts: LagProbeParts) {
    this.#parts = parts;
  }

  /** The feed waits from `now`. */
  wait(now: number): void {
    this.#since = now;
    this.#busy = this.#parts.busy();
    if (this.#dueAt !== undefined || this.#ended) return;
    const probeMs = this.#late ? NEXT_PROBE_MS : PROBE_MS;
    this.#late = false;
    this.#dueAt = now + probeMs;
    // Not setTimeout(): for its first call Deno loads Node's timers, which takes 6 to 9 ms.
    AbortSignal.timeout(probeMs).addEventListener("abort", () => this.#came());
  }

  /** The wait, or the feed, has ended at `now`: tells what is overdue, for the timer comes after what waited with it. */
  awake(now: number): void {
    if (this.#dueAt === undefined) return;
    const lagMs = now - Math.max(this.#dueAt, this.#since);
    if (lagMs < LAG_MIN_MS) return;
    this.#since = now;
    this.#late = true;
    this.#parts.late(lagMs, this.#busy, now);
  }

  /** The feed has ended. */
  end(): void {
    this.#ended = true;
  }

  #came(): void {
    if (this.#ended) return;
    const now = performance.now();
    this.awake(now);
    this.#dueAt = undefined;
    this.wait(now);
  }
}
