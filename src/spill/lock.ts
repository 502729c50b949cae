/**
 * The lock of a directory, which its one writer has.
 *
 * @module
 */

import { DenoDisk } from "./deno_disk.ts";
import type { DirectoryKind } from "./directory_kind.ts";
import type { Disk } from "./disk.ts";
import { SpillLockedError } from "./errors.ts";

/** Name of the file that is locked. */
export const LOCK_NAME = "lock";

/** Of one directory, which may have several paths; it serves an error's words only, so what fails here is none. */
async function identityOf(disk: Disk): Promise<unknown> {
  try {
    return disk instanceof DenoDisk ? await disk.identityOf(LOCK_NAME) : disk;
  } catch {
    return disk;
  }
}

/** What this isolate has open, and what for: who is refused by himself should not look for others. */
const heldHere = new Map<unknown, DirectoryKind>();

/**
 * Takes the lock of a directory for as long as what it gives is not disposed.
 * Throws a `SpillLockedError` if somebody has it.
 */
export async function lockDirectory(disk: Disk, kind: DirectoryKind): Promise<Disposable> {
  const lock = await disk.lock(LOCK_NAME);
  const identity = await identityOf(disk);
  if (lock === undefined) throw new SpillLockedError(disk.path, heldHere.get(identity));
  heldHere.set(identity, kind);
  return {
    [Symbol.dispose]() {
      heldHere.delete(identity);
      lock[Symbol.dispose]();
    },
  };
}
