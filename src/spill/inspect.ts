/**
 * Looking at a spill directory without changing it.
 *
 * A directory in use may be looked at too; the tail of its newest segment then
 * looks torn while a record is being written.
 *
 * @module
 */

import { Cursors, isUnfinishedCursor } from "./cursors.ts";
import { DenoDisk } from "./deno_disk.ts";
import type { DirectoryKind } from "./directory_kind.ts";
import type { Disk } from "./disk.ts";
import { type Finding, FindingList } from "./finding.ts";
import { type RecordHeader, SEGMENT_HEADER_BYTES, segmentNumber, UNFINISHED } from "./format.ts";
import { SpillReader } from "./reader.ts";
import { isSetAside, lastKind, readHead, type Segment, type SegmentHead } from "./segment.ts";
import { SegmentInput } from "./segment_input.ts";
import { missing, survey } from "./survey.ts";

/** What is in one segment. */
export interface SegmentReport {
  /** Name of its file. */
  file: string;
  /** Length of the file in bytes. */
  bytes: number;
  /** Whole records. */
  records: number;
  /** Frames in them. */
  frames: number;
  /** Bytes of their payloads. */
  payloadBytes: number;
  /** Sequence of the first record, and of the one behind the last. */
  firstSequence: number;
  nextSequence: number;
  /** Time of the first and the last record that has one, in microseconds since 1970; 0 if none has. */
  firstMicros: number;
  lastMicros: number;
  /** Connections of the first and the last record; 0 if there is none. */
  firstEpoch: number;
  lastEpoch: number;
}

/** A registered handler, and what it is given at the next start. */
export interface CursorReport {
  /** Name of the handler. */
  name: string;
  /** Up to where it has acknowledged; 0 if nothing. */
  epoch: number;
  sequence: number;
  /** Frames of the record behind that which it has acknowledged, too. */
  handledFrames: number;
  /** Whole records behind that, and frames in them that come again. */
  waitingRecords: number;
  waitingFrames: number;
}

/** What is in a directory. */
export interface SpillReport {
  /** Path of the directory. */
  directory: string;
  /** What it is for. */
  kind: DirectoryKind;
  /** All segments that can be read, by number. */
  segments: SegmentReport[];
  /** Registered handlers, and what waits for each. */
  cursors: CursorReport[];
  /** Files that were set aside. */
  setAside: string[];
  /** What is wrong: the first thousand. */
  findings: Finding[];
  /** How much is wrong. */
  findingsTotal: number;
  /** Records that are lost, as far as that can be known. */
  lostRecords: number;
}

/**
 * Reads all of a directory and checks every checksum. Needs `--allow-read=DIR`.
 * Throws as `openSpill()` does, but for the lock, which is not looked at.
 */
export async function verifySpill(directory: string | Disk): Promise<SpillReport> {
  const disk = readOnly(directory);
  const names = await disk.list();
  const findings = new FindingList();
  const cursors = new Cursors(disk);
  await cursors.load(names, findings);
  findUnfinished(names, findings);
  const reports = Array.from(cursors.all(), ({ name, stored }): CursorReport => ({
    ...{ name, handledFrames: 0, ...stored, waitingRecords: 0, waitingFrames: 0 },
  }));
  const found = await heads(disk, names);
  const segments = await reportSegments(disk, found, findings, (header) => {
    for (const cursor of reports) {
      if (header.sequence <= cursor.sequence) continue;
      cursor.waitingRecords += 1;
      const handled = header.sequence === cursor.sequence + 1 ? cursor.handledFrames : 0;
      cursor.waitingFrames += Math.max(0, header.frameCount - handled);
    }
  });
  return {
    directory: disk.path,
    kind: kindOf(found),
    segments,
    cursors: reports,
    setAside: names.filter(isSetAside).sort(),
    findings: findings.kept.map((finding) => ({ ...finding, action: "none" })),
    findingsTotal: findings.total,
    lostRecords: findings.kept.reduce((sum, { records }) => sum + records, 0),
  };
}

/**
 * Records that come again at the next start, told by the newest segment and the
 * cursors alone: of several handlers by the one that is furthest behind, and all
 * there are where none is registered. 0 if the directory is for something else.
 */
export async function waitingRecords(directory: string | Disk): Promise<number> {
  const disk = readOnly(directory);
  const names = await disk.list();
  const found = await heads(disk, names);
  const headers = found.flatMap(({ header, ...file }) => header ? { ...file, ...header } : []);
  const last = headers.at(-1);
  if (last === undefined || !HOLD_FRAMES.has(kindOf(found))) return 0;
  using input = new SegmentInput(await disk.open(last.name, "read"), last.marker, last.bytes);
  const { nextSequence } = await survey(input, last);
  const cursors = new Cursors(disk);
  await cursors.load(names, new FindingList());
  const acknowledged = Math.min(...Array.from(cursors.all(), ({ stored }) => stored.sequence));
  const first = headers[0].firstSequence;
  return nextSequence - (acknowledged < Infinity ? Math.max(first, acknowledged + 1) : first);
}

/** Kinds of directories whose records handlers are given. */
const HOLD_FRAMES: ReadonlySet<DirectoryKind> = new Set(["spill", "journal", "unsaid"]);

/**
 * A reader of a directory that is not opened for writing: its records from
 * `sequence` on, as they are now. `torn` is called with the torn tail of the
 * newest segment, if it has one. Needs `--allow-read=DIR`.
 */
export async function readSpill(
  directory: string | Disk,
  sequence = 1,
  torn: (tail: Finding) => void = () => {},
): Promise<SpillReader> {
  const disk = readOnly(directory);
  const segments: Segment[] = [];
  for (const { name, number, bytes, header } of await heads(disk, await disk.list())) {
    // One without a record may have come to nothing.
    if (header === undefined || bytes <= SEGMENT_HEADER_BYTES) continue;
    const { kind, marker, firstSequence } = header;
    const previous = segments.at(-1);
    if (firstSequence < (previous?.firstSequence ?? 0)) continue;
    if (previous !== undefined) previous.nextSequence = firstSequence;
    const nextSequence = firstSequence;
    segments.push({ kind, name, number, marker, firstSequence, nextSequence, bytes });
  }
  const last = segments.at(-1);
  if (last !== undefined) {
    using input = new SegmentInput(await disk.open(last.name, "read"), last.marker, last.bytes);
    const { nextSequence, end, tail } = await survey(input, last);
    if (tail !== undefined) torn(tail);
    last.nextSequence = nextSequence;
    last.bytes = end;
  }
  // Nothing of a recording is ever deleted: what is missing before its first segment is lost.
  const first = segments.at(-1)?.kind === "recording" ? 1 : segments[0]?.firstSequence ?? 1;
  return new SpillReader({ disk, segments, lost: () => {} }, Math.max(sequence, first));
}

function readOnly(directory: string | Disk): Disk {
  return typeof directory === "string" ? new DenoDisk(directory, "read") : directory;
}

/** A segment's beginning, and its file. */
export type NamedHead = SegmentHead & { name: string; number: number };

/** What a directory with these segments is for. */
export function kindOf(found: readonly NamedHead[]): DirectoryKind {
  return lastKind(found.flatMap(({ header }) => header ?? []));
}

/** The beginnings of all segments, by number. */
export async function heads(disk: Disk, names: readonly string[]): Promise<NamedHead[]> {
  const found: NamedHead[] = [];
  for (const name of names) {
    const number = segmentNumber(name);
    if (number !== undefined) found.push({ name, number, ...await readHead(disk, name, number) });
  }
  return found.sort((a, b) => a.number - b.number);
}

function findUnfinished(names: readonly string[], findings: FindingList): void {
  for (const name of names) {
    const ofSegment = name.endsWith(UNFINISHED) &&
      segmentNumber(name.slice(0, -UNFINISHED.length)) !== undefined;
    if (!ofSegment && !isUnfinishedCursor(name)) continue;
    findings.add({
      ...{ type: "unfinished_file", file: name, offset: 0, bytes: 0, records: 0, action: "none" },
      expected: "no unfinished file",
      actual: "one that a crash or a full disk left",
    });
  }
}

async function reportSegments(
  disk: Disk,
  found: readonly NamedHead[],
  findings: FindingList,
  visit: (header: RecordHeader) => void,
): Promise<SegmentReport[]> {
  const reports: SegmentReport[] = [];
  // Of all else but a recording, the oldest may have been deleted.
  let expected = kindOf(found) === "recording" ? 1 : Infinity;
  for (const [i, head] of found.entries()) {
    const { name, bytes, header, problem } = head;
    if (problem !== undefined) {
      const empty = header === undefined && bytes <= SEGMENT_HEADER_BYTES;
      const type = empty ? "unfinished_file" : "bad_segment";
      findings.add({ type, file: name, offset: 0, bytes, records: 0, ...problem, action: "none" });
    }
    if (header === undefined) continue;
    if (header.firstSequence > expected) {
      findings.add(missing(name, SEGMENT_HEADER_BYTES, expected, header.firstSequence));
    }
    const newest = i === found.length - 1;
    reports.push(await reportSegment(disk, head, header, newest, findings, visit));
    // One that came to nothing may have been begun before those behind it in the one before.
    expected = Math.max(...reports.map(({ nextSequence }) => nextSequence));
  }
  return reports;
}

async function reportSegment(
  disk: Disk,
  { name, bytes }: NamedHead,
  { marker, firstSequence }: { marker: Uint8Array; firstSequence: number },
  newest: boolean,
  findings: FindingList,
  visit: (header: RecordHeader) => void,
): Promise<SegmentReport> {
  using input = new SegmentInput(await disk.open(name, "read"), marker, bytes);
  const ends = new Ends();
  const result = await survey(input, { name, firstSequence }, (header) => {
    ends.add(header);
    visit(header);
  });
  findings.addAll(result.damage);
  // What is lost at the end of an older one shows where the next one begins.
  if (result.tail !== undefined) {
    findings.add(newest ? result.tail : { ...result.tail, type: "bad_record", records: 0 });
  }
  const { records, frames, payloadBytes, nextSequence } = result;
  return {
    ...{ file: name, bytes, records, frames, payloadBytes, firstSequence, nextSequence },
    firstMicros: ends.firstMicros,
    lastMicros: ends.lastMicros,
    firstEpoch: ends.firstEpoch,
    lastEpoch: result.lastEpoch,
  };
}

/** Times and connections at both ends of a segment. */
class Ends {
  firstMicros = 0;
  lastMicros = 0;
  firstEpoch = 0;

  add({ timeMicros, epoch }: RecordHeader): void {
    this.firstEpoch ||= epoch;
    if (timeMicros === 0) return;
    this.firstMicros ||= timeMicros;
    this.lastMicros = timeMicros;
  }
}
