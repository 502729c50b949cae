/**
 * What is asked of handlers, by flags or by a config file.
 *
 * @module
 */

import type { FailurePolicy, Grants, RestartOptions } from "../../isolation.ts";
import type { OptionValues } from "../../mod.ts";
import { given } from "../given.ts";
import { closest } from "../suggest.ts";
import { UsageError } from "../usage.ts";
import type { LanePlan } from "../when_full.ts";

/** Where a handler runs. */
export type Isolation = "inline" | "worker" | "process";

/** All there are. */
export const ISOLATIONS: readonly Isolation[] = ["inline", "worker", "process"];

/** One handler. What is `undefined` has the default of what runs it. */
export interface HandlerPlan {
  /** Its name in messages. */
  name: string;
  /** Whether the client knows it by that, as one of several. */
  named: boolean;
  /** Its module. */
  file: string;
  /** Values of its module's options; as text they are read as the module says. */
  options: OptionValues | undefined;
  /** Whether it is loaded anew when its files change. */
  watch: boolean;
  /** The file that asks for it; `undefined` for flags. */
  configFile: string | undefined;
  /** Where it runs. */
  isolation: Isolation;
  /** What it may do there; inline it may do what the program may. */
  grants: Grants | undefined;
  memoryLimitBytes: number | undefined;
  startTimeoutMs: number | undefined;
  batchTimeoutMs: number | undefined;
  /** The deno that runs its process. */
  deno: string | undefined;
  onFailure: FailurePolicy | undefined;
  restart: RestartOptions | undefined;
  deadLetter: string | undefined;
  budgetMs: number | undefined;
  /** What the client is told of it alone. */
  lane: LanePlan;
}

/** What is said of one handler without making sense of it. */
export interface HandlerWords extends Partial<Omit<HandlerPlan, "isolation">> {
  isolation?: Isolation | undefined;
  name: string;
  named: boolean;
  file: string;
}

/** How a message calls a setting: as a flag, or by its path in a file. */
export type NameSetting = (setting: keyof HandlerPlan) => string;

/** Settings that mean something in these isolations only. */
const ONLY_IN: readonly [setting: keyof HandlerPlan, isolations: readonly Isolation[]][] = [
  ["grants", ["worker", "process"]],
  ["memoryLimitBytes", ["process"]],
  ["startTimeoutMs", ["worker", "process"]],
  ["batchTimeoutMs", ["worker", "process"]],
  ["deno", ["process"]],
];

/** A setting that needs another to be something else. */
export interface HandlerProblem {
  /** The other. */
  needs: keyof HandlerPlan;
  sentence: string;
}

/** Completes what was said, and tells everything that contradicts itself. */
export function handlerPlan(
  words: HandlerWords,
  nameOf: NameSetting,
): { plan: HandlerPlan; problems: HandlerProblem[] } {
  const plan: HandlerPlan = {
    options: undefined,
    watch: false,
    configFile: undefined,
    isolation: "inline",
    grants: undefined,
    memoryLimitBytes: undefined,
    startTimeoutMs: undefined,
    batchTimeoutMs: undefined,
    deno: undefined,
    onFailure: undefined,
    restart: undefined,
    deadLetter: undefined,
    budgetMs: undefined,
    lane: {},
    ...given(words),
  } as HandlerPlan;
  const problems: HandlerProblem[] = ONLY_IN
    .filter(([setting, isolations]) =>
      plan[setting] !== undefined && !isolations.includes(plan.isolation)
    )
    .map(([setting, isolations]) => ({
      needs: "isolation",
      sentence: `${nameOf(setting)} needs ${nameOf("isolation")} ${isolations.join(" or ")}` +
        (setting === "grants" ? ": inline, a handler may do what this program may" : ""),
    }));
  if (plan.deadLetter !== undefined && plan.onFailure !== "skip") {
    problems.push({
      needs: "onFailure",
      sentence: `${nameOf("deadLetter")} needs ${
        nameOf("onFailure")
      } skip: no batch is given up else`,
    });
  }
  if (plan.restart !== undefined && (plan.onFailure ?? "stop") === "stop") {
    problems.push({
      needs: "onFailure",
      sentence: `${nameOf("restart")} needs ${nameOf("onFailure")} retry or skip`,
    });
  }
  return { plan, problems };
}

/** What a client takes for names. */
export const HANDLER_NAME = /^[\w-]{1,64}$/;

/** The name that `--handler NAME=FILE` gives, or that of the file without its ending. */
export function nameAndFile(text: string): { name: string; file: string; named: boolean } {
  const { name, file } = /^(?<name>[\w-]{1,64})=(?<file>.+)$/s.exec(text)?.groups ?? {};
  if (name !== undefined) return { name, file, named: true };
  const [base] = /[^/\\]*$/.exec(text)!;
  return { name: base.replace(/(?<=.)\.[^.]*$/, ""), file: text, named: false };
}

/** A `UsageError` for a name no handler has. */
export function unknownHandler(flag: string, name: string, known: readonly string[]): UsageError {
  const likely = closest(name, known);
  const advice = likely === undefined ? `there is ${known.join(", ")}` : `did you mean ${likely}?`;
  return new UsageError(`${flag} names no handler: ${name}, ${advice}`);
}
