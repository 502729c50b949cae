/**
 * How a handler process fails.
 *
 * @module
 */

import { SpillwayError } from "../../errors.ts";

/**
 * What went wrong with a process: it could not be started (`start`), did not
 * answer within its time (`timeout`), took too much memory (`memory`), ended
 * by itself (`exit`), or said what it may not (`protocol`).
 */
export type ProcessFailure = "start" | "timeout" | "memory" | "exit" | "protocol";

/** A handler process failed. It has been killed, unless it had ended already. */
export class HandlerProcessError extends SpillwayError {
  /** Class name. */
  override name = "HandlerProcessError";
  /** What went wrong. */
  readonly failure: ProcessFailure;
  /** Exit code, if it ended by itself. */
  readonly exitCode: number | undefined;
  /** The signal that ended it, if one did that was not sent from here. */
  readonly signal: string | undefined;

  /** Says which handler's process it was. */
  constructor(
    handler: string,
    failure: ProcessFailure,
    what: string,
    options: { exitCode?: number; signal?: string; cause?: unknown } = {},
  ) {
    super(`handler ${handler}: ${what}`, { cause: options.cause });
    this.failure = failure;
    this.exitCode = options.exitCode;
    this.signal = options.signal;
  }
}
