/**
 * Flags of `spillway record`, and what they ask for.
 *
 * @module
 */

import type { ConnectOptions } from "../mod.ts";
import type { RecorderOptions } from "../src/record/options.ts";
import { connectionFlags, connectionOf, targetOf } from "./connect_flags.ts";
import { parseFraming } from "./framing_flags.ts";
import {
  bytesFlag,
  choiceFlag,
  type FlagNames,
  type Flags,
  textFlag,
  textFlags,
  timeFlag,
  UsageError,
} from "./usage.ts";

/** What a command line asks for. */
export interface RecordPlan {
  /** Where to connect to. */
  target: string;
  /** How. */
  options: ConnectOptions;
  /** Where to record to. */
  directory: string;
  /** How. */
  recorder: RecorderOptions;
  /** Time after which to end, in milliseconds. */
  durationMs: number | undefined;
  /** Events and summary as JSON. */
  json: boolean;
}

/** The flags there are. */
export const recordFlags: FlagNames = {
  string: [
    ...["dir", "segment", "max", "buffer", "when-behind", "sync-every", "duration"],
    ...connectionFlags.string,
  ],
  boolean: ["json", "help", ...connectionFlags.boolean],
  repeated: connectionFlags.repeated,
};

/** Makes a plan; reads the files that flags name. */
export async function recordPlan(flags: Flags, positionals: string[]): Promise<RecordPlan> {
  const target = targetOf("record", positionals);
  const directory = textFlag(flags, "dir");
  if (directory === undefined) throw new UsageError("record needs --dir DIR, where to record to");
  const framing = textFlag(flags, "framing");
  if (framing === undefined && textFlags(flags, "respond").length > 0) {
    throw new UsageError("--respond needs --framing, it compares frames");
  }
  return {
    target,
    options: {
      framing: parseFraming({ ...flags, framing: framing ?? "raw" }),
      ...await connectionOf(flags, target),
    },
    directory,
    recorder: {
      segmentBytes: bytesFlag(flags, "segment"),
      maxBytes: bytesFlag(flags, "max"),
      bufferBytes: bytesFlag(flags, "buffer"),
      whenBehind: choiceFlag(flags, "when-behind", ["pause", "stop"] as const),
      syncEveryMs: timeFlag(flags, "sync-every"),
    },
    durationMs: timeFlag(flags, "duration"),
    json: flags.json === true,
  };
}
