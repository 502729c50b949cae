/**
 * Packets of a capture, a run at a time, in the order of their times.
 *
 * @module
 */

/** Times of interfaces that count in other units differ by so little where they are the same. */
const SAME_MS = 1e-6;
/** How many packets wait for one that is late: where chunks end must not matter. */
export const HELD_BACK = 64;

/** Where packets lie and what their records say. */
export class PacketRun {
  /** Packets in it. */
  count = 0;
  /** Number of each in the capture, from 1. */
  readonly frame: Float64Array;
  /** Milliseconds since the first packet of the capture. */
  readonly timeMs: Float64Array;
  /** Where it begins. */
  readonly at: Uint32Array;
  /** Bytes captured of it. */
  readonly captured: Uint32Array;
  /** Bytes it had. */
  readonly original: Uint32Array;
  /** Its link type. */
  readonly linkType: Uint16Array;
  /** Packets that came after later ones. */
  late = 0;

  constructor(capacity: number) {
    this.frame = new Float64Array(capacity);
    this.timeMs = new Float64Array(capacity);
    this.at = new Uint32Array(capacity);
    this.captured = new Uint32Array(capacity);
    this.original = new Uint32Array(capacity);
    this.linkType = new Uint16Array(capacity);
  }

  /** How many no later one will come before; all of them at the end of the capture. */
  ready(ended: boolean): number {
    return ended ? this.count : Math.max(0, this.count - HELD_BACK);
  }

  /** Adds a packet where its time puts it. */
  add(
    frame: number,
    timeMs: number,
    at: number,
    captured: number,
    original: number,
    linkType: number,
  ): void {
    let to = this.count++;
    if (to > 0 && timeMs < this.timeMs[to - 1] - SAME_MS) to = this.#placeOf(to, timeMs);
    this.frame[to] = frame;
    this.timeMs[to] = timeMs;
    this.at[to] = at;
    this.captured[to] = captured;
    this.original[to] = original;
    this.linkType[to] = linkType;
  }

  #placeOf(end: number, timeMs: number): number {
    this.late++;
    let to = end;
    const least = Math.max(0, end - HELD_BACK);
    while (to > least && this.timeMs[to - 1] > timeMs) to--;
    this.#move(to + 1, to, end);
    return to;
  }

  /** Forgets the first `count` packets, and gives where the first byte lies of those that stay; `end` if none does. */
  drop(count: number, end: number): number {
    let least = end;
    for (let i = count; i < this.count; i++) least = Math.min(least, this.at[i]);
    this.#move(0, count, this.count);
    this.count -= count;
    return least;
  }

  /** Says that all bytes moved forward by `bytes`. */
  rebase(bytes: number): void {
    for (let i = 0; i < this.count; i++) this.at[i] -= bytes;
  }

  #move(to: number, from: number, end: number): void {
    this.frame.copyWithin(to, from, end);
    this.timeMs.copyWithin(to, from, end);
    this.at.copyWithin(to, from, end);
    this.captured.copyWithin(to, from, end);
    this.original.copyWithin(to, from, end);
    this.linkType.copyWithin(to, from, end);
  }
}
