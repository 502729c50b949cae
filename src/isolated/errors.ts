/**
 * What can go wrong with the isolates of a client.
 *
 * @module
 */

import { SpillwayError } from "../errors.ts";

/**
 * What went wrong with the reader's worker: it could not be loaded (`start`), an
 * error that nothing caught has ended it (`died`), or it did not end within
 * `closeTimeoutMs` (`unresponsive`).
 */
export type ReaderFailure = "start" | "died" | "unresponsive";

/** The reader's worker failed, and the client with it. What it had read and not written to disk is gone. */
export class ReaderError extends SpillwayError {
  /** Class name. */
  override name = "ReaderError";
  /** What went wrong. */
  readonly failure: ReaderFailure;

  /** Says what happened. */
  constructor(failure: ReaderFailure, what: string, options: { cause?: unknown } = {}) {
    super(`the reader's worker ${what}`, options);
    this.failure = failure;
  }
}

/** A handler was to be granted what this program may not do itself; the message has the flags to add. */
export class GrantError extends SpillwayError {
  /** Class name. */
  override name = "GrantError";
  /** The handler's name; `undefined` where there is only one. */
  readonly handler: string | undefined;

  /** Names the flags that are missing. */
  constructor(handler: string | undefined, flags: readonly string[]) {
    const who = handler === undefined ? "the handler" : `the handler ${handler}`;
    super(
      `${who} can be granted only what this program may do itself, ` +
        `run again with ${flags.join(" ")}`,
    );
    this.handler = handler;
  }
}
