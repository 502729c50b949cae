/**
 * Opening a spill directory.
 *
 * @module
 */

import { DenoDisk } from "./deno_disk.ts";
import type { Disk } from "./disk.ts";
import { checkKind } from "./kind_check.ts";
import { lockDirectory } from "./lock.ts";
import { type OpenOptions, settle } from "./options.ts";
import { recover } from "./recovery.ts";
import { lastKind } from "./segment.ts";
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
    const last = recovered.segments.at(-1);
    let output: SegmentOutput | undefined;
    // Another kind's segment gets none of this one's records.
    if (last?.kind === kind && recovered.appendable) {
      const file = await disk.open(last.name, "write");
      output = new SegmentOutput(file, last.marker, last.bytes, settled.segmentBytes);
    }
    return new SpillStore(disk, lock, { ...settled, kind }, recovered, output);
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}
