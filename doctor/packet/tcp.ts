/**
 * The TCP header (RFC 9293, section 3.1) and its options.
 *
 * @module
 */

import { Flag, type Segment } from "./segment.ts";

const HEADER_BYTES = 20;
/** Up to and with the flags; the window is behind them. */
const NEEDED_BYTES = 14;
const WINDOW_END = 16;

const Option = { END: 0, NOP: 1, MSS: 2, WINDOW_SCALE: 3, TIMESTAMPS: 8 } as const;
/** The largest there is (RFC 7323, section 2.3). */
const WINDOW_SCALE_MAX = 14;

/** Reads the header at `at` of a packet with `length` bytes. False if that is no TCP, or too little of it was captured. */
export function readTcp(
  view: DataView,
  at: number,
  captured: number,
  length: number,
  segment: Segment,
): boolean {
  if (at + NEEDED_BYTES > captured) return false;
  const headerBytes = (view.getUint8(at + 12) >> 4) * 4;
  if (headerBytes < HEADER_BYTES || headerBytes > length) return false;
  segment.sourcePort = view.getUint16(at);
  segment.targetPort = view.getUint16(at + 2);
  segment.seq = view.getUint32(at + 4);
  segment.ack = view.getUint32(at + 8);
  segment.flags = view.getUint8(at + 13);
  segment.window = at + WINDOW_END <= captured ? view.getUint16(at + 14) : -1;
  segment.length = length - headerBytes;
  segment.mss = 0;
  segment.windowScale = -1;
  segment.timestamps = false;
  segment.timestamp = 0;
  segment.timestampEcho = 0;
  segment.optionsCut = false;
  if (headerBytes > HEADER_BYTES) readOptions(view, at, headerBytes, captured, segment);
  return true;
}

function readOptions(
  view: DataView,
  header: number,
  headerBytes: number,
  captured: number,
  segment: Segment,
): void {
  const from = header + HEADER_BYTES;
  const end = header + headerBytes;
  if (end > captured) {
    segment.optionsCut = true;
    return;
  }
  // What nearly every packet has: two paddings and timestamps.
  if (headerBytes === 32 && view.getUint32(from) === 0x0101080a) {
    segment.timestamps = true;
    segment.timestamp = view.getUint32(from + 4);
    segment.timestampEcho = view.getUint32(from + 8);
    return;
  }
  for (let at = from; at < end;) {
    const kind = view.getUint8(at);
    if (kind === Option.END) return;
    if (kind === Option.NOP) {
      at++;
      continue;
    }
    if (at + 2 > end) return;
    const length = view.getUint8(at + 1);
    if (length < 2 || at + length > end) return;
    readOption(view, kind, at, length, segment);
    at += length;
  }
}

function readOption(
  view: DataView,
  kind: number,
  at: number,
  length: number,
  segment: Segment,
): void {
  if (kind === Option.TIMESTAMPS && length === 10) {
    segment.timestamps = true;
    segment.timestamp = view.getUint32(at + 2);
    segment.timestampEcho = view.getUint32(at + 6);
  } else if ((segment.flags & Flag.SYN) !== 0) {
    if (kind === Option.MSS && length === 4) segment.mss = view.getUint16(at + 2);
    if (kind === Option.WINDOW_SCALE && length === 3) {
      segment.windowScale = Math.min(view.getUint8(at + 2), WINDOW_SCALE_MAX);
    }
  }
}
