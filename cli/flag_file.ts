/**
 * Files that flags and config files name.
 *
 * @module
 */

import { permissionError } from "./permission.ts";
import { UsageError } from "./usage.ts";

/** The bytes of a file that `name` gives: a flag, or a key of a config file. */
export async function readFlagFile(file: string, name: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(file);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw permissionError(name, error) ??
      new UsageError(`${name} cannot be read: ${error.message}`);
  }
}
