/**
 * Importing a module as its files are now, though it has been imported before.
 *
 * @module
 */

import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import type { HandlerModule } from "../src/isolation/contract.ts";

/** Each import of a module has a number of its own, which its URL says; what it was before stays in memory. */
let imports = 0;
const NUMBERED = /\?reload=\d+$/;
/** Spillway itself: a second copy would not know the errors of the first. */
const OWN_SOURCE = new URL("../src/", import.meta.url).href;

/** Imports the module in `file`, and what it imports of other files, anew. */
export function importFresh(file: string): Promise<HandlerModule> {
  if (imports === 0) registerHooks({ resolve: numbered });
  imports += 1;
  return import(`${pathToFileURL(file).href}?reload=${imports}`);
}

/** Passes the number of a module on to the files it imports. */
function numbered(
  specifier: string,
  context: { parentURL?: string },
  next: (specifier: string, context: object) => { url: string },
): { url: string } {
  const resolved = next(specifier, context);
  const [number] = NUMBERED.exec(context.parentURL ?? "") ?? [];
  const { url } = resolved;
  const shared = !url.startsWith("file:") || url.includes("/node_modules/") ||
    url.startsWith(OWN_SOURCE) || url.includes("?");
  return number === undefined || shared ? resolved : { ...resolved, url: `${url}${number}` };
}
