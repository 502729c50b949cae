/**
 * What a store does when it opens a directory: finds the segments, finishes
 * what a crash left unfinished, cuts the torn tail of the newest segment.
 *
 * Reads the header of every segment and all of the newest one, which it writes
 * once more and syncs, and where that has no record the one before. What is damaged elsewhere is found
 * when it is read.
 *
 * @module
 */

import { Cursors, isUnfinishedCursor } from "./cursors.ts";
import { type Disk, type DiskFile, readFully, writeFully } from "./disk.ts";
import { FindingList } from "./finding.ts";
import { SEGMENT_HEADER_BYTES, segmentNumber, UNFINISHED } from "./format.ts";
import { highestNumber, nameSetAside, readHead, type Segment } from "./segment.ts";
import { SegmentInput } from "./segment_input.ts";
import { survey } from "./survey.ts";

/** A directory as it was found, and put in order. */
export interface Recovered {
  /** By number; all but the last end where the next one begins. */
  segments: Segment[];
  /** Whether the last one may be appended to. */
  appendable: boolean;
  /** All registered cursors. */
  cursors: Cursors;
  /** The first number no segment ever had. */
  nextNumber: number;
  /** Sequence of the next record. */
  nextSequence: number;
  /** The latest connection any record or cursor is of, 0 if there is none. */
  lastEpoch: number;
  findings: FindingList;
}

/** Opens the directory for a store that has its lock. */
export async function recover(disk: Disk): Promise<Recovered> {
  const findings = new FindingList();
  const names = await finishUnfinished(disk, await disk.list(), findings);
  const cursors = new Cursors(disk);
  await cursors.load(names, findings);
  const { segments, damaged, previousEpoch } = await sortOutSegments(disk, names, findings);
  await removeLeftovers(disk, segments, findings);
  if (findings.total > 0) await disk.sync();
  const last = segments.at(-1);
  const { lastEpoch, sound } = last === undefined
    ? { lastEpoch: 0, sound: true }
    : await recoverLast(disk, last, findings);
  const recovered = last?.nextSequence ?? 1;
  const nextSequence = Math.max(recovered, ...positionsBehind(cursors));
  return {
    segments,
    appendable: last !== undefined && sound && isAppendable(last, nextSequence) &&
      !damaged.has(last),
    cursors,
    nextNumber: highestNumber(names) + 1,
    nextSequence,
    lastEpoch: Math.max(
      lastEpoch,
      previousEpoch,
      ...Array.from(cursors.all(), ({ stored }) => stored.epoch),
    ),
    findings,
  };
}

/**
 * Sequences within a segment have no gaps. And the name of an empty one may not
 * be on disk: that it was made is known only when a record followed.
 */
function isAppendable(last: Segment, nextSequence: number): boolean {
  return last.nextSequence === nextSequence && last.nextSequence > last.firstSequence;
}

/** A cursor may be ahead of what is left; no new record may have a sequence it has passed, if only in part. */
function positionsBehind(cursors: Cursors): number[] {
  return Array.from(cursors.all(), ({ stored: { sequence, handledFrames = 0 } }) => {
    return sequence + (handledFrames > 0 ? 2 : 1);
  });
}

/** Brings to an end what a crash interrupted; gives the names of the files there are now. */
async function finishUnfinished(
  disk: Disk,
  names: string[],
  findings: FindingList,
): Promise<string[]> {
  const left = new Set(names);
  for (const name of names) {
    const segment = name.slice(0, -UNFINISHED.length);
    const ofSegment = name.endsWith(UNFINISHED) && segmentNumber(segment) !== undefined;
    if (!ofSegment && !isUnfinishedCursor(name)) continue;
    // A repair sets the old segment aside when the new one is whole and on disk.
    const finish = ofSegment && !left.has(segment);
    if (finish) await disk.rename(name, segment);
    else await disk.remove(name);
    left.delete(name);
    if (finish) left.add(segment);
    findings.add({
      type: "unfinished_file",
      file: name,
      offset: 0,
      bytes: 0,
      records: 0,
      expected: "no unfinished file",
      actual: "one that a crash or a full disk left",
      action: finish ? "finished" : "removed",
    });
  }
  return [...left];
}

/**
 * Removes segments that were never begun and sets aside what is none; gives all
 * others by number, those of them whose header is damaged, and the epoch that the
 * last one's header names.
 */
async function sortOutSegments(
  disk: Disk,
  names: string[],
  findings: FindingList,
): Promise<{ segments: Segment[]; damaged: Set<Segment>; previousEpoch: number }> {
  const segments: Segment[] = [];
  let previousEpoch = 0;
  const damaged = new Set<Segment>();
  const numbered = names
    .map((name) => ({ name, number: segmentNumber(name) }))
    .filter((file): file is { name: string; number: number } => file.number !== undefined)
    .sort((a, b) => a.number - b.number);
  for (const { name, number } of numbered) {
    const { bytes, header, problem: found } = await readHead(disk, name, number);
    const previous = segments.at(-1);
    const least = previous?.firstSequence ?? 1;
    const inOrder = header === undefined || header.firstSequence >= least;
    const problem = inOrder
      ? found
      : { expected: `a first sequence from ${least} on`, actual: `${header.firstSequence}` };
    const at = { file: name, offset: 0, bytes, records: 0 };
    if (header === undefined && bytes <= SEGMENT_HEADER_BYTES) {
      await disk.remove(name);
      findings.add({
        ...at,
        ...(problem ?? NO_HEADER),
        type: "unfinished_file",
        action: "removed",
      });
      continue;
    }
    if (header === undefined || !inOrder) {
      await disk.rename(name, nameSetAside(name, names));
      findings.add({ ...at, ...(problem ?? NO_HEADER), type: "bad_segment", action: "set_aside" });
      continue;
    }
    const { kind, marker, firstSequence } = header;
    const nextSequence = firstSequence;
    const segment = { kind, name, number, marker, firstSequence, nextSequence, bytes };
    segments.push(segment);
    previousEpoch = header.previousEpoch;
    if (problem === undefined) continue;
    damaged.add(segment);
    findings.add({ ...at, ...problem, type: "bad_segment", action: "skipped" });
  }
  return { segments, damaged, previousEpoch };
}

/**
 * Removes segments that were begun and came to nothing, though they could not be
 * removed then: what is written in the one before would count as theirs.
 */
async function removeLeftovers(
  disk: Disk,
  segments: Segment[],
  findings: FindingList,
): Promise<void> {
  const leftovers = segments.slice(0, -1).filter(isEmpty);
  const [previous, newest] = segments.filter((one) => !leftovers.includes(one)).slice(-2);
  if (newest !== undefined && isEmpty(newest) && await goesBeyond(disk, previous, newest)) {
    leftovers.push(newest);
  }
  for (const leftover of leftovers) {
    const { name: file, bytes } = leftover;
    await disk.remove(file);
    segments.splice(segments.indexOf(leftover), 1);
    const at = { file, offset: 0, bytes, records: 0, action: "removed" } as const;
    findings.add({ ...at, type: "unfinished_file", expected: "a record", actual: "none" });
  }
  for (const [i, { firstSequence }] of segments.entries()) {
    if (i > 0) segments[i - 1].nextSequence = firstSequence;
  }
}

function isEmpty({ bytes }: Segment): boolean {
  return bytes <= SEGMENT_HEADER_BYTES;
}

/** Whether records were appended to a segment when the next one had been begun. */
async function goesBeyond(disk: Disk, segment: Segment, next: Segment): Promise<boolean> {
  using input = new SegmentInput(
    await disk.open(segment.name, "read"),
    segment.marker,
    segment.bytes,
  );
  const { nextSequence, tail } = await survey(input, segment);
  const torn = tail !== undefined && nextSequence === next.firstSequence;
  return torn || nextSequence > next.firstSequence;
}

const NO_HEADER = { expected: "a segment's header", actual: "none" };

/**
 * Reads all of the newest segment, cuts its torn tail and brings the rest onto the
 * disk; gives the last record's
 * epoch, and whether all before that is whole. Else nothing may be appended: it
 * could come to lie within the length that a torn record's header claims, and
 * would be passed over with that.
 */
async function recoverLast(
  disk: Disk,
  last: Segment,
  findings: FindingList,
): Promise<{ lastEpoch: number; sound: boolean }> {
  const file = await disk.open(last.name, "write");
  using input = new SegmentInput(file, last.marker, last.bytes);
  const { end, nextSequence, lastEpoch, damage, tail } = await survey(input, last);
  last.nextSequence = nextSequence;
  for (const finding of damage.kept) finding.action = "skipped";
  findings.addAll(damage);
  if (tail !== undefined) {
    await file.truncate(end);
    last.bytes = end;
    findings.add({ ...tail, action: "cut" });
  }
  await writeAgain(file, last.bytes);
  return { lastEpoch, sound: damage.total === 0 };
}

const PIECE_BYTES = 1024 * 1024;

/**
 * Brings a file's first `bytes` onto the disk, whatever became of them: a sync
 * that failed leaves pages that count as written and are not, so a sync alone
 * would prove nothing. Writing what is there already can't tear anything.
 */
async function writeAgain(file: DiskFile, bytes: number): Promise<void> {
  const piece = new Uint8Array(Math.min(bytes, PIECE_BYTES));
  for (let at = 0; at < bytes;) {
    const count = await readFully(file, piece.subarray(0, bytes - at), at);
    await writeFully(file, piece.subarray(0, count), at);
    at += count;
    if (count === 0) break;
  }
  await file.sync();
}
