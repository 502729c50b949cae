/**
 * How a connection began and ended: SYN, FIN, RST and what routers said of it.
 *
 * @module
 */

import { Flag, type Segment, type Unreachable } from "../packet/segment.ts";

/** A packet that mattered. */
export interface Mark {
  frame: number;
  timeMs: number;
}

/** Both sides must have gone on by so many packets each, for so long, to have ignored an RST. */
const IGNORED_PACKETS = 3;
const IGNORED_MS = 500;

/** An RST. */
export interface ResetMark extends Mark {
  /** Which side it seems to come from. */
  from: 0 | 1;
  /** It carried no ACK: the answer to a packet of no connection (RFC 9293, section 3.10.7.1). */
  bare: boolean;
  /** Its number is the one the packet it answers acknowledged. */
  answers: boolean;
  /** Hops by which its time to live is off from the side's other packets. */
  hopsOff: number;
  /** The side's packets are numbered, and this one is not in the row. */
  idOff: boolean;
}

/** What one connection's packets said of its state. Sides are numbered: 0 sent the first packet. */
export class Ending {
  /** SYNs of each side, and those with an ACK. */
  readonly syn: (Mark | undefined)[] = [undefined, undefined];
  readonly synAck: (Mark | undefined)[] = [undefined, undefined];
  syns = 0;
  synAcks = 0;
  readonly fin: (Mark | undefined)[] = [undefined, undefined];
  /** The first RST that was heeded, and how many came. */
  reset: ResetMark | undefined;
  resets = 0;
  /** The first that neither side heeded. */
  ignoredReset: ResetMark | undefined;
  /** First ICMP message that says so. */
  unreachable: (Mark & Unreachable) | undefined;
  /** Numbers the sides began with; NaN if their SYN was not captured. */
  readonly isn: number[] = [NaN, NaN];
  /** Packets of each side after the first RST. */
  readonly #afterReset: number[] = [0, 0];
  /** When the side that seems to have sent it sent the last of them. */
  #wentOnMs = NaN;
  /** Last acknowledgement each side sent. */
  readonly #acks: number[] = [NaN, NaN];

  /** A segment of side `from`. `hopsOff` and `idOff` are as in a reset mark. */
  add(segment: Segment, from: 0 | 1, hopsOff: number, idOff: boolean): void {
    const { flags, frame, timeMs } = segment;
    const mark: Mark = { frame, timeMs };
    if ((flags & Flag.RST) !== 0) {
      this.#addReset(segment, from, hopsOff, idOff);
      return;
    }
    if ((flags & Flag.SYN) !== 0) this.#addSyn(segment, from, mark);
    if ((flags & Flag.FIN) !== 0) this.fin[from] ??= mark;
    if (this.reset !== undefined) this.#goOn(this.reset, from, timeMs);
    if ((flags & Flag.ACK) !== 0) this.#acks[from] = segment.ack;
  }

  /** Packets of the side an RST names that came after it. */
  get wentOnAfterReset(): number {
    return this.reset === undefined ? 0 : this.#afterReset[this.reset.from];
  }

  /** For how long they came. */
  get wentOnForMs(): number {
    return this.reset === undefined ? 0 : Math.max(0, this.#wentOnMs - this.reset.timeMs) || 0;
  }

  #goOn(reset: ResetMark, from: 0 | 1, timeMs: number): void {
    this.#afterReset[from]++;
    if (from === reset.from) this.#wentOnMs = timeMs;
    const both = this.#afterReset.every((count) => count >= IGNORED_PACKETS);
    if (!both || timeMs - reset.timeMs < IGNORED_MS) return;
    this.ignoredReset ??= reset;
    this.reset = undefined;
    this.#afterReset.fill(0);
  }

  #addSyn({ flags, seq }: Segment, from: 0 | 1, mark: Mark): void {
    if (Number.isNaN(this.isn[from])) this.isn[from] = seq;
    if ((flags & Flag.ACK) !== 0) {
      this.synAck[from] ??= mark;
      this.synAcks++;
    } else {
      this.syn[from] ??= mark;
      this.syns++;
    }
  }

  #addReset(segment: Segment, from: 0 | 1, hopsOff: number, idOff: boolean): void {
    this.resets++;
    if (this.reset !== undefined) return;
    const bare = (segment.flags & Flag.ACK) === 0;
    this.reset = {
      frame: segment.frame,
      timeMs: segment.timeMs,
      from,
      bare,
      answers: bare && segment.seq === this.#acks[1 - from],
      hopsOff,
      idOff,
    };
  }

  /** A router or host said that a packet did not get through. */
  addUnreachable(message: Unreachable, frame: number, timeMs: number): void {
    this.unreachable ??= { ...message, frame, timeMs };
  }

  /** Whether a new SYN would begin another connection. */
  get over(): boolean {
    return this.reset !== undefined || (this.fin[0] !== undefined && this.fin[1] !== undefined);
  }
}
