import { refuse } from "./error.ts";

// deno-lint-ignore no-explicit-any -- a class may take whatever it likes
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

interface Expected {
  type?: ErrorClass<Error>;
  includes?: string;
  msg?: string;
}

/** The two forms are `(msg)` and `(type, includes, msg)`. */
function expectation(
  typeOrMsg?: ErrorClass<Error> | string,
  includes?: string,
  msg?: string,
): Expected {
  return typeof typeOrMsg === "string" ? { msg: typeOrMsg } : { type: typeOrMsg, includes, msg };
}

function check(error: unknown, how: string, { type, includes, msg }: Expected): void {
  if (type === undefined) return;
  if (!(error instanceof Error)) refuse(`A non-Error object was ${how}`, msg);
  const { constructor, message } = error;
  if (!(error instanceof type)) {
    refuse(`Expected error to be instance of "${type.name}", but was "${constructor.name}"`, msg);
  }
  if (includes !== undefined && !message.includes(includes)) {
    const got = JSON.stringify(message);
    refuse(`Expected error message to include ${JSON.stringify(includes)}, but got ${got}`, msg);
  }
}

/** Asserts that `fn` throws; gives what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Asserts that `fn` throws a `type` whose message includes `msgIncludes`; gives what it threw. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  type: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  typeOrMsg?: ErrorClass<Error> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const expected = expectation(typeOrMsg, msgIncludes, msg);
  try {
    fn();
  } catch (error) {
    check(error, "thrown", expected);
    return error;
  }
  refuse("Expected function to throw", expected.msg);
}

/** Asserts that the promise of `fn` is rejected; gives what with. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Asserts that the promise of `fn` is rejected with a `type` whose message includes `msgIncludes`. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  type: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  typeOrMsg?: ErrorClass<Error> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const expected = expectation(typeOrMsg, msgIncludes, msg);
  const promise = started(fn, expected.msg);
  try {
    await promise;
  } catch (error) {
    check(error, "rejected", expected);
    return error;
  }
  refuse("Expected function to reject", expected.msg);
}

/** The promise of `fn`, which must not throw instead of making one. */
function started(fn: () => PromiseLike<unknown>, msg?: string): PromiseLike<unknown> {
  try {
    const promise: unknown = fn();
    if (isPromiseLike(promise)) return promise;
  } catch {
    // Said below.
  }
  refuse("Function throws when expected to reject", msg);
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}
