/**
 * What one side sent again and again while nothing came back: the path, or the other
 * side, was gone. And what it sent again although it was answered: the way back was.
 *
 * @module
 */

/** Not every probe of a closed window is answered: Linux answers one in 500 ms. */
const PROBE_WEIGHT = 0.5;
/** Retries that must go unanswered, over this time: one alone is a loss. */
const RETRIES_MIN = 2;
const OUTAGE_MS = 500;
/** For good, rather than for now. */
const RETRIES_GONE = 3;
const GONE_MS = 1000;
/** One retry will do if nothing at all came for so long. */
const GONE_LONG_MS = 3000;
const OUTAGES_MAX = 32;

/** A time in which nothing came through. */
export interface Outage {
  frame: number;
  fromMs: number;
  toMs: number;
  retries: number;
  ended: boolean;
}

/** What one side waits for. */
export class Unanswered {
  readonly outages: Outage[] = [];
  /** When the last one ended; -Infinity before the first. */
  lastMs = -Infinity;
  #since = NaN;
  #frame = 0;
  #retries = 0;
  /** The same data, sent again though it was acknowledged. */
  #repeated = NaN;
  #repeats = 0;
  #repeatedSince = NaN;
  #repeatedFrame = 0;

  /** The side asked whether the other is there, or whether its closed window has opened. */
  probed(closed: boolean, frame: number, timeMs: number): void {
    this.#retries += closed ? PROBE_WEIGHT : 1;
    this.#waitFrom(frame, timeMs);
  }

  /** The side sent something that wants an answer, `again` if it did before. */
  sent(again: boolean, frame: number, timeMs: number): void {
    if (again) this.#retries++;
    this.#waitFrom(frame, timeMs);
  }

  #waitFrom(frame: number, timeMs: number): void {
    if (Number.isNaN(this.#since)) {
      this.#since = timeMs;
      this.#frame = frame;
    }
  }

  /** The side sent data up to `end` again, which was acknowledged: it does not hear that. */
  repeated(end: number, frame: number, timeMs: number): void {
    if (end === this.#repeated) {
      this.#repeats++;
      return;
    }
    this.#endRepeats(timeMs);
    this.#repeated = end;
    this.#repeats = 1;
    this.#repeatedSince = timeMs;
    this.#repeatedFrame = frame;
  }

  #endRepeats(timeMs: number): void {
    if (this.#repeats > RETRIES_MIN && timeMs - this.#repeatedSince >= OUTAGE_MS) {
      this.#keep(this.#repeatedFrame, this.#repeatedSince, timeMs, this.#repeats, true);
    }
    this.#repeats = 0;
    this.#repeated = NaN;
  }

  /** Data that was not sent before: what was sent again has come through. */
  wentOn(timeMs: number): void {
    if (this.#repeats > 0) this.#endRepeats(timeMs);
  }

  /** Something came from the other side. */
  answered(timeMs: number): void {
    if (Number.isNaN(this.#since)) return;
    const ms = timeMs - this.#since;
    if (this.#retries >= RETRIES_MIN && ms >= OUTAGE_MS) {
      this.#keep(this.#frame, this.#since, timeMs, this.#retries, true);
      this.#repeats = 0;
      this.#repeated = NaN;
    }
    this.#since = NaN;
    this.#retries = 0;
  }

  /** Nothing came any more, to the end; known behind {@linkcode end}. */
  get gone(): boolean {
    return this.outages.some((outage) => !outage.ended);
  }

  /** Nothing comes any more. */
  end(timeMs: number): void {
    const ms = timeMs - this.#since;
    const gone = this.#retries >= RETRIES_GONE && ms >= GONE_MS;
    if (gone || (this.#retries >= 1 && ms >= GONE_LONG_MS)) {
      this.#keep(this.#frame, this.#since, timeMs, this.#retries, false);
    }
    this.#since = NaN;
  }

  #keep(frame: number, fromMs: number, toMs: number, retries: number, ended: boolean): void {
    this.lastMs = toMs;
    const last = this.outages[this.outages.length - 1];
    // One outage may show both ways.
    if (last !== undefined && fromMs <= last.toMs) {
      last.toMs = Math.max(last.toMs, toMs);
      last.retries = Math.max(last.retries, retries);
      last.ended = ended;
    } else if (this.outages.length < OUTAGES_MAX) {
      this.outages.push({ frame, fromMs, toMs, retries, ended });
    }
  }
}
