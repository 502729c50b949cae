/**
 * Errors on their way from one isolate to another, which keep their class.
 *
 * @module
 */

import { HandlerError } from "../dispatch/handler.ts";
import * as errors from "../errors.ts";
import { HandlerModuleError } from "../isolation/contract.ts";
import { DeadLetterError } from "../isolation/dead_letters.ts";
import { UnresponsiveHandlerError, WorkerProtocolError } from "../isolation/worker/errors.ts";
import * as spill from "../spill/errors.ts";
import { GrantError } from "./errors.ts";

/** An error as it is posted. */
export interface SentError {
  /** Place of its class among the known ones, -1 if it is none. */
  type: number;
  message: string;
  stack: string;
  /** What it has beside these. */
  fields: Record<string, unknown>;
  cause?: { error: SentError } | { text: string };
}

const CLASSES: readonly (abstract new (...args: never[]) => Error)[] = [
  errors.CorruptMemoryError,
  errors.DisconnectError,
  errors.FramingError,
  errors.OptionError,
  errors.WriteQueueFullError,
  DeadLetterError,
  GrantError,
  HandlerError,
  HandlerModuleError,
  UnresponsiveHandlerError,
  WorkerProtocolError,
  spill.SpillFormatError,
  spill.SpillIoError,
  spill.SpillKindError,
  spill.SpillLockedError,
  spill.SpillPermissionError,
];

/** A cause has causes; more than these are of no use to anybody. */
const CAUSES_MAX = 8;

/** `error` as it is posted. */
export function toSent(error: unknown, causesLeft = CAUSES_MAX): SentError {
  if (!(error instanceof Error)) return toSent(new Error(String(error)), causesLeft);
  const { message, stack = "", cause } = error;
  const fields = Object.fromEntries(
    Object.entries({ ...error, name: error.name }).filter(([name, value]) =>
      name !== "cause" && isData(value)
    ),
  );
  const type = CLASSES.findIndex((known) => error instanceof known);
  const sent = { type, message: `${message}`, stack: `${stack}`, fields };
  if (cause === undefined || causesLeft === 0) return sent;
  return {
    ...sent,
    cause: cause instanceof Error
      ? { error: toSent(cause, causesLeft - 1) }
      : { text: String(cause) },
  };
}

/** The error that was posted. */
export function fromSent({ type, message, stack, fields, cause }: SentError): Error {
  const error = cause === undefined
    ? new Error(message)
    : new Error(message, { cause: "error" in cause ? fromSent(cause.error) : cause.text });
  if (type >= 0) Object.setPrototypeOf(error, CLASSES[type].prototype);
  Object.defineProperty(error, "stack", { value: stack, writable: true, configurable: true });
  return Object.assign(error, fields);
}

/** Whether it can be posted; a report is nested, all else is plain. */
function isData(value: unknown): boolean {
  if (typeof value !== "object" || value === null) {
    return typeof value !== "function" && typeof value !== "symbol";
  }
  return Object.values(value).every(isData);
}
