/**
 * What becomes of a command whose standard streams can't be written.
 *
 * @module
 */

import { messageOf } from "../src/errors.ts";
import { forgiveFullLog } from "../src/isolation/full_log.ts";

/** Standard output could not be written, and it was not just closed. */
export class OutputError extends Error {
  /** Always `"OutputError"`. */
  override name = "OutputError";
}

/** The error for what a write to standard output has thrown. */
export function outputError(thrown: unknown): OutputError {
  return new OutputError(`standard output cannot be written: ${messageOf(thrown)}`, {
    cause: thrown,
  });
}

/** Methods of a console that print to standard output. */
const PRINTING = [
  ...["log", "info", "debug", "dir", "dirxml", "table"] as const,
  ...["group", "groupCollapsed", "count", "timeEnd", "timeLog"] as const,
];

/**
 * Until disposed, what is printed on standard error is dropped where it can't
 * be written, whoever prints it, and what is for standard output throws an
 * `OutputError` there. Of a closed pipe Deno makes nothing in both cases.
 */
export function guardStreams(): Disposable {
  const originals = { ...console };
  for (const name of PRINTING) {
    console[name] = (...values: unknown[]) => {
      try {
        (originals[name] as (...values: unknown[]) => void)(...values);
      } catch (thrown) {
        throw outputError(thrown);
      }
    };
  }
  forgiveFullLog(console);
  return { [Symbol.dispose]: () => void Object.assign(console, originals) };
}
