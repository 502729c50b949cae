/**
 * Frames that memory has no room for wait on disk, or all of them do.
 *
 * @example
 * ```ts ignore
 * import { connect } from "jsr:@spillway/spillway";
 * import { spillTo } from "jsr:@spillway/spillway/spill";
 *
 * await using client = await connect("feed.example:9000", {
 *   framing: { type: "lines" },
 *   whenFull: spillTo("/var/spool/feed"),
 * });
 * for await (const batch of client) console.log(batch.count);
 * ```
 *
 * @module
 */

export type { Overflow } from "./src/backlog/backlog.ts";
export {
  type JournalOptions,
  journalTo,
  type SpillOptions,
  spillTo,
} from "./src/backlog/spill_to.ts";
export type { DirectoryKind } from "./src/spill/directory_kind.ts";
export {
  type DiskOperation,
  SpillFormatError,
  SpillIoError,
  SpillKindError,
  SpillLockedError,
  SpillPermissionError,
} from "./src/spill/errors.ts";
