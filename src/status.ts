/**
 * Counters of a client and the clockwork behind its verdicts: when the socket
 * was not read, and who was to blame.
 *
 * @module
 */

/** What a client has done so far. Counts run over all connections; times are in milliseconds. */
export interface ClientStats {
  /** Number of the current connection: 1, 2, …, with `spillTo()` or `journalTo()` from behind the last one in the directory. */
  epoch: number;
  /** Bytes read, but for those a handshake took. Always `frameBytes + skippedBytes + paddingBytes + partialBytes + partialBytesDropped`. */
  bytesRead: number;
  /** Reads that brought something. */
  chunks: number;
  /**
   * Complete frames found. For one handler it is with `framesRecovered` always
   * `framesDelivered + framesPending + framesDropped + framesLostOnDisk`; those sum
   * up over several handlers, see {@linkcode HandlerStats}.
   */
  frames: number;
  /** Bytes those took in the stream. */
  frameBytes: number;
  /** Frames whose batch a handler has finished or holds. */
  framesDelivered: number;
  /** Frames waiting for the handler; once the client has ended, those it left on disk for the next start, but for what a dead process left and nobody read: `spill_left` tells of that. */
  framesPending: number;
  /** Frames that were never handed out: dropped as below, or because the client was closed or its handler threw. */
  framesDropped: number;
  /** Frames dropped by `whenFull: "drop_oldest"`. */
  framesDroppedOldest: number;
  /** Frames dropped by `whenFull: "drop_newest"`. */
  framesDroppedNewest: number;
  /** Frames dropped because the spill was full or its disk refused, with `whenFull: "drop_newest"` of `spillTo()`. */
  framesDroppedSpill: number;
  /** Frames that went to disk, to come back later. */
  framesSpilled: number;
  /** Frames found on disk at the start, left there by a process that died. They are not in `frames`. */
  framesRecovered: number;
  /** Frames on disk that could not be read back. */
  framesLostOnDisk: number;
  /** Slabs that a handler which does not answer still holds: they are never used again. */
  slabsQuarantined: number;
  /** Batches handed out. */
  batches: number;
  /** Frames rejected under `onInvalid: "skip"`. */
  skippedFrames: number;
  /** Bytes discarded with them. */
  skippedBytes: number;
  /** Bytes between frames that carry nothing, such as empty SLIP packets. */
  paddingBytes: number;
  /** Bytes of the frame that is not complete yet. */
  partialBytes: number;
  /** Bytes of frames that were cut off by the end of their connection. */
  partialBytesDropped: number;
  /** Column values that lay behind the end of their frame. */
  missingFields: number;
  /** Drains that ended because nothing more was there. */
  drainsEmpty: number;
  /** Drains that ended at their limit of bytes or time: the server is faster than this side. */
  drainsAtLimit: number;
  /** How often the reader rested, for less than 0.1 ms, behind an emptied socket, to let bytes of a flat-out server gather. */
  rests: number;
  /** How often reading was paused because no slab was free or the tap was behind. */
  pauses: number;
  /** How long it was; what handlers held meanwhile is in `heldMs` only. */
  pausedMs: number;
  /** How long handlers held the read loop. */
  heldMs: number;
  /** Bytes the kernel took; those of `hello` and of a handshake are not counted. */
  bytesWritten: number;
  /** Answers of `respond` rules that the kernel took. */
  responses: number;
  /** Answers that were still due, or being written, when their connection ended. */
  responsesDropped: number;
  /** Connections made after the first. */
  reconnects: number;
}

/**
 * What one handler was given and was not. Fields mean what they mean in
 * {@linkcode ClientStats}, which has no `framesDroppedAtEnd` and another `heldMs`.
 */
export interface HandlerStats {
  /** Batches handed out. */
  batches: number;
  /** Frames in them. */
  framesDelivered: number;
  /** Frames waiting for it. */
  framesPending: number;
  /** Frames dropped by `whenFull: "drop_oldest"`. */
  framesDroppedOldest: number;
  /** Frames dropped by `whenFull: "drop_newest"`. */
  framesDroppedNewest: number;
  /** Frames dropped because its spill was full or the disk refused. */
  framesDroppedSpill: number;
  /** Frames dropped because the client was closed, or a handler threw. */
  framesDroppedAtEnd: number;
  /** Frames that went to disk. */
  framesSpilled: number;
  /** Frames found on disk at the start. */
  framesRecovered: number;
  /** Frames on disk that could not be read back. */
  framesLostOnDisk: number;
  /** How long its calls held the read loop, in milliseconds; what it computed between two awaits is in the client's only. */
  heldMs: number;
}

/** Counters at zero. */
export function newStats(): ClientStats {
  return {
    epoch: 0,
    bytesRead: 0,
    chunks: 0,
    frames: 0,
    frameBytes: 0,
    framesDelivered: 0,
    framesPending: 0,
    framesDropped: 0,
    framesDroppedOldest: 0,
    framesDroppedNewest: 0,
    framesDroppedSpill: 0,
    framesSpilled: 0,
    framesRecovered: 0,
    framesLostOnDisk: 0,
    slabsQuarantined: 0,
    batches: 0,
    skippedFrames: 0,
    skippedBytes: 0,
    paddingBytes: 0,
    partialBytes: 0,
    partialBytesDropped: 0,
    missingFields: 0,
    drainsEmpty: 0,
    drainsAtLimit: 0,
    rests: 0,
    pauses: 0,
    pausedMs: 0,
    heldMs: 0,
    bytesWritten: 0,
    responses: 0,
    responsesDropped: 0,
    reconnects: 0,
  };
}

/** A handler call worth naming. */
export interface HandlerCall {
  /** How long it held the read loop, in milliseconds. */
  heldMs: number;
  /** Frames it was given; 0 where an asynchronous handler computed between two awaits. */
  frames: number;
}

/** Bytes that waited for less than this, in milliseconds, got no client cut off. */
export const UNREAD_MS = 100;

/** How far back a verdict looks, in milliseconds. */
export const VERDICT_WINDOW_MS = 3000;

/** Time in which the socket was not read, over a sliding window and in all; one a connection. */
export class HoldMeter {
  /** Longest time from one drain's begin to the next's, waiting for data left out. */
  largestDutyCycleMs = 0;
  /** The handler call that held the read loop longest. */
  slowestCall: HandlerCall | undefined;
  /** Sum of all holds and pauses. */
  heldMs = 0;
  pausedMs = 0;
  /** When the socket was last known to be empty. */
  #emptyAt = performance.now();
  /** Times without, long enough to matter. */
  readonly #unread: { end: number; ms: number }[] = [];
  readonly #spans: { kind: "held" | "paused"; end: number; ms: number }[] = [];
  #oldest = 0;

  /** A handler call that ended at `now` held the loop for `ms`. */
  held(ms: number, frames: number, now: number): void {
    this.heldMs += ms;
    if (this.slowestCall === undefined || ms > this.slowestCall.heldMs) {
      this.slowestCall = { heldMs: ms, frames };
    }
    this.#remember("held", ms, now);
  }

  /** Reading was paused for `ms` until `now`. */
  paused(ms: number, now: number): void {
    this.pausedMs += ms;
    this.#remember("paused", ms, now);
  }

  /** A look at the socket found nothing, or the wait for more has ended. */
  empty(now: number): void {
    const ms = now - this.#emptyAt;
    this.#emptyAt = now;
    if (ms < UNREAD_MS) return;
    this.#unread.push({ end: now, ms });
    while (this.#unread[0].end < now - VERDICT_WINDOW_MS) this.#unread.shift();
  }

  /** Longest time within the last `windowMs` in which the socket was not known to be empty. */
  longestUnreadMs(now: number, windowMs: number): number {
    const ended = this.#unread.filter((gap) => gap.end > now - windowMs).map((gap) => gap.ms);
    return Math.min(windowMs, Math.max(now - this.#emptyAt, ...ended, 0));
  }

  /** Held and paused milliseconds within the last `windowMs`. */
  recent(now: number, windowMs: number): { heldMs: number; pausedMs: number } {
    const from = now - windowMs;
    const sum = { heldMs: 0, pausedMs: 0 };
    for (const span of this.#spans.slice(this.#oldest)) {
      const inside = span.end - Math.max(from, span.end - span.ms);
      if (inside <= 0) continue;
      if (span.kind === "held") sum.heldMs += inside;
      else sum.pausedMs += inside;
    }
    return sum;
  }

  /** Short spans are merged, so that a second of tiny calls costs a few entries. */
  #remember(kind: "held" | "paused", ms: number, now: number): void {
    const last = this.#spans.at(-1);
    if (
      last !== undefined && last.kind === kind && now - last.end < MERGE_MS && last.ms < MERGE_MS
    ) {
      last.end = now;
      last.ms += ms;
      return;
    }
    this.#spans.push({ kind, end: now, ms });
    while (this.#spans[this.#oldest].end < now - VERDICT_WINDOW_MS) this.#oldest++;
    if (this.#oldest > 1024) {
      this.#spans.splice(0, this.#oldest);
      this.#oldest = 0;
    }
  }
}

const MERGE_MS = 20;
