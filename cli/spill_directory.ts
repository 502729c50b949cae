/**
 * Telling a spill directory from one that was mistyped.
 *
 * @module
 */

import { SpillwayError } from "../mod.ts";
import { isUnfinishedCursor, nameOf } from "../src/spill/cursors.ts";
import { DenoDisk } from "../src/spill/deno_disk.ts";
import { LOCK_NAME } from "../src/spill/lock.ts";
import { highestNumber } from "../src/spill/segment.ts";

/**
 * Throws if nothing in the directory is a spill's: where nothing is, nothing is
 * wrong, which would be said of any other directory.
 */
export async function checkSpill(
  directory: string,
  access: "read" | "read and write",
): Promise<void> {
  const names = await new DenoDisk(directory, access).list();
  if (highestNumber(names) === 0 && !names.some(isOfSpill)) {
    throw new SpillwayError(
      `no spill, journal, dead letters or recording is in ${directory}, check its path`,
    );
  }
}

/** What is left where all segments are used up. */
function isOfSpill(name: string): boolean {
  return name === LOCK_NAME || nameOf(name) !== undefined || isUnfinishedCursor(name);
}
