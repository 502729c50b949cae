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

/** The default export of the module in `file`, with its options. */
export async function loadHandler(
  file: string,
  { options, fresh = false }: LoadOptions,
): Promise<Handler> {
  let loaded: HandlerModule;
  try {
    loaded = fresh
      ? await (await import("./fresh_import.ts")).importFresh(file)
      : await import(pathToFileURL(file).href);
  } catch (error) {
    const message = messageOf(error);
    throw permissionError(`the handler file ${file}`, error) ??
      new HandlerModuleError(`the handler file ${file} cannot be loaded: ${message}`, {
        cause: error,
      });
  }
  return configuredHandler(loaded, `the handler file ${file}`, options);
}
