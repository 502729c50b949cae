/**
 * `parseArgs` over `minimist`, which the real one descends from. What the two do differently is settled
 * before and behind it: `--no-x` negates only where asked, the last of repeated flags wins, and
 * `collect` makes lists. Not here: lists of booleans, and `unknown`'s `value` unless it stands in the
 * same argument.
 *
 * @module
 */

// @ts-types="npm:@types/minimist@1.2.5"
import minimist from "npm:minimist@1.2.8";

/** One name or several. */
type Names<Name extends string> = Name | readonly Name[];

/** Options for {@linkcode parseArgs}. */
export interface ParseOptions<
  B extends string = string,
  S extends string = string,
  C extends string = string,
  D extends Record<string, unknown> = Record<string, unknown>,
  DD extends boolean = boolean,
> {
  /** Put what follows `--` under `"--"` instead of `_`. */
  "--"?: DD;
  /** Other names of a flag. */
  alias?: Record<string, Names<string>>;
  /** Flags without a value; `true` for all without `=`. */
  boolean?: boolean | Names<B>;
  /** Values of flags that are not given. */
  default?: D;
  /** Take all from the first positional argument on as positional. */
  stopEarly?: boolean;
  /** Flags whose value stays text. */
  string?: Names<S>;
  /** Flags that may be repeated, and make a list. */
  collect?: Names<C>;
  /** Flags that `--no-` turns to `false`. */
  negatable?: Names<string>;
  /** Asked about each argument that nobody declared; `false` leaves it out. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

type Declared<B extends string, S extends string, C extends string> =
  & { [K in Exclude<B, C>]: boolean }
  & { [K in Exclude<S, C>]?: string }
  & { [K in Extract<S, C>]: string[] }
  & { [K in Exclude<C, S>]: unknown[] };

// deno-lint-ignore no-explicit-any -- as the real one for names known only at run time
type AnyFlags = { [name: string]: any };

/** What {@linkcode parseArgs} returns. */
export type Args<
  B extends string = never,
  S extends string = never,
  C extends string = never,
  D = Record<never, never>,
  DD extends boolean = false,
> =
  & { _: (string | number)[] }
  & (DD extends true ? { "--": string[] } : unknown)
  & (string extends B | S | C ? AnyFlags
    : [B | S | C] extends [never] ? AnyFlags
    : Omit<Declared<B, S, C>, keyof D> & { [K in keyof D]: WithDefault<Declared<B, S, C>, D, K> });

type WithDefault<T, D, K extends keyof D> = K extends keyof T ? NonNullable<T[K]> | D[K] : unknown;

type AnyOptions = ParseOptions<string, string, string, Record<string, unknown>, boolean>;

function list(names: Names<string> | boolean | undefined): readonly string[] {
  if (names === undefined || typeof names === "boolean") return [];
  return typeof names === "string" ? [names] : names;
}

/** `names`, and what else they are called. */
function withAliases(names: readonly string[], alias: AnyOptions["alias"] = {}): Set<string> {
  const groups = Object.entries(alias).map(([name, others]) => [name, ...list(others)]);
  const others = groups.filter((group) => group.some((name) => names.includes(name)));
  return new Set([...names, ...others.flat()]);
}

/** Arguments as `minimist` should see them. */
interface Rewritten {
  args: string[];
  /** What each rewritten argument was. */
  originals: Map<string, string>;
  /** Flags of no declared kind that came without a value, where `minimist` was given one. */
  bare: Set<string>;
}

/** To `minimist` each `--no-x` is a negation, here only that of a negatable flag; and an empty text is a value. */
function rewrite(args: readonly string[], options: AnyOptions): Rewritten {
  const negatable = withAliases(list(options.negatable), options.alias);
  const booleans = withAliases(list(options.boolean), options.alias);
  const strings = withAliases(list(options.string), options.alias);
  const rewritten: Rewritten = { args: [], originals: new Map(), bare: new Set() };
  const end = args.includes("--") ? args.indexOf("--") : args.length;

  const put = (arg: string, original: string) => {
    rewritten.originals.set(arg, original);
    rewritten.args.push(arg);
  };
  const putBare = (key: string, original: string) => {
    if (!strings.has(key)) rewritten.bare.add(key);
    put(`--${key}=`, original);
  };

  for (let i = 0; i < end; i++) {
    const arg = args[i];
    const [, name, value] = /^--no-([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    if (name === undefined || (value === undefined && negatable.has(name))) {
      const [, key] = /^--([^=]+)$/s.exec(arg) ?? [];
      const empty = i + 1 < end && args[i + 1] === "";
      if (key !== undefined && empty && !booleans.has(key)) putBare(key, arg);
      else rewritten.args.push(arg);
    } else if (value !== undefined) {
      put(`--${name}=${value}`, arg);
    } else {
      const key = `no-${name}`;
      const next = i + 1 < end ? args[i + 1] : "";
      const takes = next !== "" && !next.startsWith("-") && !booleans.has(key);
      if (takes || /^(true|false)$/.test(next)) {
        put(`--${key}=${next}`, arg);
        i++;
      } else {
        putBare(key, arg);
      }
    }
  }
  rewritten.args.push(...args.slice(end));
  return rewritten;
}

/** The flag an argument that nobody declared belongs to. */
function unknownKey(arg: string, declared: ReadonlySet<string>): string | undefined {
  if (/^--./.test(arg)) return /^--(?:no-(?=[^=]+$))?([^=]+)/.exec(arg)?.[1];
  if (/^-./.test(arg)) return [...arg.slice(1)].find((letter) => !declared.has(letter));
  return undefined;
}

/** Asks `options.unknown`, in its own terms. */
function unknownAdapter(
  { originals }: Rewritten,
  options: AnyOptions,
): (arg: string) => boolean {
  const collected = withAliases(list(options.collect), options.alias);
  const declared = withAliases(
    [...list(options.boolean), ...list(options.string), ...collected],
    options.alias,
  );
  return (arg) => {
    const original = originals.get(arg) ?? arg;
    const key = unknownKey(arg, declared);
    if (key !== undefined && collected.has(key)) return true;
    const value = /=(.*)$/s.exec(original)?.[1];
    const answer = key === undefined
      ? options.unknown?.(original)
      : options.unknown?.(original, key, value);
    return answer !== false;
  };
}

/** `minimist` lists what is repeated; here only `collect` does. */
function settleRepeats(parsed: minimist.ParsedArgs, options: AnyOptions): void {
  const collected = withAliases(list(options.collect), options.alias);
  const defaults = options.default ?? {};
  for (const [key, value] of Object.entries(parsed)) {
    if (key === "_" || key === "--" || Object.values(defaults).includes(value)) continue;
    if (!collected.has(key)) parsed[key] = Array.isArray(value) ? value.at(-1) : value;
    else parsed[key] = value === false ? [] : [value].flat();
  }
  const strings = withAliases(list(options.string), options.alias);
  for (const key of collected) {
    if (strings.has(key) && !Object.hasOwn(parsed, key)) parsed[key] = [];
  }
}

/** Reads command line arguments into flags, by name, and positional arguments, under `_`. */
export function parseArgs<
  const B extends string = never,
  const S extends string = never,
  const C extends string = never,
  D extends Record<string, unknown> = Record<never, never>,
  DD extends boolean = false,
>(args: readonly string[], options?: ParseOptions<B, S, C, D, DD>): Args<B, S, C, D, DD>;
export function parseArgs(args: readonly string[], options: AnyOptions = {}): unknown {
  const rewritten = rewrite(args, options);
  const { boolean } = options;
  const parsed = minimist(rewritten.args, {
    "--": options["--"],
    alias: options.alias as Record<string, string | string[]>,
    boolean: typeof boolean === "boolean" ? boolean : [...list(boolean)],
    default: options.default,
    stopEarly: options.stopEarly,
    string: [...list(options.string)],
    ...(options.unknown && { unknown: unknownAdapter(rewritten, options) }),
  });
  for (const key of rewritten.bare) if (Object.hasOwn(parsed, key)) parsed[key] = true;
  settleRepeats(parsed, options);
  parsed._ = parsed._.map((arg) => rewritten.originals.get(arg) ?? arg);
  return parsed;
}
