/**
 * What can go wrong with a worker.
 *
 * @module
 */

import { SpillwayError } from "../../errors.ts";

/** A worker did what no worker does that is left alone, such as posting messages of its own. */
export class WorkerProtocolError extends SpillwayError {
  /** Class name. */
  override name = "WorkerProtocolError";
}

/**
 * A handler in a worker did not answer, and can't be stopped: a worker that
 * computes without end goes on doing so when it is terminated. The client stops
 * before such workers hold so much of its buffer that reading suffers.
 */
export class UnresponsiveHandlerError extends SpillwayError {
  /** Class name. */
  override name = "UnresponsiveHandlerError";
}
