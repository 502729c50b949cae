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
  hello: "--send",
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
  const flag = flagOf(option, own);
  return new UsageError(`${flag} takes ${expected}, got ${actual}`, { cause: error });
}

/** Keys of a config file by the option they set, where more than a unit is different. */
const KEY_OF: Readonly<Record<string, string>> = {
  maxBytes: "spill.maxSize",
  segmentBytes: "spill.segmentSize",
  syncEveryMs: "spill.syncEvery",
  "heartbeat.bytes": "heartbeat.send",
};

/** The same for what a config file says. */
export function inKeys(error: Error, file: string): Error {
  if (!(error instanceof OptionError)) return error;
  const { option, expected, actual } = error;
  return new UsageError(`${file}: ${keyOf(option)} takes ${expected}, got ${actual}`, {
    cause: error,
  });
}

/** The key that sets an option: there, values have units and keys have none. */
export function keyOf(option: string): string {
  const { handler = "", name = "" } = /^(?<handler>handlers\.[^.]+\.)?(?<name>.*)$/s
    .exec(option)?.groups ?? {};
  const key = Object.hasOwn(KEY_OF, name) ? KEY_OF[name] : name.replace(/(Ms|Bytes)$/, "");
  return `${handler}${key}`;
}

/** The flag that sets an option; `own` are the command's own flags. */
export function flagOf(option: string, own: Readonly<Record<string, string>> = {}): string {
  const flags = { ...FLAG_OF, ...own };
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
