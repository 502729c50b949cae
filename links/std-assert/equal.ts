import { deepStrictEqual, strictEqual } from "node:assert";
import { inspect, isDeepStrictEqual } from "node:util";
import { refuse } from "./error.ts";

/** The lines in which the two differ, as `node:assert` shows them. */
function difference(compare: () => void): string {
  try {
    compare();
    return "";
  } catch (error) {
    return `\n${(error as Error).message}`;
  }
}

/**
 * Asserts that the two are equal in structure. It is stricter than the real one in that `-0` differs
 * from `0`, and an object without a prototype from a plain one.
 */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  const head = msg ? `Values are not equal: ${msg}` : "Values are not equal.";
  refuse(head + difference(() => deepStrictEqual(actual, expected)));
}

/** Asserts that the two differ in structure. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!isDeepStrictEqual(actual, expected)) return;
  refuse(`Expected actual: ${inspect(actual)} not to be: ${inspect(expected)}`, msg);
}

/** Asserts that the two are the same, by `Object.is`. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const head = msg ? `Values are not strictly equal: ${msg}` : "Values are not strictly equal.";
  refuse(head + difference(() => strictEqual(actual, expected)));
}
