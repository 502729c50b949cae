/**
 * Packets that were captured twice: on both sides of a bridge, or on two interfaces
 * of `-i any`. A retransmission is a packet of its own, with another number.
 *
 * @module
 */

import type { Segment } from "../packet/segment.ts";

const REMEMBERED = 16;
/** A numbered packet is still the same after this long. */
const SAME_NUMBERED_MS = 200;
/** One with a timestamp: what is sent again has a later one, but clocks tick every few milliseconds. */
const SAME_STAMPED_MS = 2;
/** One with neither. */
const SAME_MS = 0.25;

/** The last packets of one side. */
export class Duplicates {
  // Plain arrays: there may be very many connections of very few packets.
  readonly #hashes: number[] = [];
  readonly #times: number[] = [];
  #next = 0;

  /** Whether the packet is one that was seen. */
  seen(segment: Segment): boolean {
    const hash = hashOf(segment);
    const limit = limitFor(segment);
    for (let i = 0; i < this.#hashes.length; i++) {
      if (this.#hashes[i] === hash && segment.timeMs - this.#times[i] <= limit) return true;
    }
    const at = this.#next;
    this.#hashes[at] = hash;
    this.#times[at] = segment.timeMs;
    this.#next = (at + 1) % REMEMBERED;
    return false;
  }
}

function limitFor({ id, timestamps }: Segment): number {
  if (id !== 0) return SAME_NUMBERED_MS;
  return timestamps ? SAME_STAMPED_MS : SAME_MS;
}

function hashOf(segment: Segment): number {
  let hash = mix(segment.seq | 0, segment.ack);
  hash = mix(hash, segment.id << 16 | segment.window);
  hash = mix(hash, segment.flags << 24 | segment.length);
  hash = mix(hash, segment.timestamp);
  return mix(hash, segment.timestampEcho);
}

function mix(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ value, 0x9e3779b1);
  return mixed ^ mixed >>> 15;
}
