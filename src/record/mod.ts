/**
 * Recordings: a feed's raw bytes in a directory, with their times and
 * connections, and back again as if they came from the wire.
 *
 * @example Record what a handler gets
 * ```ts ignore
 * import { connect } from "jsr:@spillway/spillway";
 * import { openRecorder } from "jsr:@spillway/spillway/record";
 *
 * await using recorder = await openRecorder("/var/spool/ticks");
 * await using client = await connect("localhost:9000", {
 *   framing: { type: "lines" },
 *   tap: recorder.tap,
 * });
 * for await (const batch of client) console.log(batch.count);
 * ```
 *
 * @module
 */

export type { Chunk, Tap } from "../reader/tap.ts";
export type { DirectoryKind } from "../spill/directory_kind.ts";
export {
  type DiskError,
  type DiskOperation,
  SpillFormatError,
  SpillIoError,
  SpillKindError,
  SpillLockedError,
  SpillPermissionError,
} from "../spill/errors.ts";
export type { Disk, DiskFile, OpenMode } from "../spill/disk.ts";
export {
  type Finding,
  type FindingAction,
  type FindingList,
  findingSentence,
  type FindingType,
} from "../spill/finding.ts";
export type { SpillOptions } from "../spill/options.ts";
export type { Dialer, Duplex, Transport } from "../transport/transport.ts";
export { type RecordingEnd, RecordingError } from "./errors.ts";
export type { RecorderEvent, RecorderOptions } from "./options.ts";

export type { ReplaySpeed } from "./pace.ts";
export { openRecorder, type Recorder } from "./recorder.ts";
export {
  openReplay,
  type Replay,
  type ReplayEvent,
  type ReplayOptions,
  type ReplayStats,
} from "./replay.ts";
export type { RecorderStats } from "./stats.ts";
