/**
 * Whether a directory may become what it is opened for: what one kind does with
 * its records would destroy another's.
 *
 * @module
 */

import { Cursors } from "./cursors.ts";
import type { DirectoryKind } from "./directory_kind.ts";
import type { Disk } from "./disk.ts";
import { SpillKindError } from "./errors.ts";
import { FindingList } from "./finding.ts";
import { SEGMENT_HEADER_BYTES } from "./format.ts";
import { heads, kindOf, readSpill } from "./inspect.ts";

/** Throws a `SpillKindError` if it may not. Changes nothing. */
export async function checkKind(disk: Disk, wanted: DirectoryKind): Promise<void> {
  if (wanted === "unsaid") return;
  const found = await heads(disk, await disk.list());
  if (!found.some(({ header, bytes }) => header !== undefined && bytes > SEGMENT_HEADER_BYTES)) {
    return;
  }
  const holds = kindOf(found);
  if (holds === wanted) return;
  // What nobody says anything of, because its header is damaged, may be its own.
  if (holds === "unsaid" && wanted !== "recording") return;
  // A journal keeps what it finds.
  if (holds === "spill" && wanted === "journal") return;
  if (holds === "journal" && wanted === "spill" && !await waits(disk)) return;
  throw new SpillKindError(disk.path, wanted, holds);
}

/** Whether a record is there that not all handlers have acknowledged. */
async function waits(disk: Disk): Promise<boolean> {
  const cursors = new Cursors(disk);
  await cursors.load(await disk.list(), new FindingList());
  const passed = Array.from(cursors.all(), ({ stored }) => stored.sequence);
  using reader = await readSpill(disk, Math.min(...passed.length === 0 ? [0] : passed) + 1);
  const result = await reader.next();
  if (result.type === "failed") throw result.error;
  return result.type !== "end";
}
