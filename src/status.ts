/**
 * Counters of a client.
 *
 * @module
 */

import { widen } from "./wide.ts";

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
  /** How long other code kept the thread from reading, as far as a timer that came 50 ms late or more tells. */
  blockedMs: number;
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
  const stats: ClientStats = {
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
    blockedMs: 0,
    bytesWritten: 0,
    responses: 0,
    responsesDropped: 0,
    reconnects: 0,
  };
  widen(stats, "bytesRead", "frames", "frameBytes", "framesDelivered");
  return stats;
}
