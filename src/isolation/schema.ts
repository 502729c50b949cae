/**
 * Options of handler modules: what a module takes, by the `schema` it exports,
 * and what it is given.
 *
 * @module
 */

import {
  type Handler,
  type HandlerContext,
  NO_OPTIONS,
  type OptionValue,
  type OptionValues,
} from "../dispatch/handler.ts";
import { type HandlerModule, HandlerModuleError, handlerOf } from "./contract.ts";

/** One option of a handler module. */
export interface SchemaOption {
  /** What its value is. Text is taken for a number or a boolean where that is what it says. */
  type: "string" | "number" | "boolean";
  /** Its value if none is given. Without one, it must be. */
  default?: OptionValue;
  /** What it means; told to who gives it a wrong value. */
  description?: string;
}

/** The options of a handler module by name: what it exports as `schema`. */
export type HandlerSchema = Readonly<Record<string, SchemaOption>>;

/** Types, and how messages call their values. */
const TYPES: Readonly<Record<SchemaOption["type"], string>> = {
  string: "a text",
  number: "a number",
  boolean: "true or false",
};

/**
 * The handler of a module, whose context has the values `given` to its options.
 * Throws a `HandlerModuleError` with a line for each that the schema does not
 * allow, and for a module that is no handler.
 */
export function configuredHandler(
  module: HandlerModule,
  specifier: string,
  given: OptionValues = NO_OPTIONS,
): Handler {
  const handler = handlerOf(module, specifier);
  const options = optionsOf(module, specifier, given);
  let own: HandlerContext | undefined;
  const contextOf = ({ write, signal, stats }: HandlerContext) =>
    own ??= { write, signal, stats, options };
  return {
    open: (context) => handler.open?.(contextOf(context)),
    batch: (batch, context) => handler.batch(batch, contextOf(context)),
    close: (context) => handler.close?.(contextOf(context)),
  };
}

/** The values of all options a module has, frozen. Throws as {@linkcode configuredHandler} does. */
export function optionsOf(
  module: HandlerModule,
  specifier: string,
  given: OptionValues = NO_OPTIONS,
): OptionValues {
  const schema = schemaOf(module.schema, specifier);
  const unknown = Object.keys(given).filter((key) => !Object.hasOwn(schema, key));
  const known = Object.keys(schema).join(", ") || "none";
  const problems = unknown.map((key) =>
    `options.${key}: expected no such option, there is ${known}`
  );
  const values = Object.entries(schema).map(([key, option]) => {
    const value = Object.hasOwn(given, key) ? read(option.type, given[key]) : option.default;
    if (value === undefined) {
      const got = Object.hasOwn(given, key) ? JSON.stringify(given[key]) : "nothing";
      const meaning = option.description === undefined ? "" : ` (${option.description})`;
      problems.push(`options.${key}: expected ${TYPES[option.type]}${meaning}, got ${got}`);
    }
    return [key, value];
  });
  if (problems.length > 0) throw new HandlerModuleError(problems.join("\n"));
  return Object.freeze(Object.fromEntries(values));
}

/** The schema a module exports; throws for one that is none. */
function schemaOf(schema: unknown, specifier: string): HandlerSchema {
  if (schema === undefined) return {};
  if (typeof schema !== "object" || schema === null) throw malformed("schema", "an object", schema);
  for (const [key, option] of Object.entries(schema)) {
    const { type, default: value } = Object(option) as Partial<SchemaOption>;
    if (type === undefined || !Object.hasOwn(TYPES, type)) {
      throw malformed(`schema.${key}.type`, `one of ${Object.keys(TYPES).join(", ")}`, type);
    }
    if (value !== undefined && read(type, value) !== value) {
      throw malformed(`schema.${key}.default`, TYPES[type], value);
    }
  }
  return schema as HandlerSchema;

  function malformed(place: string, expected: string, got: unknown): HandlerModuleError {
    const shown = got === undefined ? "nothing" : JSON.stringify(got);
    return new HandlerModuleError(
      `${specifier}: expected ${place} to be ${expected}, got ${shown}`,
    );
  }
}

/** What `value` is as one of `type`; `undefined` if it is none. */
function read(type: SchemaOption["type"], value: unknown): OptionValue | undefined {
  switch (type) {
    case "string":
      return typeof value === "string" ? value : undefined;
    case "number": {
      const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      return Number.isFinite(number) ? number as number : undefined;
    }
    case "boolean":
      if (value === "true" || value === "false") return value === "true";
      return typeof value === "boolean" ? value : undefined;
  }
}
