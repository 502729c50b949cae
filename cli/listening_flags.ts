/**
 * Flags of where a server listens and how it cuts clients off.
 *
 * @module
 */

import type { CutPolicy } from "../push/policy.ts";
import type { Listening } from "./listening.ts";
import { choiceFlag, type Flags, integerFlag, textFlag, UsageError } from "./usage.ts";

/** A port, or the path of a unix socket. */
export function listeningOf(flags: Flags): Listening & Pick<CutPolicy, "cut"> {
  const path = textFlag(flags, "unix");
  const cut = choiceFlag(flags, "cut", ["rst", "fin"] as const);
  const listening = {
    port: integerFlag(flags, "port", { max: 65_535 }),
    hostname: textFlag(flags, "host"),
  };
  if (path === undefined) return { ...listening, cut };
  const stray = ["port", "host"].find((name) => flags[name] !== undefined);
  if (stray !== undefined) throw new UsageError(`--${stray} does not go with --unix`);
  if (cut === "rst") {
    throw new UsageError("--cut rst does not go with --unix, a unix socket cannot be reset");
  }
  return { path, cut };
}
