/**
 * What the commands that take a feed exit with; their help lists the same.
 *
 * @module
 */

import { GrantError } from "../isolation.ts";
import { DisconnectError, HandlerError, OptionError, SpillwayError } from "../mod.ts";
import { SpillPermissionError } from "../src/spill/errors.ts";
import { HandlerModuleError } from "../src/isolation/contract.ts";
import type { Interrupt } from "./interrupt.ts";
import { PermissionError } from "./permission.ts";
import { OutputError } from "./standard_streams.ts";
import { UsageError } from "./usage.ts";

/** Shells' numbers: 128 and the signal's own. */
export const INTERRUPT_CODES: Readonly<Record<Interrupt, number>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGTERM: 143,
};

/** The exit code for an error; `undefined` for what is none of these, a defect. */
export function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof UsageError || error instanceof OptionError) return 2;
  const permissions = [GrantError, PermissionError, SpillPermissionError];
  if (permissions.some((type) => error instanceof type)) return 3;
  if (error instanceof DisconnectError) return error.reason === "permission" ? 3 : 1;
  const own = [HandlerError, HandlerModuleError, OutputError];
  if (own.some((type) => error instanceof type)) return 4;
  return error instanceof SpillwayError ? 1 : undefined;
}
