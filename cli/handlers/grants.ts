/**
 * `--grant NAME:net=HOST:PORT,read=PATH,…`: what a handler may do.
 *
 * @module
 */

import type { Grants } from "../../isolation.ts";
import { closest } from "../suggest.ts";
import { UsageError } from "../usage.ts";

/** Kinds of rights, as Deno calls them. */
export const RIGHTS: readonly (keyof Grants)[] = [
  "net",
  "read",
  "write",
  "env",
  "run",
  "sys",
  "import",
];

type GrantLists = { [right in keyof Grants]: true | string[] };

/** Adds what one `--grant` says to the grants of the handlers, by name; gives the handler's name. */
export function addGrant(text: string, all: Map<string, Grants>): string {
  const { name, list } = /^(?<name>[^:=,]+):(?<list>.+)$/s.exec(text)?.groups ?? {};
  if (name === undefined) throw malformed(text);
  const grants: GrantLists = { ...all.get(name) } as GrantLists;
  let right: keyof Grants | undefined;
  for (const part of list.split(",")) {
    const { kind, value } = /^(?<kind>[a-z]+)(?:=(?<value>.+))?$/s.exec(part)?.groups ?? {};
    const begins = kind !== undefined && (value !== undefined || isRight(kind));
    // What begins no right of its own belongs to the one before, as in Deno's own flags.
    if (begins) right = rightOf(kind, text);
    if (right === undefined || part === "") throw malformed(text);
    const entry = begins ? value : part;
    if (entry === undefined) grants[right] = true;
    else if (grants[right] !== true) grants[right] = [...grants[right] as string[] ?? [], entry];
  }
  all.set(name, grants);
  return name;
}

function isRight(word: string): word is keyof Grants {
  return (RIGHTS as readonly string[]).includes(word);
}

function rightOf(word: string, text: string): keyof Grants {
  if (isRight(word)) return word;
  const likely = closest(word, RIGHTS);
  const advice = likely === undefined ? `there is ${RIGHTS.join(", ")}` : `did you mean ${likely}?`;
  throw new UsageError(`--grant ${text} names no right: ${word}, ${advice}`);
}

function malformed(text: string): UsageError {
  return new UsageError(
    `--grant must be NAME:RIGHT=VALUE,… as store:write=ticks.log,net=localhost:1234, got ${text}`,
  );
}
