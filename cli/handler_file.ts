/**
 * Handlers that are modules of the user's.
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import type { Handler } from "../mod.ts";
import { HandlerModuleError, handlerOf } from "../src/isolation/contract.ts";
import { importFresh } from "./fresh_import.ts";
import { permissionError } from "./permission.ts";

/** The default export of the module in `file`; `fresh` as its files are now, though they were loaded before. */
export async function loadHandler(file: string, fresh = false): Promise<Handler> {
  let loaded: { default?: unknown };
  try {
    loaded = await (fresh ? importFresh(file) : import(pathToFileURL(file).href));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw permissionError(`the handler file ${file}`, error) ??
      new HandlerModuleError(`the handler file ${file} cannot be loaded: ${message}`, {
        cause: error,
      });
  }
  return handlerOf(loaded, `the handler file ${file}`);
}
