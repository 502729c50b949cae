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

/** What a PEM file holds, by the words in its first line. */
export type PemKind = "CERTIFICATE" | "PRIVATE KEY";

/** The text of a PEM file that `name` gives, which holds at least one of `kind`. */
export async function readPemFile(file: string, name: string, kind: PemKind): Promise<string> {
  const text = new TextDecoder().decode(await readFlagFile(file, name));
  if (!new RegExp(`^-----BEGIN (\\w+ )?${kind}-----`, "m").test(text)) {
    const what = kind === "CERTIFICATE" ? "a certificate" : "a private key";
    throw new UsageError(`${name} must be a PEM file with ${what}, ${file} has none`);
  }
  return text;
}
