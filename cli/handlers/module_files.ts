/**
 * The local files a module is made of: its own, and those it imports by a
 * relative path, however deep.
 *
 * @module
 */

import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { messageOf } from "../../src/errors.ts";
import { PermissionError } from "../permission.ts";
import { UsageError } from "../usage.ts";

/** Texts by path; `undefined` for a file that is not there. */
export type ModuleFiles = ReadonlyMap<string, string | undefined>;

/** Texts that look like an import do no harm: a file more is watched, if it is there. */
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*["'](?<specifier>\.{1,2}\/[^"'\n]+)["']/g;
const CODE = /\.[cm]?[jt]sx?$/;

/** Reads the files of the module in `file`; rejects with a `PermissionError` that names the flag. */
export async function moduleFiles(file: string): Promise<ModuleFiles> {
  const files = new Map<string, string | undefined>();
  const paths = [file];
  for (const path of paths) {
    if (files.has(path)) continue;
    const text = await read(path);
    files.set(path, text);
    if (text !== undefined && CODE.test(path)) paths.push(...importsOf(path, text));
  }
  return files;
}

/** Whether both are the same files with the same texts. */
export function sameFiles(a: ModuleFiles, b: ModuleFiles): boolean {
  return a.size === b.size && [...a].every(([path, text]) => b.has(path) && b.get(path) === text);
}

/** Why `--watch` is not told of changes in a directory, all of which it must be allowed to read. */
export function watchError(directory: string, cause: unknown): Error {
  if (!(cause instanceof Deno.errors.NotCapable)) {
    return new UsageError(`--watch cannot watch ${directory}: ${messageOf(cause)}`, { cause });
  }
  return new PermissionError(
    `--watch needs read access to ${directory}, run again with --allow-read=${directory}`,
    { cause },
  );
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw watchError(dirname(path), error);
    return undefined;
  }
}

function importsOf(path: string, text: string): string[] {
  const base = pathToFileURL(path);
  return [...text.matchAll(IMPORT)].flatMap(({ groups }) => {
    const url = new URL(groups!.specifier, base);
    url.search = url.hash = "";
    try {
      return [fileURLToPath(url)];
    } catch {
      // No path, as "./100%".
      return [];
    }
  });
}
