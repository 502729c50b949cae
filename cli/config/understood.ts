/**
 * What of a config file can be understood though some of it is wrong: checks of
 * what goes together have more to say than that there is a mistake elsewhere.
 *
 * @module
 */

import { type Path, placed } from "./problems.ts";
import { type PartialConfig, partialSchema } from "./schema.ts";

/** The part of a file that can be understood. */
export interface Understood {
  config: PartialConfig;
  /** Whether what stands at a place, or just below it, may not be what was meant. */
  unclear(...path: Path): boolean;
}

interface Cut {
  path: Path;
  unknown: boolean;
}

/** Leaves out what is wrong until the rest is right. */
export function understand(value: unknown): Understood {
  const cuts: Cut[] = [];
  let rest = structuredClone(value);
  for (;;) {
    const { success, data, error } = partialSchema.safeParse(rest, { reportInput: true });
    if (success) {
      return { config: data, unclear: (...path) => cuts.some((cut) => touches(cut, path)) };
    }
    // All are looked up before the first is gone.
    const found = placed(error.issues).map(({ path, unknown }): Cut => {
      return { path: removable(rest, path), unknown };
    });
    for (const { path } of found) rest = without(rest, path);
    cuts.push(...found);
  }
}

/** The place itself, or what has it: of a list all, and what lacks something as a whole. */
function removable(root: unknown, path: Path): Path {
  const index = path.findIndex((part) => typeof part === "number");
  if (index >= 0) return path.slice(0, index);
  return holderOf(root, path) === undefined ? path.slice(0, -1) : path;
}

function without(root: unknown, path: Path): unknown {
  if (path.length === 0) return {};
  const holder = holderOf(root, path);
  if (holder !== undefined) Reflect.deleteProperty(holder, path[path.length - 1]);
  return root;
}

/** The object that has what the path leads to, if it is there. */
function holderOf(root: unknown, path: Path): object | undefined {
  let holder = root;
  for (const part of path.slice(0, -1)) holder = Object(holder)[part];
  if (typeof holder !== "object" || holder === null) return undefined;
  return Object.hasOwn(holder, path[path.length - 1]) ? holder : undefined;
}

function touches({ path: cut, unknown }: Cut, path: Path): boolean {
  if (begins(cut, path) || (cut.length === path.length + 1 && begins(path, cut))) return true;
  // A key that means nothing may be one that is missing beside it.
  return unknown && cut.length === path.length && begins(cut.slice(0, -1), path);
}

function begins(start: Path, path: Path): boolean {
  return start.length <= path.length && start.every((part, i) => part === path[i]);
}
