/**
 * How long bytes wait without a read, as far as looks tell.
 *
 * Between two looks a program may have read, and as much may have come. Where `ss` tells how much
 * came in all, that is known. Else only a queue that got shorter is a read for sure, and only one
 * that stays as it is is none; one that grows may be read, if less than comes.
 *
 * @module
 */

import { readBetween, type Sample } from "./sample.ts";

/** A time without a read. */
export interface Stall {
  /** When it began: the first look at bytes after which no read was seen. It may have been before. */
  fromMs: number;
  /** How long no read was seen. */
  ms: number;
  /** How long of it, up to now, there certainly was none. */
  certainMs: number;
}

/** Growth that no read interrupts needs so many looks to be more than chance. */
const GROWING_LOOKS = 12;
/** And a queue that stays as it is so many. */
const EQUAL_LOOKS = 3;

/** Follows the queue of one socket. */
export class StallMeter {
  readonly #stallMs: number;
  #before: Sample | undefined;
  /** Looks since the last read; since the last change of the queue. */
  #looks = 0;
  #equalLooks = 0;
  #fromMs = 0;
  #changedMs = 0;
  /** Whether all that came since then was counted. */
  #exact = true;

  /** Bytes that wait for `stallMs` without a read are not read. */
  constructor(stallMs: number) {
    this.#stallMs = stallMs;
  }

  /** Takes a look. */
  look(sample: Sample): void {
    const before = this.#before;
    const read = before && readBetween(before, sample);
    this.#before = sample;
    // A FIN that waits is something to read, too.
    if (sample.receiveQueue === 0) {
      this.#looks = 0;
    } else if (this.#looks === 0 || (read?.bytes ?? 0) > 0) {
      this.#looks = this.#equalLooks = 1;
      this.#fromMs = this.#changedMs = sample.atMs;
      this.#exact = true;
    } else {
      const equal = sample.receiveQueue === before?.receiveQueue;
      this.#looks++;
      this.#equalLooks = equal ? this.#equalLooks + 1 : 1;
      if (!equal) this.#changedMs = sample.atMs;
      this.#exact &&= read?.exact ?? false;
    }
  }

  /** The time without a read, however short; `undefined` if nothing waits. */
  get stall(): Stall | undefined {
    if (this.#before === undefined || this.#looks === 0) return undefined;
    const { atMs } = this.#before;
    const equalMs = this.#equalLooks >= EQUAL_LOOKS ? atMs - this.#changedMs : 0;
    const ms = atMs - this.#fromMs;
    return { fromMs: this.#fromMs, ms, certainMs: this.#exact ? ms : equalMs };
  }

  /** Whether it is long enough to say that the program does not read. */
  get isStalled(): boolean {
    const { stall } = this;
    if (stall === undefined) return false;
    const grown = this.#looks >= GROWING_LOOKS && stall.ms >= this.#stallMs;
    return stall.certainMs >= this.#stallMs || grown;
  }
}
