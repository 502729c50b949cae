/**
 * Reading flags: what every command shares.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { closest } from "./suggest.ts";

/** A command line that cannot be understood. The command prints its message and exits with code 2. */
export class UsageError extends Error {
  /** Always `"UsageError"`. */
  override name = "UsageError";
}

/** Flags by name, as `parseArgs` of `@std/cli` gives them. */
export type Flags = Record<string, unknown>;

/** The flags a command knows. */
export interface FlagNames {
  /** Flags with a value. */
  string: string[];
  /** Flags without. */
  boolean: string[];
  /** Those of `string` that may be repeated. */
  repeated?: string[];
}

/** Splits a command line into flags and positional arguments; unknown flags are refused. */
export function parseFlags(
  given: string[],
  names: FlagNames,
): { flags: Flags; positionals: string[] } {
  const flagged = beforeSeparator(given).length;
  const args = given.map((arg, i) => arg === "-h" && i < flagged ? "--help" : arg);
  refuseMisuse(args, names);
  const unknown: string[] = [];
  const parsed = parseArgs(args, {
    string: names.string,
    boolean: names.boolean,
    collect: names.repeated ?? [],
    // parseArgs takes the name of "--no-x=1" to be "x".
    alias: Object.fromEntries(
      names.string.filter((name) => name.startsWith("no-")).map((name) => [name, name.slice(3)]),
    ),
    unknown: (arg: string, key?: string) => {
      if (key === undefined) return true;
      unknown.push(arg);
      return false;
    },
  });
  if (unknown.length > 0) throw unknownFlags(unknown, [...names.string, ...names.boolean]);
  const { _: positionals, ...flags } = parsed;
  return { flags, positionals: positionals.map(String) };
}

/** Of all this `parseArgs` would make something, and hardly what was meant. */
function refuseMisuse(args: string[], { string, boolean, repeated = [] }: FlagNames): void {
  const given = new Set<string>();
  for (const [i, arg] of beforeSeparator(args).entries()) {
    const { name, own } = /^--(?<name>[^=]+)(?:=(?<own>.*))?$/s.exec(arg)?.groups ?? {};
    if (name === undefined) continue;
    const next = args[i + 1] ?? "";
    if (boolean.includes(name)) {
      const value = own ?? (/^(true|false)$/.test(next) ? next : undefined);
      if (value === undefined || own === "true") continue;
      throw new UsageError(
        `--${name} takes no value, got ${value}: say --${name}, or leave it out`,
      );
    }
    if (!string.includes(name)) continue;
    // An empty text that follows would be a positional argument.
    if ((own ?? next) === "") throw new UsageError(`--${name} needs a value`);
    if (own === undefined && /^-[^-]/.test(next)) {
      throw new UsageError(
        `--${name} needs a value, one that begins with - is given as --${name}=${next}`,
      );
    }
    if (given.has(name) && !repeated.includes(name)) {
      throw new UsageError(`--${name} is given twice, it takes one value`);
    }
    given.add(name);
  }
}

/** The arguments among which flags may be: behind `--` there are none. */
export function beforeSeparator(args: readonly string[]): readonly string[] {
  const end = args.indexOf("--");
  return end < 0 ? args : args.slice(0, end);
}

/** Names all of them, so that none is left to be found by the next try. */
function unknownFlags(args: string[], names: string[]): UsageError {
  const all = [...new Set(args)].map((arg) => ({
    arg,
    likely: closest(arg.replace(/^-+|=.*$/gs, ""), names),
  }));
  if (all.length === 1) {
    const [{ arg, likely }] = all;
    const advice = likely === undefined
      ? "--help lists those there are"
      : `did you mean --${likely}?`;
    return new UsageError(`Unknown flag ${arg}, ${advice}`);
  }
  const each = all.map(({ arg, likely }) =>
    likely === undefined ? arg : `${arg} (did you mean --${likely}?)`
  );
  return new UsageError(`Unknown flags ${each.join(", ")}: --help lists those there are`);
}

/** The flag's text; `undefined` if it is not given. */
export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  if (value === undefined) return undefined;
  if (value === "") {
    throw new UsageError(`--${name} needs a value`);
  }
  return String(value);
}

/** The texts of a flag that may be repeated. */
export function textFlags(flags: Flags, name: string): string[] {
  const values = flags[name];
  const texts = Array.isArray(values) ? values : [];
  // INVARIANT: textFlag gives undefined only for a flag that is not there.
  return texts.map((text) => textFlag({ [name]: text }, name)!);
}

/** The flag's text, which must be one of `choices`. */
export function choiceFlag<T extends string>(
  flags: Flags,
  name: string,
  choices: readonly T[],
): T | undefined {
  const text = textFlag(flags, name);
  if (text === undefined) return undefined;
  const choice = choices.find((one) => one === text);
  if (choice === undefined) {
    throw new UsageError(`--${name} must be one of ${choices.join(", ")}, got ${text}`);
  }
  return choice;
}

/** The flag as a whole number within bounds. */
export function integerFlag(
  flags: Flags,
  name: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {},
): number | undefined {
  const text = textFlag(flags, name);
  if (text === undefined) return undefined;
  const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) {
    const upTo = max === Number.MAX_SAFE_INTEGER ? "on" : `to ${max}`;
    throw new UsageError(`--${name} must be a whole number from ${min} ${upTo}, got ${text}`);
  }
  return value;
}

/** A number with a unit, in that unit's terms. */
function withUnit(text: string, units: Record<string, number>): number | undefined {
  const [, digits, unit] = text.match(/^(\d+(?:\.\d+)?)([a-zA-Z]*)$/) ?? [];
  const factor = Object.hasOwn(units, unit ?? "-") ? units[unit] : undefined;
  return factor === undefined ? undefined : Number(digits) * factor;
}

const BYTE_UNITS = {
  "": 1,
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};
const TIME_UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** What {@linkcode bytesOf} takes, in words. */
export const BYTES_FORM = "a number of bytes as 65536, 64KiB or 8MB";
/** What {@linkcode msOf} takes, in words. */
export const TIME_FORM = "a time as 250ms, 1.5s or 2m";

/** The bytes a text like `65536`, `64KiB` or `1.5MB` means; `undefined` for another text. */
export function bytesOf(text: string): number | undefined {
  const bytes = withUnit(text, BYTE_UNITS);
  return bytes !== undefined && Number.isInteger(bytes) && bytes >= 1 ? bytes : undefined;
}

/** The milliseconds a text like `250ms`, `1.5s` or `2m` means; `undefined` for another text. */
export function msOf(text: string): number | undefined {
  const ms = withUnit(text, TIME_UNITS);
  return ms !== undefined && ms > 0 ? ms : undefined;
}

/** A number of bytes: `65536`, `64KiB`, `1.5MB`. */
export function parseBytes(text: string, name: string): number {
  const bytes = bytesOf(text);
  if (bytes === undefined) throw new UsageError(`--${name} must be ${BYTES_FORM}, got ${text}`);
  return bytes;
}

/** A time in ms: `250ms`, `1.5s`, `2m`. */
export function parseTime(text: string, name: string): number {
  const ms = msOf(text);
  if (ms === undefined) throw new UsageError(`--${name} must be ${TIME_FORM}, got ${text}`);
  return ms;
}

/** The flag as a number of bytes. */
export function bytesFlag(flags: Flags, name: string): number | undefined {
  const text = textFlag(flags, name);
  return text === undefined ? undefined : parseBytes(text, name);
}

/** The flag as a time in ms. */
export function timeFlag(flags: Flags, name: string): number | undefined {
  const text = textFlag(flags, name);
  return text === undefined ? undefined : parseTime(text, name);
}

/** The two sides of a flag written as `A/B`. */
export function pairFlag(flags: Flags, name: string): [string, string] | undefined {
  const text = textFlag(flags, name);
  if (text === undefined) return undefined;
  const [first, second, ...more] = text.split("/");
  if (!first || !second || more.length > 0) {
    throw new UsageError(`--${name} must be two values as A/B, got ${text}`);
  }
  return [first, second];
}
