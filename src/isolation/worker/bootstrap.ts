/**
 * The module a worker begins with. Generated, because what it imports statically
 * is loaded with the parent's right to read, so that the handler needs none.
 *
 * @module
 */

import type { OptionValues } from "../../dispatch/handler.ts";
import { OptionError } from "../../errors.ts";
import type { Grants } from "../contract.ts";

/** Whom a worker reports to: who started it, or who has the other end of the port it is posted first. */
export type ReportsTo = "parent" | "port";

/** URL of the module that has the runtime serve the handler in `specifier` with `options`. */
export function bootstrapUrl(
  specifier: string,
  options: OptionValues,
  reportsTo: ReportsTo = "parent",
): string {
  const own = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
  return moduleUrl([
    `import { channel } from ${own(`./${reportsTo}_channel.ts`)};`,
    `import { serve } from ${own("./runtime.ts")};`,
    `import * as handler from ${JSON.stringify(specifier)};`,
    `serve(channel, handler, ${JSON.stringify(specifier)}, ${JSON.stringify(options)});`,
  ]);
}

/** URL of a module of these lines. */
export function moduleUrl(lines: readonly string[]): string {
  return `data:text/javascript,${encodeURIComponent(lines.join("\n"))}`;
}

/** Throws an `OptionError` that names `option` for what is no URL. */
export function checkSpecifier(specifier: string | URL, option = "specifier"): string {
  const { href } = URL.parse(specifier) ?? {};
  if (href === undefined) {
    const expected = 'a URL, such as import.meta.resolve("./handler.ts")';
    throw new OptionError(option, expected, specifier);
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
