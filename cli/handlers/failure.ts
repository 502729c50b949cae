/**
 * Why a handler has ended a run, in the words of the command line.
 *
 * @module
 */

import {
  DeadLetterError,
  HandlerModuleError,
  HandlerProcessError,
  UnresponsiveHandlerError,
  WorkerProtocolError,
} from "../../isolation.ts";
import { HandlerError, SpillwayError } from "../../mod.ts";
import { messageOf } from "../../src/errors.ts";
import { SpillPermissionError } from "../../src/spill/errors.ts";
import { permissionError } from "../permission.ts";
import { UsageError } from "../usage.ts";
import { optionsRefusal } from "./options.ts";
import type { HandlerPlan } from "./plan.ts";
import { lacking, subjectOf } from "./words.ts";

/** The error with the flag or the setting that is to be changed; it says that a handler threw only of one that did. */
export function handlerFailure(error: HandlerError, plans: readonly HandlerPlan[]): Error {
  const { cause } = error;
  const refused = cause instanceof DeadLetterError ? cause.cause : cause;
  if (refused instanceof SpillPermissionError) return refused;
  // Where there is one only, the client does not name it.
  const plan = plans.find(({ name }) => name === error.handler) ?? plans[0];
  if (plan === undefined) return permissionError("the handler", cause) ?? error;
  return lacking(plan, cause) ?? optionsRefusal(plan, cause) ?? unusable(plan, cause) ??
    noDeno(plan, cause) ?? noDeadLetters(plan, cause) ?? failed(plan, error) ?? error;
}

const OF_HANDLER = [
  HandlerModuleError,
  HandlerProcessError,
  UnresponsiveHandlerError,
  WorkerProtocolError,
];

/** Whether that happened to a handler, whose own code threw nothing. */
export function isOfHandler(cause: unknown): cause is Error {
  return OF_HANDLER.some((type) => cause instanceof type);
}

/** A module that never came to be a handler; it is called as where it runs inline. */
function unusable(plan: HandlerPlan, cause: unknown): HandlerModuleError | undefined {
  if (!(cause instanceof HandlerModuleError)) return undefined;
  const { message } = cause;
  const called = ["the handler's module", plan.name].find((name) => message.startsWith(name)) ??
    /^\w+:\/\/\S*?(?=:? )/.exec(message)?.[0];
  if (called === undefined) return new HandlerModuleError(message, { cause });
  return new HandlerModuleError(`the handler file ${plan.file}${message.slice(called.length)}`, {
    cause,
  });
}

/** What was to run its process can't be started. */
function noDeno({ name, deno, configFile }: HandlerPlan, cause: unknown): UsageError | undefined {
  if (deno === undefined || !(cause instanceof HandlerProcessError)) return undefined;
  if (cause.failure !== "start") return undefined;
  const setting = configFile === undefined ? "--deno" : `${configFile}: handlers.${name}.deno`;
  const why = cause.cause instanceof Deno.errors.NotFound
    ? "there is none"
    : messageOf(cause.cause).replace(/^Failed to spawn [^:]*: /, "");
  return new UsageError(`${setting} takes the path of a deno, got ${deno}: ${why}`, { cause });
}

/** Its dead letters have no place. */
function noDeadLetters(plan: HandlerPlan, cause: unknown): Error | undefined {
  if (!(cause instanceof DeadLetterError)) return undefined;
  return new SpillwayError(`${subjectOf(plan)} ${cause.message}`, { cause });
}

/** It hung, crashed or did what it may not. */
function failed(plan: HandlerPlan, error: HandlerError): HandlerError | undefined {
  const { cause, handler, offset } = error;
  if (!isOfHandler(cause)) return undefined;
  const made = new HandlerError(cause, { handler });
  const where = offset === undefined
    ? ""
    : ` in a batch at offset ${offset} of connection ${error.epoch}`;
  // Behind its start it was one.
  const none = offset === undefined && plan.deno !== undefined &&
    cause instanceof HandlerProcessError && cause.exitCode === 0;
  made.message = `${subjectOf(plan)} failed${where}: ${cause.message}${
    none ? `; ${plan.deno} may be no deno` : ""
  }`;
  return made;
}
