/**
 * The handlers of all lanes.
 *
 * @module
 */

import { type Handler, HandlerError } from "./handler.ts";
import type { Lane } from "./lanes.ts";

/** Closes the handler of every lane, whatever others throw; returns what the first threw. */
export async function closeAll(
  lanes: readonly Lane[],
  handlers: readonly Handler[],
): Promise<HandlerError | undefined> {
  let first: HandlerError | undefined;
  for (const [i, { name, context }] of lanes.entries()) {
    try {
      await handlers[i].close?.(context);
    } catch (error) {
      first ??= new HandlerError(error, { handler: name });
    }
  }
  return first;
}

/** The handlers for the lanes of these names, in their order. */
export function handlersOf(
  given: Handler | Readonly<Record<string, Handler>>,
  names: readonly (string | undefined)[],
): Handler[] {
  const isOne = typeof given.batch === "function";
  if (isOne && names[0] === undefined) return [given as Handler];
  const known = names.map(String);
  const got = isOne ? ["one handler without a name"] : Object.keys(given);
  const named = given as Readonly<Record<string, Handler>>;
  const right = !isOne && got.length === known.length &&
    known.every((name) => typeof named[name]?.batch === "function");
  if (!right) {
    const expected = names[0] === undefined
      ? "a handler with batch()"
      : `handlers ${known.join(", ")}`;
    throw new TypeError(`expected ${expected}, got ${got.join(", ") || "an empty object"}`);
  }
  return known.map((name) => named[name]);
}
