/**
 * Flags of `spillway replay --serve`.
 *
 * @module
 */

import type { CutPolicy } from "../push/policy.ts";
import {
  bytesFlag,
  choiceFlag,
  type FlagNames,
  type Flags,
  integerFlag,
  textFlag,
  timeFlag,
  UsageError,
} from "./usage.ts";

/** How a recording is served. */
export interface ServePlan extends CutPolicy {
  /** Port to listen on, a free one by default. */
  port?: number;
  /** Address to listen on. */
  hostname?: string;
  /** Path of a unix socket to listen on instead. */
  path?: string;
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
  const cut = choiceFlag(flags, "cut", ["rst", "fin"] as const);
  const path = textFlag(flags, "unix");
  if (cut === "rst" && path !== undefined) {
    throw new UsageError("--cut rst does not go with --unix, a unix socket cannot be reset");
  }
  return {
    port: integerFlag(flags, "port", { max: 65_535 }),
    hostname: textFlag(flags, "host"),
    path,
    loop: flags.loop === true,
    maxQueueBytes,
    noProgressMs: timeFlag(flags, "no-progress"),
    cut,
  };
}
