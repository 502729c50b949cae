/**
 * Read coalescing: against a server that pushes flat out, each read wakes this
 * side for what has just come. Two ways of reading cost less, and which one does
 * depends on the machine, on the frames and on what else runs; so both are tried.
 *
 * ```text
 *         fast, for a window
 *  slow ────────────────────▶ resting ◀── whichever is faster ──▶ eager, or plain
 *   ▲                            │                                      │
 *   └────────────────────────────┴───── below a rate, for a window ─────┘
 * ```
 *
 * - `resting`: a short rest behind the emptied socket lets bytes gather, as network
 *   cards moderate their interrupts.
 * - `eager`: half chunks and no rests. What is read lies in the nearer caches, and
 *   the next bytes are there before this side has gone to sleep. Not where each chunk
 *   is handed over to another thread: that thread does not find it there.
 * - `plain`: neither.
 *
 * @module
 */

/** How a feed is read. */
export type ReadMode = "plain" | "resting" | "eager";

/**
 * How long a rest is asked to be, in milliseconds: as short as timers are, since what
 * gathers meanwhile is read from the nearer caches then.
 */
export const REST_MS = 0.001;
/** Below this rate, in bytes per millisecond, wake-ups are few and latency counts: plain. */
const RATE_MIN = 500_000;
/** Rates are taken over so many milliseconds: over less, how full the socket happens to be decides. */
const WINDOW_MS = 20;
/** To rest takes the least CPU, so the other mode must be so much faster. */
const GAIN_MIN = 1.1;
/**
 * Rates are compared by the median of so many windows: in some of them the scheduler
 * has both sides on one core, and they are three times as slow.
 */
const COMPARED_WINDOWS = 5;
/** Windows of a trial: one to settle, the others to measure. */
const TRIAL_WINDOWS = 1 + COMPARED_WINDOWS;
/** Windows from a mode's beginning to the first trial of the other. */
const HOLD_WINDOWS_MIN = TRIAL_WINDOWS;
/** Four times as many behind each trial that is lost, up to this: a trial may be of the worse mode. */
const HOLD_WINDOWS_MAX = 64 * TRIAL_WINDOWS;

/** Decides how to read from how fast that went. */
export class Coalescing {
  readonly #other: Exclude<ReadMode, "resting">;
  /** How to read from now on. */
  mode: ReadMode = "plain";
  #fast = false;
  #windows = 0;
  #holdWindows = HOLD_WINDOWS_MIN;
  /** Of the last windows since the mode began, without the first. */
  #rates: number[] = [];
  /** During a trial: of the mode that has held until then, in bytes per millisecond. */
  #heldRate: number | undefined;
  #bytesBefore: number;
  #since: number;

  /** `other` is what resting is compared with; `bytesRead` were read in all by now. */
  constructor(other: "eager" | "plain", bytesRead: number, now: number) {
    this.#other = other;
    this.#bytesBefore = bytesRead;
    this.#since = now;
  }

  /** `bytesRead` were read in all by `now`: to be told often. */
  observe(bytesRead: number, now: number): void {
    const elapsedMs = now - this.#since;
    if (elapsedMs < WINDOW_MS) return;
    const rate = (bytesRead - this.#bytesBefore) / elapsedMs;
    this.#bytesBefore = bytesRead;
    this.#since = now;
    this.#judge(rate);
  }

  #judge(rate: number): void {
    const wasFast = this.#fast;
    this.#fast = rate >= RATE_MIN;
    if (!this.#fast) return this.#begin("plain");
    if (!wasFast) {
      this.#holdWindows = HOLD_WINDOWS_MIN;
      return this.#begin("resting");
    }
    this.#windows += 1;
    // What the mode before has left in the socket is not this one's doing.
    if (this.#windows === 1) return;
    this.#rates.push(rate);
    if (this.#rates.length > COMPARED_WINDOWS) this.#rates.shift();
    if (this.#heldRate === undefined) {
      if (this.#windows >= this.#holdWindows) this.#try();
    } else if (this.#windows === TRIAL_WINDOWS) this.#endTrial(this.#heldRate);
  }

  #try(): void {
    const heldRate = median(this.#rates);
    this.#begin(this.mode === "resting" ? this.#other : "resting");
    this.#heldRate = heldRate;
  }

  #endTrial(heldRate: number): void {
    this.#heldRate = undefined;
    const rate = median(this.#rates);
    const [resting, other] = this.mode === "resting" ? [rate, heldRate] : [heldRate, rate];
    const faster = other > GAIN_MIN * resting ? this.#other : "resting";
    if (faster === this.mode) {
      this.#holdWindows = HOLD_WINDOWS_MIN;
      return;
    }
    this.#holdWindows = Math.min(HOLD_WINDOWS_MAX, 4 * this.#holdWindows);
    this.#begin(faster);
  }

  #begin(mode: ReadMode): void {
    this.mode = mode;
    this.#windows = 0;
    this.#rates = [];
    this.#heldRate = undefined;
  }
}

function median(rates: number[]): number {
  return rates.toSorted((a, b) => a - b)[rates.length >> 1];
}
