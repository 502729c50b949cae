/**
 * Opening a spill directory.
 *
 * @module
 */

import { DenoDisk } from "./deno_disk.ts";
import type { DirectoryKind } from "./directory_kind.ts";
import type { Disk } from "./disk.ts";
import { checkKind } from "./kind_check.ts";
import { lockDirectory } from "./lock.ts";
import { type OpenOptions, settle } from "./options.ts";
import { recover, type Recovered } from "./recovery.ts";
import { createSegment, lastKind } from "./segment.ts";
import { SegmentOutput } from "./segment_output.ts";
import { SpillStore } from "./store.ts";

/**
 * Opens a spill directory, by its path or as a {@linkcode Disk}, and takes its
 * lock. Cuts the torn tail of the newest segment; what was found is in
 * `findings`.
 *
 * Throws a `SpillLockedError` if another process has the directory, a
 * `SpillPermissionError` naming the flags that are missing, a `SpillFormatError`
 * for another version's files, a `SpillKindError` for a directory that holds
 * something else than it is opened for, and a `SpillIoError` if the disk refuses.
 */
export async function openSpill(
  directory: string | Disk,
  options: OpenOptions = {},
): Promise<SpillStore> {
  const settled = settle(options);
  const disk = typeof directory === "string" ? new DenoDisk(directory) : directory;
  const lock = await lockDirectory(disk, options.kind ?? "unsaid");
  try {
    if (options.kind !== undefined) await checkKind(disk, options.kind);
    const recovered = await recover(disk);
    const kind = options.kind ?? lastKind(recovered.segments);
    const output = await outputOf(disk, recovered, kind, settled.segmentBytes);
    return new SpillStore(disk, lock, { ...settled, kind }, recovered, output);
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** What appends to the last segment, if it may be appended to and is of this kind. */
async function outputOf(
  disk: Disk,
  recovered: Recovered,
  kind: DirectoryKind,
  segmentBytes: number,
): Promise<SegmentOutput | undefined> {
  const { segments, appendable } = recovered;
  const last = segments.at(-1);
  if (last === undefined) return undefined;
  if (last.kind === kind) {
    if (!appendable) return undefined;
    const file = await disk.open(last.name, "write");
    return new SegmentOutput(file, last.marker, last.bytes, segmentBytes);
  }
  // What a journal took over is its own from now on, not first when something is appended.
  if (kind !== "journal") return undefined;
  const { nextNumber, nextSequence, lastEpoch } = recovered;
  const { segment, file } = await createSegment(disk, nextNumber, nextSequence, lastEpoch, kind);
  recovered.nextNumber += 1;
  segments.push(segment);
  return new SegmentOutput(file, segment.marker, segment.bytes, segmentBytes);
}
