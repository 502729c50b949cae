/**
 * Rights that are handed on must be this program's own.
 *
 * @module
 */

import { DisconnectError } from "../errors.ts";
import type { Grants } from "../isolation/contract.ts";
import type { WorkerPermissions } from "../isolation/worker/bootstrap.ts";
import { HoldMeter } from "../hold_meter.ts";
import { classify } from "../transport/failure.ts";
import { report } from "../verdict.ts";
import { GrantError } from "./errors.ts";

/** Throws a {@linkcode GrantError} that names the flags this program lacks to grant a handler what it is to have. */
export function checkGrants(handler: string | undefined, permissions: WorkerPermissions): void {
  const flags = Object.entries(permissions).flatMap(([right, granted]) =>
    missingFlags(right as keyof Grants, granted)
  );
  if (flags.length > 0) throw new GrantError(handler, flags);
}

function missingFlags(right: keyof Grants, granted: boolean | string[]): string[] {
  if (granted === false) return [];
  if (granted === true) return isOwn({ name: right }) ? [] : [`--allow-${right}`];
  const missing = granted.filter((what) => !isOwn({ name: right, ...WHAT[right](what) }));
  return missing.length === 0 ? [] : [`--allow-${right}=${missing.join(",")}`];
}

/** What a right is for, as Deno's permissions have it. */
const WHAT: Readonly<Record<keyof Grants, (what: string) => object>> = {
  net: (host) => ({ host }),
  read: (path) => ({ path }),
  write: (path) => ({ path }),
  env: (variable) => ({ variable }),
  run: (command) => ({ command }),
  sys: (kind) => ({ kind }),
  import: (host) => ({ host }),
};

function isOwn(descriptor: { name: keyof Grants }): boolean {
  try {
    return Deno.permissions.querySync(descriptor as Deno.PermissionDescriptor).state === "granted";
  } catch {
    // Nothing that can be asked for; starting the worker tells what is wrong with it.
    return true;
  }
}

/** What a client in this isolate would end with, had it not the right to connect to `name`. */
export function notPermitted(name: string, cause: unknown): DisconnectError {
  const { reason, what } = classify(cause, name);
  const meter = new HoldMeter();
  const now = performance.now();
  return new DisconnectError(
    what,
    reason,
    report({
      ...{ reason, epoch: 0, bytes: 0, frames: 0, meter },
      ...{ connectedAt: undefined, endedAt: now },
    }),
    { cause },
  );
}
