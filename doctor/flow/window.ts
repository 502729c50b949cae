/**
 * The receive window of one side: when it was too small for the other side to send,
 * and how that is known.
 *
 * ```text
 *           window ≥ a segment                 window < a segment
 *   OPEN ───────────────────────▶ OPEN   OPEN ───────────────────▶ CLOSED
 *   CLOSED ── window ≥ a segment, or data beyond it (its opening was not captured) ──▶ OPEN
 *   CLOSED ── data that still fits: the sender was not stopped yet ──▶ CLOSED, from there on
 * ```
 *
 * @module
 */

import type { Stall } from "../report.ts";

/** What a sender stopped by the window has sent to fill its rest came at least this late: its persist timer ran. */
const PERSIST_MS = 100;
/** How long after an opening the data it let through may take, beside the way there and back. */
const PROMPT_MS = 50;
/** A sender that has more probes a window of zero well before this. */
const UNPROBED_MS = 5000;
/** Stalls that are kept one by one, and of them the last: they say how it ended. */
const STALLS_MAX = 64;
const STALLS_LAST = 16;
/** A segment when the handshake does not say (RFC 9293, section 3.7.1). */
const SEGMENT_DEFAULT = 536;

/** A time in which data was acknowledged but none of it read: what was advertised shrank by as much. */
export interface Shrink {
  frame: number;
  fromMs: number;
  toMs: number;
  from: number;
  to: number;
  /** Where its edge stands. */
  edge: number;
  /** Nothing was read since. */
  lasts: boolean;
}

/** A stall whose side is not named yet. */
export type OpenStall = Omit<Stall, "side">;

/** What one side advertised. */
export class Window {
  /** log2 of its unit; -1 if not known. */
  scale = -1;
  /** The largest segment it takes. */
  segment: number = SEGMENT_DEFAULT;
  /** Last advertised, in bytes, or in units if the scale is not known; NaN before the first. */
  size = NaN;
  largest = 0;
  /** The smallest, of those that say that it was open before. */
  smallest = Infinity;
  /** Behind the last byte it takes, by the sender's numbers; NaN if not known. */
  edge = NaN;
  /** Times it went from open to zero, and how long it was. */
  zeroCount = 0;
  zeroMs = 0;
  /** All stalls, and those among them that made the sender wait. */
  readonly stalls: OpenStall[] = [];
  moreStalls = 0;
  /** How many made the sender wait, and how long it did. */
  proven = 0;
  stalledMs = 0;
  probes = 0;
  /** The time in which it shrank most without closing. */
  shrink: Shrink | undefined;
  /** Since when its edge stands still. */
  #still: Shrink | undefined;
  #zeroSince = NaN;
  #current: OpenStall | undefined;
  /** The last one that ended, until it is known whether the sender was waiting. */
  #opened: OpenStall | undefined;
  #restart = false;
  /** Behind the last data, and when it was sent. */
  #dataEnd = NaN;
  #dataMs = NaN;

  get closed(): boolean {
    return this.#current !== undefined;
  }

  /** Below this size a sender waits (RFC 9293, section 3.8.6.2.1). */
  get least(): number {
    return this.scale < 0 ? 1 : Math.min(this.segment, Math.ceil(this.largest / 2));
  }

  /** It was advertised as `size`, behind `ack`; `first` by a SYN, which may promise more than is held. */
  advertise(size: number, ack: number, frame: number, timeMs: number, first: boolean): void {
    this.#noteZero(size, timeMs);
    this.size = size;
    if (!first) {
      this.largest = Math.max(this.largest, size);
      this.smallest = Math.min(this.smallest, size);
    }
    this.#noteEdge(size, ack, frame, timeMs);
    if (size >= this.least) return this.#open(timeMs, "opened");
    this.#current ??= this.#close(size, frame, timeMs);
    if (this.#restart) this.#current.frame = frame;
    this.#restart = false;
    this.#current.smallestWindow = Math.min(this.#current.smallestWindow, size);
  }

  #noteEdge(size: number, ack: number, frame: number, timeMs: number): void {
    if (this.scale < 0) return;
    this.edge = Math.max(ack + size, Number.isNaN(this.edge) ? 0 : this.edge);
    const still = this.#still;
    // Windows are rounded to segments: less than that is no reading. And one that is taken back
    // shrinks for another reason than what is not read.
    const takenBack = ack + size < this.edge - this.segment;
    if (still !== undefined && !takenBack && this.edge - still.edge < this.segment) {
      still.to = size;
      still.toMs = timeMs;
      return;
    }
    this.#endStill(false);
    const { edge } = this;
    this.#still = { frame, fromMs: timeMs, toMs: timeMs, from: size, to: size, edge, lasts: false };
  }

  #endStill(lasts: boolean): void {
    const still = this.#still;
    if (still === undefined || shrunkBy(still) <= shrunkBy(this.shrink)) return;
    this.shrink = still;
    still.lasts = lasts;
  }

  #noteZero(size: number, timeMs: number): void {
    if (size === 0 && Number.isNaN(this.#zeroSince)) {
      this.#zeroSince = timeMs;
      if (!(this.size === 0)) this.zeroCount++;
    } else if (size > 0) this.#endZero(timeMs);
  }

  #endZero(timeMs: number): void {
    if (Number.isNaN(this.#zeroSince)) return;
    const ms = Math.max(0, timeMs - this.#zeroSince);
    this.zeroMs += ms;
    if (this.#current !== undefined) this.#current.zeroMs += ms;
    this.#zeroSince = NaN;
  }

  #close(size: number, frame: number, timeMs: number): OpenStall {
    // The sender stopped when it had used the window up, not when that was acknowledged.
    const usedUp = this.edge - this.#dataEnd < this.least;
    return {
      frame,
      fromMs: usedUp ? this.#dataMs : timeMs,
      toMs: timeMs,
      endedBy: "capture_end",
      smallestWindow: size,
      zeroMs: 0,
      probes: 0,
    };
  }

  #open(timeMs: number, endedBy: Stall["endedBy"]): void {
    const stall = this.#current;
    if (stall === undefined) return;
    this.#current = undefined;
    stall.toMs = timeMs;
    stall.endedBy = endedBy;
    if (stall.probes > 0) stall.proof = "probes";
    // The sender went up to the very edge; nobody does that by chance.
    else if (stall.zeroMs > 0 && stall.zeroMs < UNPROBED_MS && endedBy !== "opened") {
      stall.proof = "window_full";
    }
    this.#settle();
    if (endedBy === "opened") this.#opened = stall;
    else this.#keep(stall);
  }

  /**
   * The sender sent `length` bytes of new data up to `end`. `thereAndBackMs` is how long it takes to
   * react to what the capture shows.
   */
  data(end: number, length: number, timeMs: number, thereAndBackMs: number): void {
    const opened = this.#opened;
    if (opened !== undefined) {
      const prompt = timeMs - opened.toMs <= thereAndBackMs * 1.5 + PROMPT_MS;
      // What would have fit before did not wait for the opening.
      if (prompt && length > opened.smallestWindow) opened.proof ??= "sent_when_opened";
      this.#settle();
    }
    this.#dataEnd = end;
    this.#dataMs = timeMs;
    const stall = this.#current;
    if (stall === undefined) return;
    if (end > this.edge) return this.#open(timeMs, "opened");
    const persisted = end === this.edge && timeMs - stall.fromMs >= PERSIST_MS;
    if (!persisted && this.scale >= 0) {
      stall.fromMs = timeMs;
      this.#restart = true;
    }
  }

  /** The sender sent something again. */
  resent(): void {
    if (this.#current !== undefined) this.#current.proof = "sent_again";
  }

  /** The sender asked for the window; it may not know yet that it opened. */
  probe(): void {
    const stall = this.#current ?? this.#opened;
    if (stall === undefined) return;
    stall.probes++;
    this.probes++;
    if (stall === this.#opened) stall.proof = "probes";
  }

  /** Nothing comes any more. */
  end(timeMs: number, endedBy: Stall["endedBy"]): void {
    this.#endZero(timeMs);
    // What was advertised after the end stalled nobody.
    if (this.#current !== undefined && this.#current.fromMs >= timeMs) this.#current = undefined;
    this.#open(timeMs, endedBy);
    this.#settle();
    this.#endStill(true);
  }

  #settle(): void {
    const stall = this.#opened;
    this.#opened = undefined;
    if (stall !== undefined) this.#keep(stall);
  }

  #keep(stall: OpenStall): void {
    if (stall.proof !== undefined) {
      this.proven++;
      this.stalledMs += lengthOf(stall);
    }
    this.stalls.push(stall);
    if (this.stalls.length <= STALLS_MAX) return;
    this.moreStalls++;
    let shortest = 0;
    for (let i = 1; i < STALLS_MAX - STALLS_LAST; i++) {
      if (lengthOf(this.stalls[i]) < lengthOf(this.stalls[shortest])) shortest = i;
    }
    this.stalls.splice(shortest, 1);
  }
}

function lengthOf(stall: OpenStall): number {
  return stall.toMs - stall.fromMs;
}

function shrunkBy(shrink: Shrink | undefined): number {
  return shrink === undefined ? 0 : shrink.from - shrink.to;
}
