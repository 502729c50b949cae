/**
 * Times in which a side sent no data, by what is usual on the connection.
 *
 * @module
 */

import type { Gap } from "../report.ts";
import { Histogram } from "./histogram.ts";

/** Shorter is no silence. */
const SILENCE_MS = 1000;
/** Nor is what is not this much longer than nearly all pauses before it. */
const UNUSUAL = 8;
const USUAL_SHARE = 0.9;
/** Pauses there must have been to say what is usual. */
const PAUSES_MIN = 8;
/** A side that speaks at regular times has gone quiet after this many of them. */
const UNUSUAL_FACTOR = 1.3;
const UNUSUAL_PAUSES_MIN = 2;
/** What was held up comes in this share of the pause. */
const CATCH_UP_SHARE = 0.25;
/** This share of what usually comes in the pause was held up rather than not sent. */
const HELD_UP_SHARE = 0.5;
const GAPS_MAX = 32;
/** Pauses are counted by powers of two of microseconds. */
const PAUSE_POWERS = 48;

/** A pause, and what came after it. */
export interface Pause extends Omit<Gap, "kind" | "side"> {
  /** Bytes that usually come in such a time. */
  usualBytes: number;
  /** Bytes that came right behind it. */
  caughtUp: number;
  /** By the numbers of its packets the side did send in it, but they got lost. */
  lostPackets: number;
}

/** The pauses of one side. */
export class Silence {
  readonly pauses: Pause[] = [];
  #lastMs = NaN;
  #lastFrame = 0;
  #firstMs = NaN;
  #bytes = 0;
  #longestMs = 0;
  #histogram: Histogram | undefined;
  #catchUpUntil = -Infinity;

  /** When data came last; NaN before the first. */
  get lastMs(): number {
    return this.#lastMs;
  }

  get lastFrame(): number {
    return this.#lastFrame;
  }

  get firstMs(): number {
    return this.#firstMs;
  }

  /** New data. `excused` says that the side could not send, or that nothing got through. `lostPackets` may be NaN. */
  data(length: number, frame: number, timeMs: number, excused: boolean, lostPackets: number): void {
    if (Number.isNaN(this.#lastMs)) this.#firstMs = timeMs;
    else this.#pause(timeMs, excused, lostPackets);
    if (timeMs <= this.#catchUpUntil) this.pauses[this.pauses.length - 1].caughtUp += length;
    this.#bytes += length;
    this.#lastMs = timeMs;
    this.#lastFrame = frame;
  }

  #pause(timeMs: number, excused: boolean, lostPackets: number): void {
    const ms = timeMs - this.#lastMs;
    if (!excused && this.isSilence(ms)) {
      this.#record(ms, timeMs, true, lostPackets);
      this.#catchUpUntil = timeMs + ms * CATCH_UP_SHARE;
      return;
    }
    this.#longestMs = Math.max(this.#longestMs, ms);
    this.#histogram ??= new Histogram(PAUSE_POWERS, 1);
    this.#histogram.add(ms);
  }

  #record(ms: number, toMs: number, ended: boolean, lostPackets: number): void {
    if (this.pauses.length === GAPS_MAX) return;
    const activeMs = this.#lastMs - this.#firstMs;
    this.pauses.push({
      frame: this.#lastFrame,
      fromMs: this.#lastMs,
      toMs,
      ended,
      usualBytes: activeMs > 0 ? this.#bytes / activeMs * ms : 0,
      caughtUp: 0,
      lostPackets,
    });
  }

  /** Whether a pause of `ms` is longer than what is usual. */
  isSilence(ms: number): boolean {
    return ms >= SILENCE_MS && this.#pausesSeen >= PAUSES_MIN && ms >= UNUSUAL * this.#usualMs();
  }

  /** Whether the side speaks at regular times. */
  get regular(): boolean {
    return this.#pausesSeen >= UNUSUAL_PAUSES_MIN;
  }

  /** Whether a pause of `ms` is longer than any before, of at least a few. */
  isUnusual(ms: number): boolean {
    return this.regular && ms > UNUSUAL_FACTOR * this.#longestMs;
  }

  get #pausesSeen(): number {
    return this.#histogram?.count ?? 0;
  }

  #usualMs(): number {
    return 2 ** ((this.#histogram?.partOf(USUAL_SHARE) ?? Infinity) + 1) / 1000;
  }

  /** Nothing comes any more; `excused` as above. */
  end(timeMs: number, excused: boolean): void {
    const ms = timeMs - this.#lastMs;
    if (!excused && this.isSilence(ms)) this.#record(ms, timeMs, false, NaN);
  }
}

/** Whether the data of a pause came right after it: it was held up, or so it seems. */
export function wasHeldUp(pause: Pause): boolean {
  return pause.usualBytes > 0 && pause.caughtUp >= HELD_UP_SHARE * pause.usualBytes;
}

/** Whether packets sent in the pause got lost: then it was no silence. */
export function wasLost(pause: Pause): boolean {
  return pause.lostPackets >= 1 && wasHeldUp(pause);
}
