/**
 * Permissions that are missing, and the flag that grants them.
 *
 * @module
 */

import { endpointName, parseTarget } from "../src/transport/target.ts";
import type { Target } from "../src/transport/transport.ts";

/**
 * Has Deno ask for the right to connect, if it asks. Behind a listener for
 * interrupts Ctrl-C would do nothing at its question.
 */
export function askToConnect(target: Target): void {
  const endpoint = parseTarget(target);
  if (endpoint.kind !== "tcp" && endpoint.kind !== "tls") return;
  // What comes of it is told by the attempt.
  Deno.permissions.requestSync({ name: "net", host: endpointName(endpoint) });
}

/** Deno refused something; the message names the flag to add. */
export class PermissionError extends Error {
  /** Always `"PermissionError"`. */
  override name = "PermissionError";
}

/** Deno's sentence, such as `Requires read access to "a.txt", run again with the --allow-read flag`. */
const REFUSAL = /Requires (?<kind>[a-z]+) access to "?(?<what>[^"\n]+?)"?, run again/;

/** What Deno refused, if it is that. */
export function refusalOf(error: unknown): { kind: string; what: string } | undefined {
  // A refused import is a TypeError, one in a process comes as text, all else is NotCapable.
  const groups = REFUSAL.exec(error instanceof Error ? error.message : "")?.groups;
  return groups as { kind: string; what: string } | undefined;
}

/** The error with the whole flag to add, if Deno refused `subject` for want of a permission. */
export function permissionError(subject: string, error: unknown): PermissionError | undefined {
  const refusal = refusalOf(error);
  if (refusal === undefined) return undefined;
  const { kind, what } = refusal;
  return new PermissionError(
    `${subject} needs ${kind} access to ${what}, run again with --allow-${kind}=${what}`,
    { cause: error },
  );
}
