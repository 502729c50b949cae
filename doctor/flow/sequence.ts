/**
 * What one side sent, by its sequence numbers: new, again, or late because one
 * got lost. Sequence numbers are unwrapped, so that they only grow.
 *
 * @module
 */

/** Nobody keeps more: a capture that misses so much tells little. */
const HOLES_MAX = 64;
/** Without a known round-trip time, what comes later than this was sent again. */
const REORDERED_MS = 3;
/** Below this share of a round trip, a packet was overtaken; a lost one takes a whole one. */
const REORDERED_SHARE = 0.75;

/** A number that jumps ahead by more is damaged or made up, unless the next one agrees. */
const JUMP_BYTES = 2 ** 24;
/** The largest window there is (RFC 7323, section 2.3): nothing lies so far back. */
const BACK_MAX = 2 ** 30;

/** So long a capture that began in the middle shows recoveries from losses before it. */
const BEGIN_MS = 500;

/** A capture of several queues may have an acknowledgement so much earlier than what it acknowledges. */
const ACK_FIRST_MS = 2;

/** What a segment is to its stream. */
export const Part = {
  /** No payload, or one known otherwise. */
  NONE: 0,
  /** Payload not seen before. */
  NEW: 1,
  /** All of it was seen before and not acknowledged: sent again. */
  AGAIN: 2,
  /** The same, but it was acknowledged: the sender did not know. */
  NEEDLESS: 6,
  /** It fills a hole so late that it must have been sent again. */
  LATE: 3,
  /** It fills a hole: it was overtaken. */
  OVERTAKEN: 4,
  /** It asks whether the other side is there: a keep-alive or a window probe. */
  PROBE: 5,
} as const;

/** A sequence number that is near `reference`, unwrapped. */
export function unwrap(reference: number, seq: number): number {
  return reference + ((seq - reference) | 0);
}

interface Hole {
  from: number;
  to: number;
  timeMs: number;
}

/** The stream of one side. */
export class Sequence {
  /** Behind the last byte seen; NaN before the first. */
  next = NaN;
  /** Behind the last byte the other side acknowledged; NaN before the first. */
  acked = NaN;
  /** Bytes of payload, each once. */
  bytes = 0;
  /** Segments with payload, those as long as the longest, and that length. */
  segments = 0;
  full = 0;
  longest = 0;
  /** Segments sent more than once, seen twice. */
  again = 0;
  /** Segments sent again after they had been acknowledged. */
  needless = 0;
  /** Segments seen once, but sent more than once. */
  late = 0;
  /** Bytes acknowledged but not captured. */
  missed = 0;
  readonly #holes: Hole[] = [];
  /** The capture has it from its SYN on. */
  #whole = false;
  #firstMs = 0;
  /** Where the last segment, and the last acknowledgement, ended that jumped too far ahead. */
  #jumped = NaN;
  #ackJumped = NaN;
  /** The last probe carried a byte of its own. */
  #probedByte = false;

  /** Bytes seen and not acknowledged. */
  get inFlight(): number {
    return Math.max(0, this.next - this.acked) || 0;
  }

  /**
   * Takes in a segment. `phantom` are the numbers SYN and FIN take, `closed` says
   * that the other side's window is. `roundTripMs` may be NaN.
   */
  add(
    seq: number,
    length: number,
    phantom: number,
    timeMs: number,
    closed: boolean,
    roundTripMs: number,
  ): number {
    if (Number.isNaN(this.next)) {
      this.next = seq + length + phantom;
      this.#whole = phantom > 0;
      this.#firstMs = timeMs;
      this.#count(length);
      return length > 0 ? Part.NEW : Part.NONE;
    }
    const from = unwrap(this.next, seq);
    // Of no connection of these ends that could be.
    if (this.next - from > BACK_MAX) return Part.NONE;
    const to = from + length + phantom;
    if (from - this.next > JUMP_BYTES && from !== this.#jumped) {
      if (length > 0) this.#jumped = to;
      return Part.NONE;
    }
    if (phantom === 0 && this.#isProbe(from, to, closed)) return Part.PROBE;
    if (to <= this.next) {
      return length > 0 ? this.#old(from, to, length, timeMs, roundTripMs) : Part.NONE;
    }
    if (from > this.next) this.#open(this.next, from, timeMs);
    const fresh = Math.min(length, to - this.next);
    this.next = to;
    this.#count(fresh);
    return length > 0 ? Part.NEW : Part.NONE;
  }

  #count(length: number): void {
    if (length === 0) return;
    this.segments++;
    this.bytes += length;
    if (length > this.longest) {
      this.longest = length;
      this.full = 0;
    }
    if (length === this.longest) this.full++;
  }

  #isProbe(from: number, to: number, closed: boolean): boolean {
    if (to - from > 1) return false;
    this.#probedByte = closed && from === this.next && to === from + 1;
    return this.#probedByte || from === this.next - 1;
  }

  #old(from: number, to: number, length: number, timeMs: number, roundTripMs: number): number {
    const since = this.#fill(from, to);
    if (Number.isNaN(since)) {
      if (to <= this.acked) {
        this.needless++;
        return Part.NEEDLESS;
      }
      this.again++;
      return Part.AGAIN;
    }
    this.#count(length);
    const limitMs = roundTripMs > 0 ? roundTripMs * REORDERED_SHARE : REORDERED_MS;
    if (timeMs - since < limitMs) return Part.OVERTAKEN;
    this.late++;
    return Part.LATE;
  }

  #open(from: number, to: number, timeMs: number): void {
    if (this.#holes.length === HOLES_MAX) this.#miss(this.#holes.shift()!);
    this.#holes.push({ from, to, timeMs });
  }

  /** Fills all holes there are between the two, and gives since when the first one was open; NaN if there is none. */
  #fill(from: number, to: number): number {
    let since = NaN;
    for (let i = 0; i < this.#holes.length; i++) {
      const { from: begin, to: end, timeMs } = this.#holes[i];
      if (from >= end || to <= begin) continue;
      if (Number.isNaN(since)) since = timeMs;
      const rest: Hole[] = [];
      if (from > begin) rest.push({ from: begin, to: from, timeMs });
      if (to < end) rest.push({ from: to, to: end, timeMs });
      this.#holes.splice(i, 1, ...rest);
      i += rest.length - 1;
    }
    return since;
  }

  #miss(hole: Hole): void {
    // Holes a capture begins with were filled before it did.
    if (!this.#whole && hole.timeMs - this.#firstMs < BEGIN_MS) return;
    this.missed += hole.to - hole.from;
  }

  /** The other side acknowledged up to `ack`. True if that is news. */
  acknowledge(ack: number, timeMs: number): boolean {
    const reference = Number.isNaN(this.next) ? ack : this.next;
    const to = unwrap(reference, ack);
    if (reference - to > BACK_MAX) return false;
    if (Number.isNaN(this.next)) this.next = to;
    if (to - this.next > JUMP_BYTES && !(Math.abs(to - this.#ackJumped) <= JUMP_BYTES)) {
      this.#ackJumped = to;
      return false;
    }
    if (to > this.next) this.#acknowledgeUnseen(to, timeMs);
    this.#missAcknowledged(to, timeMs);
    if (to <= this.acked) return false;
    this.acked = to;
    return true;
  }

  /** What was acknowledged for a while and did not come was not captured. */
  #missAcknowledged(to: number, timeMs: number): void {
    const holes = this.#holes;
    while (holes.length > 0 && holes[0].to <= to && timeMs - holes[0].timeMs > ACK_FIRST_MS) {
      this.#miss(holes.shift()!);
    }
  }

  /** Nothing comes any more. */
  end(): void {
    this.#missAcknowledged(this.acked, Infinity);
  }

  #acknowledgeUnseen(to: number, timeMs: number): void {
    const probed = this.#probedByte && to === this.next + 1;
    if (!probed) this.#open(this.next, to, timeMs);
    this.next = to;
  }
}
