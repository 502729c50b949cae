/**
 * Handlers that are modules of the user's.
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import type { Handler, OptionValues } from "../mod.ts";
import { messageOf } from "../src/errors.ts";
import { type HandlerModule, HandlerModuleError } from "../src/isolation/contract.ts";
import { configuredHandler } from "../src/isolation/schema.ts";
import { permissionError } from "./permission.ts";

/** How a module is loaded. */
export interface LoadOptions {
  /** Values of its options. */
  options: OptionValues | undefined;
  /** As its files are now, though they were loaded before. */
  fresh?: boolean;
}

/** URLs of modules that a handler has: another one of the same file gets variables of its own, as elsewhere. */
const taken = new Set<string>();

/** The default export of the module in `file`, with its options. */
export async function loadHandler(
  file: string,
  { options, fresh = false }: LoadOptions,
): Promise<Handler> {
  let loaded: HandlerModule;
  const { href } = pathToFileURL(file);
  const again = fresh || taken.has(href);
  taken.add(href);
  try {
    loaded = again
      ? await (await import("./fresh_import.ts")).importFresh(file)
      : await import(href);
  } catch (error) {
    const message = messageOf(error);
    throw permissionError(`the handler file ${file}`, error) ??
      new HandlerModuleError(`the handler file ${file} cannot be loaded: ${message}`, {
        cause: error,
      });
  }
  return configuredHandler(loaded, `the handler file ${file}`, options);
}
