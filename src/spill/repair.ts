/**
 * Putting a damaged directory in order, so that a store reads it without
 * stumbling. Nothing is thrown away: a segment with damage in it keeps its bytes
 * under another name, and what is whole in it is written to a new one.
 *
 * @module
 */

import { DenoDisk } from "./deno_disk.ts";
import { type Disk, type DiskFile, readFully, writeFully } from "./disk.ts";
import { type Finding, FindingList } from "./finding.ts";
import {
  encodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  UNFINISHED,
} from "./format.ts";
import { lockDirectory } from "./lock.ts";
import { recover } from "./recovery.ts";
import { nameSetAside, readHead, type Segment } from "./segment.ts";
import { SegmentInput, walk } from "./segment_input.ts";
import { survey } from "./survey.ts";

/** What a repair has done. */
export interface RepairReport {
  /** Path of the directory. */
  directory: string;
  /** What was wrong, and what was done about it: the first thousand. */
  findings: Finding[];
  /** How much was wrong. */
  findingsTotal: number;
  /** Segments written anew: records kept, and where the damaged file is now. */
  rewritten: { file: string; records: number; setAside: string }[];
}

/**
 * Cuts the torn tail of the newest segment, sets segments aside that can't be
 * read, and writes those anew that are damaged in the middle. Needs
 * `--allow-read=DIR --allow-write=DIR`, and throws as `openSpill()` does: a
 * directory in use is not repaired.
 */
export async function repairSpill(directory: string | Disk): Promise<RepairReport> {
  const disk = typeof directory === "string" ? new DenoDisk(directory) : directory;
  // Throws if there is no such directory: taking the lock would make it.
  await disk.list();
  const lock = await lockDirectory(disk, "unsaid");
  try {
    const { segments, cursors, findings } = await recover(disk);
    const all = new FindingList();
    // Skipped is what is dealt with below.
    for (const finding of findings.kept) if (finding.action !== "skipped") all.add(finding);
    const rewritten: RepairReport["rewritten"] = [];
    for (const segment of segments) {
      const records = await repairSegment(disk, segment, all);
      if (records !== undefined) rewritten.push({ file: segment.name, ...records });
    }
    await cursors.store();
    return { directory: disk.path, findings: all.kept, findingsTotal: all.total, rewritten };
  } finally {
    lock[Symbol.dispose]();
  }
}

/** Writes a segment anew if something is wrong with it. */
async function repairSegment(
  disk: Disk,
  segment: Segment,
  findings: FindingList,
): Promise<{ records: number; setAside: string } | undefined> {
  const { name, number } = segment;
  const { problem, bytes, header } = await readHead(disk, name, number);
  const file = await disk.open(name, "read");
  using input = new SegmentInput(file, segment.marker, bytes);
  const { damage, tail } = await survey(input, segment);
  if (tail !== undefined) damage.add({ ...tail, type: "bad_record" });
  // Where records are missing and all bytes are whole, there is nothing to put right.
  const whole = damage.kept.every(({ type }) => type === "missing_records");
  for (const finding of damage.kept) {
    finding.action = finding.type === "missing_records" ? "none" : "set_aside";
  }
  findings.addAll(damage);
  if (problem !== undefined) {
    const at = { file: name, offset: 0, bytes: SEGMENT_HEADER_BYTES, records: 0 };
    findings.add({ type: "bad_segment", ...at, ...problem, action: "set_aside" });
  } else if (whole) return undefined;
  // INVARIANT: a store's segments have a header, or one was found by their first record.
  const records = await writeAnew(disk, name, header!, file, input);
  const setAside = nameSetAside(name, await disk.list());
  await disk.rename(name, setAside);
  await disk.sync();
  // A crash here leaves the new one whole, and the next start gives it its name.
  await disk.rename(name + UNFINISHED, name);
  await disk.sync();
  return { records, setAside };
}

const PIECE_BYTES = 1024 * 1024;

/** Writes a segment's whole records to a new file; gives how many there are. */
async function writeAnew(
  disk: Disk,
  name: string,
  header: SegmentHeader,
  from: DiskFile,
  input: SegmentInput,
): Promise<number> {
  const to = await disk.open(name + UNFINISHED, "create");
  try {
    await writeFully(to, encodeSegmentHeader(header), 0);
    let end = SEGMENT_HEADER_BYTES;
    let records = 0;
    for await (const met of walk(input, header.firstSequence)) {
      if (met.type !== "record") continue;
      await copy(from, met.position, met.next, to, end);
      end += met.next - met.position;
      records += 1;
    }
    await to.sync();
    await disk.sync();
    return records;
  } finally {
    to.close();
  }
}

async function copy(
  from: DiskFile,
  start: number,
  end: number,
  to: DiskFile,
  position: number,
): Promise<void> {
  const piece = new Uint8Array(Math.min(PIECE_BYTES, end - start));
  for (let at = start; at < end;) {
    const wanted = piece.subarray(0, Math.min(piece.length, end - at));
    const count = await readFully(from, wanted, at);
    await writeFully(to, wanted.subarray(0, count), position + at - start);
    // The file was this long a moment ago.
    if (count === 0) return;
    at += count;
  }
}
