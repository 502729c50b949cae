/**
 * `--set NAME.KEY=VALUE`: options of handler modules.
 *
 * @module
 */

import type { OptionValue } from "../../mod.ts";
import { HandlerModuleError } from "../../isolation.ts";
import { UsageError } from "../usage.ts";
import { type HandlerPlan, unknownHandler } from "./plan.ts";

/** The values that `--set` gives to the handlers of these names. */
export function optionsByName(
  texts: readonly string[],
  names: readonly string[],
): Map<string, Record<string, OptionValue>> {
  const all = new Map<string, Record<string, OptionValue>>();
  for (const text of texts) {
    // A file's name may have dots.
    const known = names.filter((name) => text.startsWith(`${name}.`));
    const name = known.sort((a, b) => b.length - a.length)[0] ?? text.split(/[.=]/)[0];
    const { key, value } = /^\.(?<key>[^=]+)=(?<value>.*)$/s.exec(text.slice(name.length))
      ?.groups ?? {};
    if (key === undefined || name === "") {
      throw new UsageError(`--set must be NAME.KEY=VALUE as prices.depth=10, got ${text}`);
    }
    if (known.length === 0) throw unknownHandler("--set", name, names);
    all.set(name, { ...all.get(name), [key]: value });
  }
  return all;
}

/** The error of a module that does not take the options it is given, with the places they were given at. */
export function optionsRefusal(plan: HandlerPlan, error: unknown): UsageError | undefined {
  if (!(error instanceof HandlerModuleError) || !/^options\./.test(error.message)) return undefined;
  const { name, configFile } = plan;
  const place = configFile === undefined
    ? `--set ${name}.`
    : `${configFile}: handlers.${name}.options.`;
  return new UsageError(error.message.replace(/^options\./gm, () => place), { cause: error });
}
