/**
 * Failures to start a handler again, whatever was thrown: no batch was begun, so
 * none is to blame.
 *
 * @module
 */

import { errorOf } from "../errors.ts";

const failures = new WeakSet<Error>();

/** The error of a start that failed, known as such from now on. */
export function startFailure(thrown: unknown): Error {
  const error = errorOf(thrown);
  failures.add(error);
  return error;
}

/** Whether it is of a start that failed. */
export function isStartFailure(error: Error): boolean {
  return failures.has(error);
}
