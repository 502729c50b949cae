/**
 * The flags a handler process is started with.
 *
 * @module
 */

import { OptionError } from "../../errors.ts";
import type { Grants } from "../contract.ts";

const RIGHTS = ["net", "read", "write", "env", "run", "sys", "import"] as const;

/**
 * Flags for exactly `grants`. Without a right to import, remote modules and
 * npm packages are those in Deno's cache. Throws an `OptionError` for what is
 * no grant.
 */
export function flagsOf(grants: Grants): string[] {
  for (const name of Object.keys(grants)) {
    if (!(RIGHTS as readonly string[]).includes(name)) {
      throw new OptionError("grants", RIGHTS.join(", "), name);
    }
  }
  const allowed = RIGHTS.flatMap((right) => flagOf(right, grants[right]));
  const remote = allowed.some((flag) => flag.startsWith("--allow-import"));
  return [
    "--no-prompt",
    "--no-lock",
    ...allowed,
    ...remote ? [] : ["--deny-import", "--cached-only"],
  ];
}

function flagOf(right: keyof Grants, grant: Grants[keyof Grants]): string[] {
  if (grant === undefined || grant === false) return [];
  if (grant === true) return [`--allow-${right}`];
  if (!Array.isArray(grant)) throw new OptionError(`grants.${right}`, "true or a list", grant);
  // An empty entry or a comma within one would grant other things than it says.
  const bad = grant.find((entry) => typeof entry !== "string" || !/^[^,]+$/.test(entry));
  if (bad !== undefined) throw new OptionError(`grants.${right}`, "texts without a comma", bad);
  return grant.length === 0 ? [] : [`--allow-${right}=${grant.join(",")}`];
}
