/**
 * Starting a handler process.
 *
 * @module
 */

import { CHILD_PROGRAM } from "./child_program.ts";
import { messageOf } from "../../errors.ts";
import { HandlerProcessError } from "./errors.ts";
import type { ProcessSettings } from "./options.ts";

/**
 * Starts a process. Its main module is in the command line, and names the
 * handler as a literal: so Deno loads that and what it imports without a right
 * to read, and everything works from a file, from a registry and compiled.
 * Throws a `HandlerProcessError`.
 */
export function spawnChild(settings: ProcessSettings): Deno.ChildProcess {
  const { name, flags, memoryLimitBytes } = settings;
  const deno = denoOf(settings);
  const heapMiB = Math.floor(memoryLimitBytes / 1024 / 1024);
  try {
    return new Deno.Command(deno, {
      args: [
        "run",
        "--quiet",
        ...flags,
        `--v8-flags=--max-old-space-size=${heapMiB}`,
        mainOf(settings),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
  } catch (error) {
    const what = error instanceof Deno.errors.NotCapable
      ? `its process needs run access to ${deno}, run again with --allow-run=${deno}`
      : error instanceof Deno.errors.NotFound
      ? `there is no ${deno} to run it in; the option deno takes the path of one`
      : `its process could not be started: ${messageOf(error)}`;
    throw new HandlerProcessError(name, "start", what, { cause: error });
  }
}

function denoOf({ deno, name }: ProcessSettings): string {
  if (deno !== undefined) return deno;
  if (!Deno.build.standalone) {
    return mayRun(Deno.execPath()) || !mayRun("deno") ? Deno.execPath() : "deno";
  }
  throw new HandlerProcessError(
    name,
    "start",
    "a compiled program has no deno to run it in; the option deno (--deno PATH) takes the path of one",
  );
}

/** Where `deno` on PATH is a link, as npm makes it, `--allow-run=deno` allows the link only. */
function mayRun(command: string): boolean {
  return Deno.permissions.querySync({ name: "run", command }).state === "granted";
}

function mainOf({ specifier, name, options, memoryLimitBytes }: ProcessSettings): string {
  const program = JSON.stringify(moduleUrl(CHILD_PROGRAM));
  const settings = JSON.stringify({ name, options, memoryLimitBytes });
  const load = `() => import(${JSON.stringify(specifier)})`;
  return moduleUrl(`import { serve } from ${program}; serve(${load}, ${settings});`);
}

/** A module as a URL; `code` has ASCII characters only, or is made of URLs and JSON. */
function moduleUrl(code: string): string {
  const ascii = code.replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `data:text/javascript;base64,${btoa(ascii)}`;
}
