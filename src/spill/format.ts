/**
 * What a segment file is made of. Numbers are little-endian.
 *
 * ```text
 * segment    │ header, 64 bytes │ record │ record │ …
 *
 * header     0        8         12         16               24
 *            │ magic  │ version │ kind of directory │ segment number │ first sequence │
 *            32           40       48         60       64
 *            │ created µs │ marker │ previous epoch, reserved │ CRC32C │  of bytes 0 to 60
 *
 * record     0        8               12     16         24              32
 *            │ marker │ payload bytes │ kind │ sequence │ stream offset │ time µs │
 *            40      44            48            52
 *            │ epoch │ frame count │ header CRC  │ payload … │ 0 to 7 zeros │ CRC32C │
 *                                  of bytes 0 to 48                         of all before it
 * ```
 *
 * A record's length is a multiple of 8, so records begin at multiples of 8. The
 * header has a CRC of its own: a length is used only if that holds, so a record
 * with a damaged payload can be skipped. The _marker_ is eight random bytes,
 * drawn for each segment: behind a damaged header the next record is found by
 * it, and nobody who sends a feed can imitate a record he does not know it of.
 *
 * @module
 */

import { crc32c } from "./crc32c.ts";
import { DIRECTORY_KINDS, type DirectoryKind } from "./directory_kind.ts";
import { SpillFormatError } from "./errors.ts";

/** Version of the format that is written, and the only one that is read. */
export const FORMAT_VERSION = 1;
/** "SPILLWAY". */
const MAGIC = Uint8Array.of(0x53, 0x50, 0x49, 0x4c, 0x4c, 0x57, 0x41, 0x59);
/** Length of a segment's header in bytes. */
export const SEGMENT_HEADER_BYTES = 64;
/** Length of a record's header in bytes. */
export const RECORD_HEADER_BYTES = 52;
/** Length of a segment's marker in bytes. */
export const MARKER_BYTES = 8;
/** Records begin at multiples of this many bytes. */
export const RECORD_ALIGN_BYTES = 8;
/** The longest payload a record may have: twice the longest raw frame. */
export const PAYLOAD_BYTES_MAX = 256 * 1024 * 1024;
const CRC_BYTES = 4;
const SEGMENT_CRC_AT = 60;
const HEADER_CRC_AT = 48;

/** What a record holds, by the number it has on disk. */
export const RecordKind = {
  /** A range of frames, as `BatchCodec` lays it out. */
  batch: 1,
  /** Bytes of a connection as they came. */
  chunk: 2,
} as const;

/** A kind of record. */
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

/** What the caller says of a record. */
export interface RecordInfo {
  /** What the payload is. */
  kind: RecordKind;
  /** Connection the bytes came from: 1, 2, … to 4294967295. */
  epoch: number;
  /** Offset of the first byte in the connection's stream. */
  streamOffset: number;
  /** Frames in the payload, 0 if it is not made of frames; at most 4294967295. */
  frameCount: number;
  /** When the bytes came, in microseconds since 1970; 0 if that is not known. */
  timeMicros: number;
}

/** A record's header. */
export interface RecordHeader extends RecordInfo {
  /** Number of the record in its directory: 1, 2, … without gaps. */
  sequence: number;
  /** Length of the payload in bytes. */
  payloadBytes: number;
}

/** A segment's header. */
export interface SegmentHeader {
  /** What its directory is for. */
  kind: DirectoryKind;
  /** Number of the segment: 1, 2, … */
  number: number;
  /** Sequence of its first record. */
  firstSequence: number;
  /** When it was made, in microseconds since 1970. */
  createdMicros: number;
  /** Eight random bytes its records begin with. */
  marker: Uint8Array;
  /** Connection of the last record before it, 0 if there was none. */
  previousEpoch: number;
}

/** What a header on disk turned out to be. */
export type Decoded<T> = { header: T } | { expected: string; actual: string };

/** Zeros between a payload and its CRC. */
export function paddingBytes(payloadBytes: number): number {
  return -(RECORD_HEADER_BYTES + payloadBytes + CRC_BYTES) & (RECORD_ALIGN_BYTES - 1);
}

/** Bytes between a payload and the next record: zeros and CRC. */
export function trailerBytes(payloadBytes: number): number {
  return paddingBytes(payloadBytes) + CRC_BYTES;
}

/** Length of a whole record in bytes. */
export function recordBytes(payloadBytes: number): number {
  return RECORD_HEADER_BYTES + payloadBytes + trailerBytes(payloadBytes);
}

/** A segment's header as bytes. */
export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(8, FORMAT_VERSION, true);
  view.setUint32(12, DIRECTORY_KINDS.indexOf(header.kind), true);
  putNumber(view, 16, header.number);
  putNumber(view, 24, header.firstSequence);
  putNumber(view, 32, header.createdMicros);
  bytes.set(header.marker, 40);
  view.setUint32(48, header.previousEpoch, true);
  view.setUint32(SEGMENT_CRC_AT, crc32c(bytes.subarray(0, SEGMENT_CRC_AT)), true);
  return bytes;
}

/** Reads a segment's header; throws a `SpillFormatError` for another version's. */
export function decodeSegmentHeader(bytes: Uint8Array, file: string): Decoded<SegmentHeader> {
  if (bytes.length < SEGMENT_HEADER_BYTES) {
    return { expected: `${SEGMENT_HEADER_BYTES} bytes of header`, actual: `${bytes.length}` };
  }
  const view = viewOf(bytes);
  const crc = crc32c(bytes.subarray(0, SEGMENT_CRC_AT));
  if (!startsWith(bytes, MAGIC)) return { expected: "the magic SPILLWAY", actual: "other bytes" };
  if (view.getUint32(SEGMENT_CRC_AT, true) !== crc) {
    return badChecksum(crc, view.getUint32(SEGMENT_CRC_AT, true));
  }
  const version = view.getUint32(8, true);
  if (version !== FORMAT_VERSION) {
    throw new SpillFormatError(file, `format version ${FORMAT_VERSION}`, `${version}`);
  }
  const kind = DIRECTORY_KINDS[view.getUint32(12, true)];
  if (kind === undefined) {
    const expected = `a kind of directory, 0 to ${DIRECTORY_KINDS.length - 1}`;
    return { expected, actual: `${view.getUint32(12, true)}` };
  }
  return countsOf({
    kind,
    number: number(view, 16),
    firstSequence: number(view, 24),
    createdMicros: number(view, 32),
    marker: bytes.slice(40, 40 + MARKER_BYTES),
    previousEpoch: view.getUint32(48, true),
  });
}

/** Writes a record's header into the first {@linkcode RECORD_HEADER_BYTES} of `bytes`. */
export function encodeRecordHeader(
  bytes: Uint8Array,
  marker: Uint8Array,
  header: RecordHeader,
): void {
  const view = viewOf(bytes);
  bytes.set(marker);
  view.setUint32(8, header.payloadBytes, true);
  view.setUint32(12, header.kind, true);
  putNumber(view, 16, header.sequence);
  putNumber(view, 24, header.streamOffset);
  putNumber(view, 32, header.timeMicros);
  view.setUint32(40, header.epoch, true);
  view.setUint32(44, header.frameCount, true);
  view.setUint32(HEADER_CRC_AT, crc32c(bytes.subarray(0, HEADER_CRC_AT)), true);
}

/** Reads the record's header that `bytes` begin with. */
export function decodeRecordHeader(bytes: Uint8Array, marker: Uint8Array): Decoded<RecordHeader> {
  if (bytes.length < RECORD_HEADER_BYTES) {
    return { expected: `${RECORD_HEADER_BYTES} bytes of header`, actual: `${bytes.length}` };
  }
  if (!startsWith(bytes, marker)) {
    return { expected: "the segment's marker", actual: "other bytes" };
  }
  const view = viewOf(bytes);
  const crc = crc32c(bytes.subarray(0, HEADER_CRC_AT));
  if (view.getUint32(HEADER_CRC_AT, true) !== crc) {
    return badChecksum(crc, view.getUint32(HEADER_CRC_AT, true));
  }
  const payloadBytes = view.getUint32(8, true);
  if (payloadBytes > PAYLOAD_BYTES_MAX) {
    return {
      expected: `a payload of at most ${PAYLOAD_BYTES_MAX} bytes`,
      actual: `${payloadBytes}`,
    };
  }
  const kind = view.getUint32(12, true);
  if (!isKind(kind)) return { expected: "a kind of record, 1 or 2", actual: `${kind}` };
  return countsOf({
    payloadBytes,
    kind,
    sequence: number(view, 16),
    streamOffset: number(view, 24),
    timeMicros: number(view, 32),
    epoch: view.getUint32(40, true),
    frameCount: view.getUint32(44, true),
  });
}

/** Writes zeros and `crc` of all before it into the last bytes of a record. */
export function encodeTrailer(trailer: Uint8Array, crc: number): void {
  const zeros = trailer.length - CRC_BYTES;
  trailer.fill(0, 0, zeros);
  viewOf(trailer).setUint32(zeros, crc32c(trailer.subarray(0, zeros), crc), true);
}

/** What is wrong with the last bytes of a record, if anything; `crc` is that of header and payload. */
export function checkTrailer(
  trailer: Uint8Array,
  crc: number,
): { expected: string; actual: string } | undefined {
  const zeros = trailer.length - CRC_BYTES;
  const expected = crc32c(trailer.subarray(0, zeros), crc);
  const actual = viewOf(trailer).getUint32(zeros, true);
  return actual === expected ? undefined : badChecksum(expected, actual);
}

const SEGMENT_NAME = /^segment-(\d{10,16})\.spill$/;

/** Name of a segment's file. */
export function segmentName(number: number): string {
  return `segment-${String(number).padStart(10, "0")}.spill`;
}

/** Number of the segment a file is, by its name; `undefined` if it is none. */
export function segmentNumber(file: string): number | undefined {
  const digits = SEGMENT_NAME.exec(file)?.[1];
  const value = Number(digits);
  return digits !== undefined && Number.isSafeInteger(value) ? value : undefined;
}

/** The end of names of segments that were set aside. */
export const SET_ASIDE = ".bad";
/** The end of names of files that are being written and take another's place when they are whole. */
export const UNFINISHED = ".new";

function badChecksum(expected: number, actual: number): { expected: string; actual: string } {
  return { expected: `checksum ${hex(expected)}`, actual: hex(actual) };
}

function hex(crc: number): string {
  return `0x${crc.toString(16).padStart(8, "0")}`;
}

function isKind(kind: number): kind is RecordKind {
  return kind === RecordKind.batch || kind === RecordKind.chunk;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The header, unless a count in it is beyond what is counted exactly. */
function countsOf<T extends object>(header: T): Decoded<T> {
  const large = Object.entries(header).find(([, value]) =>
    typeof value === "number" && value > Number.MAX_SAFE_INTEGER
  );
  if (large === undefined) return { header };
  return { expected: `a ${large[0]} below 2^53`, actual: `${large[1]}` };
}

function number(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
}

function putNumber(view: DataView, at: number, value: number): void {
  // INVARIANT: what is counted stays an exact number.
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`expected a count, got ${value}`);
  }
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  for (let i = 0; i < start.length; i++) if (bytes[i] !== start[i]) return false;
  return true;
}
