/**
 * Flags of `spillway replay --serve`.
 *
 * @module
 */

import type { CutPolicy } from "../push/policy.ts";
import type { Listening } from "./listening.ts";
import { listeningOf } from "./listening_flags.ts";
import { bytesFlag, type FlagNames, type Flags, timeFlag, UsageError } from "./usage.ts";

/** How a recording is served. */
export interface ServePlan extends CutPolicy, Listening {
  /** Begin again behind the last connection. */
  loop: boolean;
}

/** The flags there are. */
export const serveFlags: Required<FlagNames> = {
  string: ["port", "host", "unix", "max-queue", "no-progress", "cut"],
  boolean: ["serve", "loop"],
  repeated: [],
};

/** Makes a plan. */
export function servePlan(flags: Flags): ServePlan {
  const maxQueueBytes = bytesFlag(flags, "max-queue");
  if (maxQueueBytes !== undefined && flags.speed === "flat-out") {
    throw new UsageError("--max-queue does not go with --speed flat-out");
  }
  return {
    ...listeningOf(flags),
    loop: flags.loop === true,
    maxQueueBytes,
    noProgressMs: timeFlag(flags, "no-progress"),
  };
}
