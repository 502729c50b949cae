/**
 * Options by the flags that set them: their errors name them as programs do.
 *
 * @module
 */

import { OptionError } from "../mod.ts";
import { UsageError } from "./usage.ts";

/** Flags by the option they set, where the name does not tell. */
const FLAG_OF: Readonly<Record<string, string>> = {
  target: "the target",
  "target port": "the target's port",
  bufferBytes: "--buffer",
  maxBytes: "--spill-max",
  partition: "--partition",
  "partition.key": "--partition key:NAME",
  memoryLimitBytes: "--memory-limit",
  batchTimeoutMs: "--batch-timeout",
  budgetMs: "--budget",
  connectTimeoutMs: "--connect-timeout",
  idleTimeoutMs: "--idle-timeout",
  syncEveryMs: "--sync-every",
  "heartbeat.everyMs": "--heartbeat",
  "reconnect.maxAttempts": "--max-attempts",
};

/** The error in the words of the command line, if it is one of an option; `own` are the command's own flags. */
export function inFlags(error: Error, own: Readonly<Record<string, string>> = {}): Error {
  if (!(error instanceof OptionError)) return error;
  const { option, expected, actual } = error;
  const flag = flagOf(option, { ...FLAG_OF, ...own });
  return new UsageError(`${flag} takes ${expected}, got ${actual}`, { cause: error });
}

function flagOf(option: string, flags: Readonly<Record<string, string>>): string {
  // Of several handlers it is said for all.
  const name = option.replace(/^handlers\.[^.]+\./, "");
  if (Object.hasOwn(flags, name)) return flags[name];
  const [, list, , field] = /^(columns|respond)(\[\d+\])?(?:\.(\w+))?$/.exec(name) ?? [];
  if (list !== undefined) {
    const flag = list === "columns" ? "--column" : "--respond";
    return field === undefined ? flag : `the ${field} of ${flag}`;
  }
  const [, part] = /^framing(?:\.\w+)*\.(\w+)$/.exec(name) ?? [];
  return part === undefined
    ? option
    : `--${part.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
