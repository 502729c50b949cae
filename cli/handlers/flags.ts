/**
 * Flags of handlers, and what they ask for.
 *
 * @module
 */

import type { FailurePolicy, Grants } from "../../isolation.ts";
import type { Column, Partition } from "../../mod.ts";
import { PARTITIONS } from "../../src/dispatch/lanes.ts";
import { FAILURE_POLICIES } from "../../src/isolation/contract.ts";
import {
  bytesFlag,
  choiceFlag,
  type FlagNames,
  type Flags,
  textFlag,
  textFlags,
  timeFlag,
  UsageError,
} from "../usage.ts";
import { addGrant } from "./grants.ts";
import { optionsByName } from "./options.ts";
import {
  HANDLER_NAME,
  type HandlerPlan,
  handlerPlan,
  type HandlerWords,
  ISOLATIONS,
  nameAndFile,
  type NameSetting,
  unknownHandler,
} from "./plan.ts";

/** Flags that say something of handlers, and mean nothing without one. */
const SETTINGS: Readonly<Record<string, keyof HandlerPlan>> = {
  isolation: "isolation",
  grant: "grants",
  "memory-limit": "memoryLimitBytes",
  "batch-timeout": "batchTimeoutMs",
  budget: "budgetMs",
  "on-failure": "onFailure",
  "dead-letter": "deadLetter",
  deno: "deno",
};

/** The flags there are. */
export const handlerFlags: Required<FlagNames> = {
  string: ["handler", "partition", "set", ...Object.keys(SETTINGS)],
  boolean: ["watch"],
  repeated: ["handler", "grant", "set"],
};

/** The handlers a command line asks for; throws a `UsageError` for what contradicts itself. */
export function handlersPlan(flags: Flags): HandlerPlan[] {
  const given = textFlags(flags, "handler").map(nameAndFile);
  if (given.length === 0) {
    const stray = ["partition", "watch", "set", ...Object.keys(SETTINGS)].find((name) =>
      [flags[name] || []].flat().length > 0
    );
    if (stray !== undefined) throw new UsageError(`--${stray} needs --handler`);
    return [];
  }
  const named = given.length > 1 || given[0].named;
  if (!named && textFlag(flags, "partition") !== undefined) {
    throw new UsageError("--partition needs several handlers");
  }
  if (named) checkNames(given.map(({ name }) => name));
  const common = commonWords(flags);
  const names = given.map(({ name }) => name);
  const grants = grantsOf(flags, names);
  const options = optionsByName(textFlags(flags, "set"), names);
  return given.map(({ name, file }) =>
    planned({
      ...common,
      ...{ name, named, file },
      grants: grants.get(name),
      options: options.get(name),
      // Of several, each has its own.
      deadLetter: common.deadLetter && (named ? `${common.deadLetter}/${name}` : common.deadLetter),
    })
  );
}

/** How several handlers share the frames; a key is one of `columns`. */
export function partitionOf(flags: Flags, columns: readonly Column[]): Partition | undefined {
  const text = textFlag(flags, "partition");
  const word = PARTITIONS.find((one) => one === text);
  if (text === undefined || word !== undefined) return word;
  const [, key] = /^key:(.+)$/.exec(text) ?? [];
  if (key === undefined) {
    throw new UsageError(`--partition must be ${PARTITIONS.join(", ")} or key:NAME, got ${text}`);
  }
  if (columns.every(({ name }) => name !== key)) {
    throw new UsageError(`--partition ${text} needs --column ${key}:TYPE@OFFSET`);
  }
  return { key };
}

/** What is said of all alike. */
function commonWords(flags: Flags): Partial<HandlerWords> {
  return {
    isolation: choiceFlag(flags, "isolation", ISOLATIONS),
    memoryLimitBytes: bytesFlag(flags, "memory-limit"),
    batchTimeoutMs: timeFlag(flags, "batch-timeout"),
    budgetMs: timeFlag(flags, "budget"),
    onFailure: choiceFlag<FailurePolicy>(flags, "on-failure", FAILURE_POLICIES),
    deadLetter: textFlag(flags, "dead-letter"),
    deno: textFlag(flags, "deno"),
    watch: flags.watch === true,
  };
}

function planned(words: HandlerWords): HandlerPlan {
  const { plan, problems } = handlerPlan(words, flagOf);
  if (problems.length > 0) throw new UsageError(problems[0].sentence);
  return plan;
}

const flagOf: NameSetting = (setting) => {
  const [flag] = Object.entries(SETTINGS).find(([, name]) => name === setting) ?? [setting];
  return `--${flag}`;
};

function grantsOf(flags: Flags, names: readonly string[]): Map<string, Grants> {
  const grants = new Map<string, Grants>();
  for (const text of textFlags(flags, "grant")) {
    const name = addGrant(text, grants);
    if (!names.includes(name)) throw unknownHandler("--grant", name, names);
  }
  return grants;
}

function checkNames(names: readonly string[]): void {
  for (const [i, name] of names.entries()) {
    if (!HANDLER_NAME.test(name)) {
      throw new UsageError(
        `--handler needs a name of 1 to 64 letters, digits, _ and - as NAME=FILE, got ${name}`,
      );
    }
    if (names.indexOf(name) < i) {
      throw new UsageError(`--handler ${name} is there twice, name them as NAME=FILE`);
    }
  }
}
