/**
 * Handlers' files that are not there.
 *
 * @module
 */

import { UsageError } from "../usage.ts";
import type { HandlerPlan } from "./plan.ts";

/** Throws a `UsageError` that names one which is missing, as far as this program may look for itself. */
export async function refuseMissing(handlers: readonly HandlerPlan[]): Promise<void> {
  for (const { file } of handlers) {
    const { state } = Deno.permissions.querySync({ name: "read", path: file });
    // What may not be read here may be read by the handler's process.
    if (state === "granted" && await isMissing(file)) {
      throw new UsageError(`there is no handler file ${file}`);
    }
  }
}

async function isMissing(file: string): Promise<boolean> {
  try {
    await Deno.stat(file);
    return false;
  } catch (error) {
    // What else is wrong with it, loading it tells.
    return error instanceof Deno.errors.NotFound;
  }
}
