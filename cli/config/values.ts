/**
 * The kinds of values a config file has, each with the sentence of what it takes.
 *
 * @module
 */

import * as z from "zod";
import { TIMER_MS_MAX } from "../../src/errors.ts";
import { closest } from "../suggest.ts";
import { BYTES_FORM, bytesOf, msOf, TIME_FORM } from "../usage.ts";

/** A value as a message shows it. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** What `read` makes of a value; `undefined` says that it is not `expected`. */
export function value<T>(expected: string, read: (value: unknown) => T | undefined) {
  return z.unknown().transform((given, context): T => {
    const made = read(given);
    if (made !== undefined) return made;
    const message = `expected ${expected}, got ${shown(given)}`;
    context.addIssue({ code: "custom", message, input: given });
    return z.NEVER;
  });
}

/** Text that is not empty. */
export const text = (expected = "a text") =>
  value(expected, (given) => typeof given === "string" && given !== "" ? given : undefined);

/** `true` or `false`. */
export const flag = () =>
  value("true or false", (given) => typeof given === "boolean" ? given : undefined);

/** A whole number within bounds. */
export const integer = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  value(
    `a whole number from ${min} ${max === Number.MAX_SAFE_INTEGER ? "on" : `to ${max}`}`,
    (given) => Number.isInteger(given) ? inside(given as number, min, max) : undefined,
  );

function inside(given: number, min: number, max: number): number | undefined {
  return given >= min && given <= max ? given : undefined;
}

/** Bytes, as on the command line or as a number; `limit` says what they are from and up to. */
export const size = (max = Number.MAX_SAFE_INTEGER, limit = "", min = 1) =>
  value(`${BYTES_FORM}${limit}`, (given) => {
    const text = typeof given === "number" ? String(given) : given;
    const bytes = typeof text === "string" ? bytesOf(text) : undefined;
    return bytes === undefined ? undefined : inside(bytes, min, max);
  });

/** A time, as on the command line: a number alone would leave its unit open. */
export const time = () =>
  z.unknown().transform((given, context): number => {
    const ms = typeof given === "string" ? msOf(given) : undefined;
    if (ms !== undefined && ms >= 1 && ms <= TIMER_MS_MAX) return ms;
    const limit = ms === undefined ? "" : `, from 1ms to ${TIMER_MS_MAX}ms`;
    const message = `expected ${TIME_FORM}${limit}, got ${shown(given)}`;
    context.addIssue({ code: "custom", message, input: given });
    return z.NEVER;
  });

/** One of some words or numbers. */
export const choice = <const T extends string | number>(choices: readonly T[]) =>
  z.unknown().transform((given, context): T => {
    const found = choices.find((one) => one === given);
    if (found !== undefined) return found;
    const likely = typeof given === "string" ? closest(given, choices.map(String)) : undefined;
    const advice = likely === undefined ? "" : `, did you mean ${shown(likely)}?`;
    const message = `expected ${choices.map(shown).join(", ")}, got ${shown(given)}${advice}`;
    context.addIssue({ code: "custom", message, input: given });
    return z.NEVER;
  });

/** Bytes in hex, some of them. */
export const hex = (min: number, max: number) =>
  value(`${min} to ${max} bytes in hex as "cafe01"`, (given) => {
    if (typeof given !== "string" || !/^([0-9a-fA-F]{2})*$/.test(given)) return undefined;
    const bytes = Uint8Array.from(given.match(/../g) ?? [], (pair) => parseInt(pair, 16));
    return inside(bytes.length, min, max) === undefined ? undefined : bytes;
  });

const BYTES_MAX = 64 * 1024 * 1024;

/** Text, or what is none as `{ "hex": … }`. */
export const bytes = (max = BYTES_MAX) =>
  z.unknown().transform((given, context): string | Uint8Array => {
    const asText = typeof given === "string" && given !== "" &&
      new TextEncoder().encode(given).length <= max;
    if (asText) return given;
    const asHex = object({ hex: hex(1, max) }).safeParse(given);
    if (asHex.success) return asHex.data.hex;
    const limit = max === BYTES_MAX ? "" : ` of 1 to ${max} bytes`;
    const message = `expected a text${limit}, or { "hex": "cafe01" }, got ${shown(given)}`;
    context.addIssue({ code: "custom", message, input: given });
    return z.NEVER;
  });

/** An object of these keys and no others. The message of unknown ones has a line for each. */
export function object<S extends z.ZodRawShape>(shape: S) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? (issue.keys as string[]).map((key) => unknownKey(key, known)).join("\n")
        : `expected an object, got ${shown(issue.input)}`,
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const likely = closest(key, known);
  return likely === undefined
    ? `expected no such key, there is ${known.join(", ")}`
    : `expected no such key, did you mean ${likely}?`;
}

/** A list. */
export function list<T extends z.ZodType>(of: T) {
  return z.array(of, { error: (issue) => `expected a list, got ${shown(issue.input)}` });
}
