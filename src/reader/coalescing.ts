/**
 * Read coalescing: against a server that pushes flat out, each read wakes this
 * side for what has just come, and each wake-up costs both sides more than the
 * bytes do. A short rest behind the emptied socket lets bytes gather, as network
 * cards moderate their interrupts.
 *
 * ```text
 *  plain ── fast enough, for a round ──▶ resting ── slower than plain was ──▶ held off ── rounds ──▶ plain
 * ```
 *
 * @module
 */

/**
 * How long a rest is asked to be, in milliseconds: as short as timers are, since what
 * gathers meanwhile is read from the nearer caches then.
 */
export const REST_MS = 0.001;
/** Below this rate, in bytes per millisecond, wake-ups are few and latency counts: no rests. */
const RATE_MIN = 500_000;
/** How often the socket must run empty before rates are compared. */
const ROUND = 8;
/** Rounds without rests after resting did not pay. */
const HOLD_OFF_ROUNDS = 32;

/** Decides behind which emptied reads a rest pays: it must not slow the feed down. */
export class Coalescing {
  #resting = false;
  #holdOff = 0;
  /** Bytes per millisecond of the last round without rests. */
  #plainRate = 0;
  #emptied = 0;
  #bytesBefore: number;
  #since: number;

  /** `bytesRead` were read in all by now. */
  constructor(bytesRead: number, now: number) {
    this.#bytesBefore = bytesRead;
    this.#since = now;
  }

  /** The socket is empty and `bytesRead` were read in all; true if a rest is due. */
  emptied(bytesRead: number, now: number): boolean {
    this.#emptied += 1;
    if (this.#emptied < ROUND) return this.#resting;
    const rate = (bytesRead - this.#bytesBefore) / (now - this.#since);
    this.#emptied = 0;
    this.#bytesBefore = bytesRead;
    this.#since = now;
    this.#judge(rate);
    return this.#resting;
  }

  #judge(rate: number): void {
    if (this.#resting) {
      if (rate >= Math.max(RATE_MIN, this.#plainRate)) return;
      this.#resting = false;
      this.#holdOff = HOLD_OFF_ROUNDS;
      return;
    }
    this.#plainRate = rate;
    this.#holdOff -= 1;
    this.#resting = this.#holdOff <= 0 && rate >= RATE_MIN;
  }
}
