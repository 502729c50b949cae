/**
 * Files that a config file names and that are not there.
 *
 * @module
 */

import { PermissionError, permissionError } from "../permission.ts";
import { type Path, problem } from "./problems.ts";
import type { PartialConfig } from "./schema.ts";

/** What was found out about files. */
export interface FileProblems {
  /** A line for each that is not there. */
  missing: string[];
  /** A line for each that may not be looked for, with the flag for it. */
  refused: string[];
}

/** Looks for the files; `at` makes a path of the file one of the working directory. */
export async function missingFiles(
  config: PartialConfig,
  at: (path: string) => string,
): Promise<FileProblems> {
  const { tls = {}, handlers = {} } = config;
  const named: [Path, string | undefined][] = [
    ...(["ca", "cert", "key"] as const).map((key): [Path, string | undefined] => [
      ["tls", key],
      tls[key],
    ]),
    ...Object.entries(handlers).map(([name, { file }]): [Path, string | undefined] => [
      ["handlers", name, "file"],
      file,
    ]),
  ];
  const found: FileProblems = { missing: [], refused: [] };
  for (const [path, file] of named) {
    if (file === undefined) continue;
    const thrown = await refusal(at(file));
    if (thrown instanceof PermissionError) {
      // Its process reads the module by itself, whatever this one may.
      const own = path[0] === "handlers" && handlers[String(path[1])].isolation === "process";
      if (!own) found.refused.push(problem(path, thrown.message));
    } else if (thrown !== undefined) found.missing.push(problem(path, thrown.message));
  }
  return found;
}

/** What keeps a file from being read. */
async function refusal(path: string): Promise<Error | undefined> {
  try {
    const { isDirectory } = await Deno.stat(path);
    return isDirectory ? new Error(`expected a file, ${path} is a directory`) : undefined;
  } catch (error) {
    return permissionError("the file", error) ??
      (error instanceof Deno.errors.NotFound
        ? new Error(`expected a file, there is no ${path}`)
        : undefined);
  }
}
