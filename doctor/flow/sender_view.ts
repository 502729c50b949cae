/**
 * The receiver's window as the sender sees it: an acknowledgement captured near the
 * receiver takes its time to get there. From that follow the bytes in flight, and how
 * long the window, not the sender, limited what was sent (T-RAT, Zhang et al. 2002).
 *
 * @module
 */

import type { Mark } from "./ending.ts";

/** Acknowledgements on their way that are remembered at first, and at most. A window holds fewer. */
const PENDING_FIRST = 8;
const PENDING_MAX = 256;
/** There may be very many connections of very few packets. */
const EMPTY: Float64Array = new Float64Array(0);

/** New data, up to `end` of the stream. */
export interface SentData extends Mark {
  end: number;
  lagMs: number;
}

/** What the sender knows. */
export class SenderView {
  /** Last acknowledged, and behind the last byte it may send. */
  acked = NaN;
  edge = NaN;
  /** Time in which the window was used up. */
  limitedMs = 0;
  /** The first data that used it up. */
  firstLimited: Mark | undefined;
  /** Of it, the advertised window by the largest one, each part weighed by its time. */
  #openness = 0;
  #times: Float64Array = EMPTY;
  #acks: Float64Array = EMPTY;
  #edges: Float64Array = EMPTY;
  #shares: Float64Array = EMPTY;
  #first = 0;
  #count = 0;
  #share = 1;
  #limitedSince = NaN;
  #markMs = NaN;
  #limitedAtMark = 0;

  /** An acknowledgement with its window, which was `share` of the largest. */
  acknowledge(ack: number, edge: number, share: number, timeMs: number): void {
    if (this.#count === PENDING_MAX) this.#arrive();
    else if (this.#count === this.#times.length) this.#grow();
    const at = (this.#first + this.#count++) % this.#times.length;
    this.#times[at] = timeMs;
    this.#acks[at] = ack;
    this.#edges[at] = edge;
    this.#shares[at] = share;
  }

  #grow(): void {
    const longer = (array: Float64Array) => {
      const next = new Float64Array(Math.max(PENDING_FIRST, 2 * array.length));
      for (let i = 0; i < array.length; i++) next[i] = array[(this.#first + i) % array.length];
      return next;
    };
    this.#times = longer(this.#times);
    this.#acks = longer(this.#acks);
    this.#edges = longer(this.#edges);
    this.#shares = longer(this.#shares);
    this.#first = 0;
  }

  #arrive(): void {
    const at = this.#first;
    this.acked = this.#acks[at];
    this.edge = this.#edges[at];
    this.#share = this.#shares[at];
    this.#first = (at + 1) % this.#times.length;
    this.#count--;
  }

  /**
   * New data, which the sender sent when it knew what was captured `lagMs` ago. `segment` is what it
   * needs to send more; `stalled` says that the window was closed meanwhile, which is counted
   * elsewhere. Gives the bytes in flight, NaN if not known.
   */
  data({ end, frame, timeMs, lagMs }: SentData, segment: number, stalled: boolean): number {
    const since = this.#limitedSince;
    if (!Number.isNaN(since) && !stalled) {
      this.limitedMs += timeMs - since;
      this.#openness += (timeMs - since) * this.#share;
    }
    while (this.#count > 0 && this.#times[this.#first] <= timeMs - (lagMs || 0)) this.#arrive();
    // Without knowing what the sender knew, nothing is said of what limited it.
    const limited = !Number.isNaN(lagMs) && this.edge - end < segment;
    this.#limitedSince = limited ? timeMs : NaN;
    if (limited) this.firstLimited ??= { frame, timeMs };
    return Math.max(0, end - this.acked);
  }

  /** The window opened after a stall: from here on is counted apart. */
  mark(timeMs: number): void {
    this.#markMs = timeMs;
    this.#limitedAtMark = this.limitedMs;
  }

  /** Share of the time from the last stall to `untilMs` in which the window was used up. */
  limitedShareSinceMark(untilMs: number): number {
    const ms = untilMs - this.#markMs;
    return ms > 0 ? (this.limitedMs - this.#limitedAtMark) / ms : 0;
  }

  /** How open the window was while it limited the sender, 0 to 1: near 1 for a reader that keeps up. */
  get openness(): number {
    return this.limitedMs > 0 ? this.#openness / this.limitedMs : 1;
  }
}
