/**
 * Options as the command line says them: their errors are written for programs.
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
  whenFull: "--when-full",
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

type Rewrite = [form: RegExp, words: (...found: string[]) => string];

/** What values are called where they are not numbers of a program. */
const REWRITES: readonly Rewrite[] = [
  [
    /"host:port".* an open connection/,
    () => "localhost:9000, tls://feed.example:9443 or unix:/path",
  ],
  [/ or spillTo\(directory\)/, () => ", or --spill DIR in its place"],
  [
    /(\d+) to (\d+) slabs of (\d+) bytes, which this framing needs/,
    (_, least, most, slab) =>
      `bytes from ${Number(least) * Number(slab)} to ${
        Number(most) * Number(slab)
      } with this framing`,
  ],
  [
    /milliseconds from (\d+) to (\d+), got (.*)/,
    (_, least, most, got) => `a time from ${least} ms to ${most} ms, got ${got} ms`,
  ],
];

/** The error in the words of the command line, if it is one of an option; `own` are the command's own flags. */
export function inFlags(error: Error, own: Readonly<Record<string, string>> = {}): Error {
  if (!(error instanceof OptionError)) return error;
  const { option, message } = error;
  const flags = { ...FLAG_OF, ...own };
  const expected = message.slice(option.length);
  const words = REWRITES.reduce((text, [form, words]) => text.replace(form, words), expected);
  const segment = flags.segmentBytes;
  return new UsageError(
    flagOf(option, flags) +
      words.replace("segmentBytes, ", segment === undefined ? "" : `${segment}, `),
    { cause: error },
  );
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
