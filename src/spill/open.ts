/**
 * Opening a spill directory.
 *
 * @module
 */

import { DenoDisk } from "./deno_disk.ts";
import type { Disk } from "./disk.ts";
import { SpillLockedError } from "./errors.ts";
import { settle, type SpillOptions } from "./options.ts";
import { recover } from "./recovery.ts";
import { SegmentOutput } from "./segment_output.ts";
import { SpillStore } from "./store.ts";

/** Name of the file whose lock the one writer has. */
export const LOCK_NAME = "lock";

/**
 * Takes the lock of a directory for as long as what it gives is not disposed.
 * Throws a `SpillLockedError` if another process has it.
 */
export async function lockDirectory(disk: Disk): Promise<Disposable> {
  const lock = await disk.lock(LOCK_NAME);
  if (lock === undefined) throw new SpillLockedError(disk.path);
  return lock;
}

/**
 * Opens a spill directory, by its path or as a {@linkcode Disk}, and takes its
 * lock. Cuts the torn tail of the newest segment; what was found is in
 * `findings`.
 *
 * Throws a `SpillLockedError` if another process has the directory, a
 * `SpillPermissionError` naming the flags that are missing, a `SpillFormatError`
 * for another version's files, and a `SpillIoError` if the disk refuses.
 */
export async function openSpill(
  directory: string | Disk,
  options: SpillOptions = {},
): Promise<SpillStore> {
  const settled = settle(options);
  const disk = typeof directory === "string" ? new DenoDisk(directory) : directory;
  const lock = await lockDirectory(disk);
  try {
    const recovered = await recover(disk);
    const last = recovered.segments.at(-1);
    let output: SegmentOutput | undefined;
    if (last !== undefined && recovered.appendable) {
      const file = await disk.open(last.name, "write");
      output = new SegmentOutput(file, last.marker, last.bytes, settled.segmentBytes);
    }
    return new SpillStore(disk, lock, settled, recovered, output);
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}
