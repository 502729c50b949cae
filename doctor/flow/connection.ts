/**
 * One connection: every packet goes through here once.
 *
 * @module
 */

import { sameAddress } from "../packet/address.ts";
import { Flag, type Segment } from "../packet/segment.ts";
import { Ending } from "./ending.ts";
import { Half } from "./half.ts";
import { Part, unwrap } from "./sequence.ts";
import { Recording } from "./timeline.ts";

/** Segments with timestamps have this much less room (RFC 7323, appendix A). */
const TIMESTAMP_BYTES = 12;

/** What is known of one connection. Sides are numbered: 0 sent the first packet captured. */
export class Connection {
  /** Addresses, four words each. */
  readonly words: Int32Array[];
  readonly ports: number[];
  /** Data of each side. */
  readonly halves: readonly [Half, Half] = [new Half(), new Half()];
  readonly ending: Ending = new Ending();
  readonly firstFrame: number;
  readonly fromMs: number;
  lastFrame = 0;
  toMs = 0;
  packets = 0;
  duplicates = 0;
  /** Packets whose options were not captured. */
  optionsCut = 0;
  /** Packets whose window was not captured. */
  windowsCut = 0;
  /** From the capture to each side and back, by the handshake; NaN if not known. */
  readonly lagMs: number[] = [NaN, NaN];
  /** Packets of each side the capturing machine sent itself, as far as the link says. */
  readonly outgoing: number[] = [0, 0];
  /** Another connection on the same ends. */
  next: Connection | undefined;

  /** Of its ends. */
  readonly hash: number;

  readonly #drawnFrom: number;

  /** Begins with `segment`, whose ends have this hash; is drawn from its packet `drawnFrom` on. */
  constructor(segment: Segment, hash: number, drawnFrom: number) {
    this.#drawnFrom = drawnFrom;
    this.hash = hash;
    this.words = [segment.source.slice(), segment.target.slice()];
    this.ports = [segment.sourcePort, segment.targetPort];
    this.firstFrame = segment.frame;
    this.fromMs = segment.timeMs;
  }

  /** Which side sent the segment; -1 if it belongs to another connection. */
  sideOf(segment: Segment): 0 | 1 | -1 {
    const [first, second] = this.ports;
    if (segment.sourcePort === first && segment.targetPort === second) {
      if (
        sameAddress(this.words[0], segment.source) && sameAddress(this.words[1], segment.target)
      ) return 0;
    }
    if (segment.sourcePort !== second || segment.targetPort !== first) return -1;
    return sameAddress(this.words[1], segment.source) && sameAddress(this.words[0], segment.target)
      ? 1
      : -1;
  }

  /** A packet of side `from`. False if it was there already. */
  add(segment: Segment, from: 0 | 1): boolean {
    const sender = this.halves[from];
    const other = this.halves[1 - from];
    this.toMs = segment.timeMs;
    this.lastFrame = segment.frame;
    if (segment.outgoing === 1) this.outgoing[from]++;
    if (sender.duplicates.seen(segment)) {
      this.duplicates++;
      return false;
    }
    this.packets++;
    sender.packets++;
    if (segment.optionsCut) this.optionsCut++;
    if (segment.window < 0) this.windowsCut++;
    const { flags } = segment;
    const reset = (flags & Flag.RST) !== 0;
    this.#handshake(segment, from);
    const missing = sender.origin.missingBefore(segment.id);
    const hopsOff = reset ? sender.origin.hopsOff(segment.ttl) : 0;
    this.ending.add(segment, from, hopsOff, reset && !(missing === 0));
    // Before this packet's own data: it may answer what went before.
    if (hopsOff === 0) other.unanswered.answered(segment.timeMs);
    if (reset) return true;
    sender.missingSinceData += missing;
    this.#data(segment, sender, other, from);
    if ((flags & Flag.ACK) !== 0) this.#acknowledgement(segment, other);
    sender.origin.add(segment.ttl, segment.id, this.#packetsIn(segment, sender));
    return true;
  }

  /** Packets one captured packet stands for: offload may have merged some. */
  #packetsIn(segment: Segment, sender: Half): number {
    return Math.max(1, Math.ceil(segment.length / sender.window.segment));
  }

  #handshake(segment: Segment, from: 0 | 1): void {
    const { flags, timeMs } = segment;
    const { ending } = this;
    if ((flags & Flag.SYN) !== 0) {
      this.#options(segment, from);
      if ((flags & Flag.ACK) !== 0 && ending.synAcks === 0 && ending.syns === 1) {
        const syn = ending.syn[1 - from];
        if (syn !== undefined) this.lagMs[from] = timeMs - syn.timeMs;
      }
      return;
    }
    const synAck = ending.synAck[1 - from];
    if (synAck === undefined || !Number.isNaN(this.lagMs[from]) || ending.synAcks !== 1) return;
    if ((flags & Flag.ACK) !== 0) this.lagMs[from] = timeMs - synAck.timeMs;
  }

  /** What the side's SYN says holds for the data it receives. */
  #options(segment: Segment, from: 0 | 1): void {
    const { window } = this.halves[1 - from];
    if (segment.mss > 0) window.segment = segment.mss - (segment.timestamps ? TIMESTAMP_BYTES : 0);
    if (segment.optionsCut) return;
    // Both must offer it (RFC 7323, section 2.2).
    if (segment.windowScale >= 0) window.scale = segment.windowScale;
    const scaled = this.ending.syns > 0 && (segment.flags & Flag.ACK) !== 0;
    if (!scaled) return;
    const offered = this.halves[from].window;
    if (segment.windowScale < 0 || offered.scale < 0) {
      window.scale = 0;
      offered.scale = 0;
    }
  }

  #data(segment: Segment, sender: Half, other: Half, from: 0 | 1): void {
    const { timeMs, frame, length, flags } = segment;
    const { sequence, window } = sender;
    const phantom = ((flags & Flag.SYN) !== 0 ? 1 : 0) + ((flags & Flag.FIN) !== 0 ? 1 : 0);
    const roundTripMs = this.lagMs[0] + this.lagMs[1];
    const part = sequence.add(segment.seq, length, phantom, timeMs, window.size === 0, roundTripMs);
    const { ending } = this;
    const again = part === Part.AGAIN || part === Part.NEEDLESS ||
      ((flags & Flag.SYN) !== 0 && ending.syns + ending.synAcks > 2) ||
      ((flags & Flag.FIN) !== 0 && ending.fin[from]?.frame !== frame);
    if (part === Part.PROBE) sender.unanswered.probed(window.closed, frame, timeMs);
    else if (length + phantom > 0) sender.unanswered.sent(again, frame, timeMs);
    if (part === Part.NEEDLESS) {
      sender.unanswered.repeated(unwrap(sequence.next, segment.seq), frame, timeMs);
    }
    if (part === Part.PROBE) window.probe();
    if (part === Part.AGAIN || part === Part.LATE) sender.lost(frame, timeMs);
    if (again || part === Part.LATE) sender.roundTrips.forget();
    if (again) {
      sender.sentAgainSinceData = true;
      window.resent();
    }
    if (part === Part.NEW || part === Part.LATE) this.#sentOn(segment, sender, other);
    if (part !== Part.NEW) return;
    sender.roundTrips.sent(sequence.next, timeMs);
    if (segment.timestamps) sender.oneWay.add(timeMs, segment.timestamp, frame);
    const lagMs = this.lagMs[from];
    window.data(sequence.next, length, timeMs, Number.isNaN(lagMs) ? 0 : lagMs);
    const inFlight = sender.view.data(
      { end: sequence.next, frame, timeMs, lagMs },
      window.least,
      sender.stalledSinceData,
    );
    this.#draw(sender)?.data(length, inFlight, timeMs);
    if (sender.stalledSinceData && !window.closed) sender.view.mark(timeMs);
    sender.stalledSinceData = window.closed;
  }

  /** Data came that had not come before. */
  #sentOn(segment: Segment, sender: Half, other: Half): void {
    const { length, frame, timeMs } = segment;
    sender.unanswered.wentOn(timeMs);
    const since = sender.silence.lastMs;
    const excused = sender.stalledSinceData || sender.sentAgainSinceData ||
      [sender, other].some((half) => half.unanswered.lastMs >= since);
    sender.silence.data(length, frame, timeMs, excused, sender.missingSinceData);
    sender.missingSinceData = 0;
    sender.sentAgainSinceData = false;
  }

  /** The segment acknowledges data of `other`, and tells how much more of it is welcome. */
  #acknowledgement(segment: Segment, other: Half): void {
    const { timeMs, frame } = segment;
    const { sequence, window } = other;
    const news = sequence.acknowledge(segment.ack, timeMs);
    if (news) other.roundTrips.acknowledged(sequence.acked, timeMs, frame);
    // Older than what was seen: its window no longer holds.
    if (((segment.ack - sequence.acked) | 0) < 0 || segment.window < 0) return;
    const syn = (segment.flags & Flag.SYN) !== 0;
    const size = segment.window * 2 ** (syn ? 0 : Math.max(0, window.scale));
    const closedBefore = window.closed;
    window.advertise(size, sequence.acked, frame, timeMs, syn);
    other.stalledSinceData ||= window.closed || closedBefore;
    other.view.acknowledge(sequence.acked, window.edge, syn ? 1 : size / window.largest, timeMs);
    if (window.scale >= 0 || size === 0) this.#draw(other)?.window(size, timeMs);
  }

  /** It ended in the ordinary way, to the last acknowledgement, and nothing was wrong with it. */
  get isUneventful(): boolean {
    const { fin, reset } = this.ending;
    if (reset !== undefined || fin.includes(undefined)) return false;
    return this.halves.every(({ window, unanswered, silence, sequence }) =>
      window.stalls.length + unanswered.outages.length + silence.pauses.length +
          sequence.again + sequence.late + sequence.inFlight === 0
    );
  }

  #draw(half: Half): Recording | undefined {
    if (this.packets < this.#drawnFrom) return undefined;
    return half.recording ??= new Recording();
  }

  /** Nothing comes any more. `ended`: the connection itself, not only the capture. */
  end(captureEndMs: number): void {
    const { ending } = this;
    const ended = ending.over || ending.fin.some((fin) => fin !== undefined);
    const endMs = ended ? this.toMs : captureEndMs;
    for (const { sequence, unanswered } of this.halves) {
      sequence.end();
      unanswered.end(endMs);
    }
    const gone = this.halves.some(({ unanswered }) => unanswered.gone);
    for (const [i, half] of this.halves.entries()) {
      // Who has said goodbye is not silent.
      const lastWordMs = Math.min(endMs, ending.fin[i]?.timeMs ?? Infinity);
      half.silence.end(lastWordMs, half.stalledSinceData || half.sentAgainSinceData || gone);
      half.window.end(ended ? this.#endOf() : endMs, ended ? "connection_end" : "capture_end");
    }
  }

  /** When it was over: what comes later are leftovers. */
  #endOf(): number {
    const { reset, fin } = this.ending;
    if (reset !== undefined) return reset.timeMs;
    const [first, second] = fin;
    return first === undefined || second === undefined
      ? this.toMs
      : Math.max(first.timeMs, second.timeMs);
  }
}
