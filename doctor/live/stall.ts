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
  /** Whether a read was seen just before. */
  afterRead: boolean;
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
  /** Since when all reads are counted. */
  #exactMs = 0;
  #afterRead = false;

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
      this.#fromMs = this.#changedMs = this.#exactMs = sample.atMs;
      this.#afterRead = (read?.bytes ?? 0) > 0;
    } else {
      const equal = sample.receiveQueue === before?.receiveQueue;
      this.#looks++;
      this.#equalLooks = equal ? this.#equalLooks + 1 : 1;
      if (!equal) this.#changedMs = sample.atMs;
      if (!read?.exact) this.#exactMs = sample.atMs;
    }
  }

  /** The time without a read, however short; `undefined` if nothing waits. */
  get stall(): Stall | undefined {
    if (this.#before === undefined || this.#looks === 0) return undefined;
    const { atMs } = this.#before;
    const certainMs = Math.max(
      atMs - this.#exactMs,
      this.#equalLooks >= EQUAL_LOOKS ? atMs - this.#changedMs : 0,
    );
    return {
      fromMs: this.#fromMs,
      ms: atMs - this.#fromMs,
      certainMs,
      afterRead: this.#afterRead,
    };
  }

  /** Whether it is long enough to say that the program does not read. */
  get isStalled(): boolean {
    const { stall } = this;
    if (stall === undefined) return false;
    const grown = this.#looks >= GROWING_LOOKS && stall.ms >= this.#stallMs;
    return stall.certainMs >= this.#stallMs || grown;
  }
}
