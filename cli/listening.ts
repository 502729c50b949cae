/**
 * Whether a server may listen where it was asked to.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { absolutePath, flagsFor } from "../src/transport/flags.ts";
import { PermissionError } from "./permission.ts";

/** Where a server is to listen. */
export interface Listening {
  /** A free one by default. */
  port?: number;
  /** Address to listen on; `127.0.0.1` by default. */
  hostname?: string;
  /** Path of a unix socket to listen on instead. */
  path?: string;
}

/** Throws for want of a permission: what node's `listen()` throws for it comes where nobody can catch it. */
export async function checkListening(
  { port = 0, hostname = "127.0.0.1", path }: Listening,
): Promise<void> {
  if (path !== undefined) return checkUnix(path);
  const name = netName(hostname, port);
  check([{ name: "net", host: name }], name, flagsFor(name));
  if (isIP(hostname) !== 0) return;
  const address = await addressOf(hostname);
  if (address === undefined) return;
  const resolved = netName(address, port);
  check([{ name: "net", host: resolved }], resolved, `${flagsFor(name)},${resolved}`);
}

/** `undefined` if it can't be looked up: `listen()` says so itself. */
async function addressOf(hostname: string): Promise<string | undefined> {
  try {
    return (await lookup(hostname)).address;
  } catch {
    // Looking a name up here takes the right to all its ports, which `listen()` does without.
    return hostname === "localhost" ? "127.0.0.1" : undefined;
  }
}

function checkUnix(path: string): void {
  const access = (["read", "write"] as const).map((name) => ({ name, path }));
  const host = `unix:${absolutePath(path) ?? path}`;
  check([...access, { name: "net", host }], `unix:${path}`, flagsFor(`unix:${path}`));
}

function netName(hostname: string, port: number): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** Asks who runs this, where Deno does. */
function check(permissions: Deno.PermissionDescriptor[], name: string, flags: string): void {
  if (permissions.every((one) => Deno.permissions.requestSync(one).state === "granted")) return;
  throw new PermissionError(`listening on ${name} is not permitted, run again with ${flags}`);
}
