/**
 * What `--live` names: a server by its address, or a process.
 *
 * @module
 */

import { numericAddress } from "../../doctor/address.ts";
import type { LiveTarget } from "../../doctor/live/target.ts";
import { SpillwayError } from "../../mod.ts";
import { permissionError } from "../permission.ts";
import { UsageError } from "../usage.ts";

/** There is nothing to watch. */
export class LiveError extends SpillwayError {
  /** Always `"LiveError"`. */
  override name = "LiveError";
}

/** The addresses of localhost: both, as a program may use either. */
const LOCALHOST = ["127.0.0.1", "::1"];

/** Reads a target; looks its name up if it is neither numeric nor localhost. */
export async function liveTarget(text: string): Promise<LiveTarget> {
  if (/^\d+$/.test(text)) {
    const pid = Number(text);
    if (!Number.isSafeInteger(pid) || pid === 0) {
      throw new UsageError(`--live must be HOST:PORT or the number of a process, got ${text}`);
    }
    return { kind: "process", pid, inodes: new Set() };
  }
  const match = /^(?:tcp:\/\/|tls:\/\/)?(?:\[([^\]]+)\]|([^:/\s[\]]*)):(\d+)\/?$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 0xffff) {
    const advice = text.startsWith("unix:") ? "; a unix socket is not listed with its bytes" : "";
    throw new UsageError(
      `--live must be HOST:PORT, as of the server, or the number of a process, got ${text}${advice}`,
    );
  }
  // As where a feed connects to: without a host it is this one.
  const host = match[1] ?? (match[2] || "127.0.0.1");
  return { kind: "server", addresses: await addressesOf(host), port };
}

async function addressesOf(host: string): Promise<ReadonlySet<string> | undefined> {
  if (host === "*") return undefined;
  if (host.toLowerCase() === "localhost") return new Set(LOCALHOST);
  const numeric = numericAddress(host);
  if (numeric !== undefined) return new Set([numeric]);
  // What looks like an address and is none is no name either.
  if (/:|^[\d.]+$/.test(host)) throw new UsageError(`--live: ${host} is no IP address`);
  const found = await Promise.all([lookUp(host, "A"), lookUp(host, "AAAA")]);
  const addresses = new Set(found.flat());
  if (addresses.size > 0) return addresses;
  throw new LiveError(
    `the name server does not know ${host} (names of /etc/hosts are not known to it): give the ` +
      "numeric address",
  );
}

async function lookUp(host: string, type: "A" | "AAAA"): Promise<string[]> {
  try {
    const addresses = await Deno.resolveDns(host, type);
    return addresses.map((address) => numericAddress(address) ?? address);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    const subject = `looking ${host} up (not needed for a numeric address)`;
    throw permissionError(subject, error) ??
      new LiveError(`${host} could not be looked up: ${(error as Error).message}`);
  }
}
