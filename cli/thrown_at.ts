/**
 * Where code of the user's threw.
 *
 * @module
 */

import { RemoteError } from "../isolation.ts";

/** Modules of this package, and of Deno. */
const OWN = [
  ...["src/", "cli/"].map((path) => new URL(`../${path}`, import.meta.url).href),
  ...["data:", "ext:", "node:"],
];

/** The lines of the stack down to the last of the user's: who called that is of no use to them. */
export function thrownAt(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "";
  // A remote one's own stack only says where it arrived.
  const stack = thrown instanceof RemoteError ? thrown.remoteStack : thrown.stack;
  const lines = (stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const last = lines.findLastIndex(isOfUser);
  return lines.slice(0, last < 0 ? undefined : last + 1).join("\n");
}

function isOfUser(line: string): boolean {
  const { url } = /(?:\(|\bat (?:async )?)(?<url>[a-z]+:[^()]+?)\)?$/.exec(line)?.groups ?? {};
  return url !== undefined && !OWN.some((own) => url.startsWith(own));
}
