/**
 * The module a worker begins with. Generated, because what it imports statically
 * is loaded with the parent's right to read, so that the handler needs none.
 *
 * @module
 */

import type { OptionValues } from "../../dispatch/handler.ts";
import { OptionError } from "../../errors.ts";
import type { Grants } from "../contract.ts";

/** URL of the module that has the runtime serve the handler in `specifier` with `options`. */
export function bootstrapUrl(specifier: string, options: OptionValues): string {
  const runtime = new URL("./runtime.ts", import.meta.url).href;
  const code = [
    `import { serve } from ${JSON.stringify(runtime)};`,
    `import * as handler from ${JSON.stringify(specifier)};`,
    `serve(handler, ${JSON.stringify(specifier)}, ${JSON.stringify(options)});`,
  ].join("\n");
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

/** Throws an `OptionError` for what is no URL. */
export function checkSpecifier(specifier: string | URL): string {
  const { href } = URL.parse(specifier) ?? {};
  if (href === undefined) {
    const expected = 'a URL, such as import.meta.resolve("./handler.ts")';
    throw new OptionError("specifier", expected, specifier);
  }
  return href;
}

/** What `Worker` takes as `deno.permissions`. */
export type WorkerPermissions = Record<keyof Grants | "ffi", boolean | string[]>;

/** A native library could do everything else, so `ffi` can't be granted. */
const NOTHING: Readonly<WorkerPermissions> = {
  net: false,
  read: false,
  write: false,
  env: false,
  run: false,
  sys: false,
  import: false,
  ffi: false,
};

/** Exactly what is granted; all else is refused. Throws an `OptionError` for rights there are not. */
export function permissionsOf(grants: Grants): WorkerPermissions {
  const permissions = { ...NOTHING };
  for (const [right, granted] of Object.entries(grants)) {
    if (right === "ffi" || !Object.hasOwn(NOTHING, right)) {
      const rights = Object.keys(NOTHING).filter((known) => known !== "ffi");
      throw new OptionError("grants", rights.join(", "), right);
    }
    if (granted !== undefined) {
      permissions[right as keyof Grants] = listed(`grants.${right}`, granted);
    }
  }
  return permissions;
}

function listed(option: string, granted: boolean | readonly string[]): boolean | string[] {
  if (typeof granted === "boolean") return granted;
  if (Array.isArray(granted) && granted.every((entry) => typeof entry === "string")) {
    return [...granted];
  }
  throw new OptionError(option, "true, false or a list of texts", granted);
}
