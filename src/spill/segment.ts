/**
 * Segments as files: made, opened, told apart, set aside.
 *
 * @module
 */

import type { DirectoryKind } from "./directory_kind.ts";
import { type Disk, type DiskFile, readFully, writeFully } from "./disk.ts";
import {
  decodeRecordHeader,
  decodeSegmentHeader,
  encodeSegmentHeader,
  MARKER_BYTES,
  RECORD_HEADER_BYTES,
  RecordKind,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  segmentName,
  SET_ASIDE,
} from "./format.ts";

/** What is known of a segment. */
export interface Segment {
  /** What its directory was for when it was begun. */
  readonly kind: DirectoryKind;
  /** Name of its file. */
  readonly name: string;
  /** Number of the segment. */
  readonly number: number;
  /** What its records begin with. */
  readonly marker: Uint8Array;
  /** Sequence of its first record. */
  readonly firstSequence: number;
  /** Sequence of the first record behind it. */
  nextSequence: number;
  /** Bytes up to the end of its last record. */
  bytes: number;
}

/** What a segment's beginning tells. */
export interface SegmentHead {
  /** Length of the file in bytes. */
  bytes: number;
  /** `undefined` if nothing in the file can be read. */
  header: SegmentHeader | undefined;
  /** What is wrong with the header, if anything. */
  problem: { expected: string; actual: string } | undefined;
}

/**
 * Reads a segment's header. Where that is damaged and the first record is not,
 * all that matters is taken from there, and the kind as far as a record tells it.
 */
export async function readHead(disk: Disk, name: string, number: number): Promise<SegmentHead> {
  const file = await disk.open(name, "read");
  try {
    const bytes = await file.size();
    const start = new Uint8Array(SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES);
    const known = start.subarray(0, await readFully(file, start, 0));
    const found = decodeSegmentHeader(known, name);
    if (!("header" in found)) {
      return { bytes, header: byFirstRecord(known, number), problem: found };
    }
    const { kind } = found.header;
    const told = kind === "unsaid" ? byFirstRecord(known, number)?.kind ?? kind : kind;
    const header = { ...found.header, kind: told };
    if (header.number === number) return { bytes, header, problem: undefined };
    const problem = { expected: `segment number ${number}`, actual: `${header.number}` };
    return { bytes, header: { ...header, number }, problem };
  } finally {
    file.close();
  }
}

function byFirstRecord(start: Uint8Array, number: number): SegmentHeader | undefined {
  const record = start.subarray(SEGMENT_HEADER_BYTES);
  const marker = record.slice(0, MARKER_BYTES);
  const found = decodeRecordHeader(record, marker);
  if (!("header" in found)) return undefined;
  const { sequence, epoch, kind: recordKind } = found.header;
  // Frames may be anybody's.
  const kind = recordKind === RecordKind.chunk ? "recording" : "unsaid";
  return { kind, number, marker, firstSequence: sequence, createdMicros: 0, previousEpoch: epoch };
}

/**
 * Makes a segment. When this resolves, header and name are on disk: a segment
 * with a record in it is never without them.
 */
export async function createSegment(
  disk: Disk,
  number: number,
  firstSequence: number,
  previousEpoch: number,
  kind: DirectoryKind,
): Promise<{ segment: Segment; file: DiskFile }> {
  const name = segmentName(number);
  const marker = crypto.getRandomValues(new Uint8Array(MARKER_BYTES));
  const createdMicros = Date.now() * 1000;
  const header = { kind, number, firstSequence, createdMicros, marker, previousEpoch };
  const file = await disk.open(name, "create");
  try {
    await writeFully(file, encodeSegmentHeader(header), 0);
    await file.sync();
    await disk.sync();
  } catch (error) {
    file.close();
    // What stays is found unfinished at the next start.
    await disk.remove(name).catch(() => {});
    throw error;
  }
  const segment = {
    kind,
    name,
    number,
    marker,
    firstSequence,
    nextSequence: firstSequence,
    bytes: SEGMENT_HEADER_BYTES,
  };
  return { segment, file };
}

/** A name for a file that is not to be read any more, one that no file has. */
export function nameSetAside(name: string, names: Iterable<string>): string {
  const taken = new Set(names);
  let free = name + SET_ASIDE;
  for (let i = 2; taken.has(free); i++) free = `${name}${SET_ASIDE}${i}`;
  return free;
}

/** Whether a file has such a name. */
export function isSetAside(name: string): boolean {
  return /^segment-\d{10,16}\.spill\.bad\d*$/.test(name);
}

/** The highest number any file's name has, finished or not; numbers are not used twice. */
export function highestNumber(names: Iterable<string>): number {
  let highest = 0;
  for (const name of names) {
    const number = Number(/^segment-(\d{10,16})\.spill/.exec(name)?.[1] ?? 0);
    if (Number.isSafeInteger(number)) highest = Math.max(highest, number);
  }
  return highest;
}

/** Of segments, oldest first, what the last says that says something: kinds change from one to the next. */
export function lastKind(segments: readonly { kind: DirectoryKind }[]): DirectoryKind {
  return segments.findLast(({ kind }) => kind !== "unsaid")?.kind ?? "unsaid";
}
