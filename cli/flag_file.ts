/**
 * Files that flags name.
 *
 * @module
 */

import { permissionError } from "./permission.ts";
import { UsageError } from "./usage.ts";

/** The bytes of the file given as `--flag`. */
export async function readFlagFile(file: string, flag: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(file);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw permissionError(`--${flag}`, error) ??
      new UsageError(`--${flag} cannot be read: ${error.message}`);
  }
}
