/**
 * The contract between Spillway and the code that handles batches.
 *
 * @module
 */

import type { Batch } from "../batch.ts";
import type { Column } from "../columns.ts";
import { messageOf, SpillwayError } from "../errors.ts";
import type { ClientStats } from "../status.ts";

/** Value of an option of a handler module. */
export type OptionValue = string | number | boolean;

/** Values by name. */
export type OptionValues = Readonly<Record<string, OptionValue>>;

/** Of handlers that have none. */
export const NO_OPTIONS: OptionValues = Object.freeze({});

/** What a handler may use beside its batch. */
export interface HandlerContext {
  /** Sends bytes (text as UTF-8) to the server; resolves once the kernel has them all. Rejects as `Client.write()` does. */
  write(bytes: string | Uint8Array): Promise<void>;
  /** Aborted when the client closes. */
  readonly signal: AbortSignal;
  /** The client's counters now. */
  stats(): ClientStats;
  /** Values of the options that the handler's module names in its `schema`; empty for a handler that is no module. */
  readonly options: OptionValues;
}

/**
 * Handles batches, one at a time: the next call comes when the last one has
 * returned or its promise has settled. Meanwhile an asynchronous handler lets
 * the reader go on; a synchronous one holds it, so its batches are cut to fit
 * the duty-cycle budget.
 */
export interface Handler<C extends readonly Column[] = readonly Column[]> {
  /** Called once, before the first batch. */
  open?(context: HandlerContext): void | Promise<void>;
  /** Called with each batch; it is on loan until this returns or settles. */
  batch(batch: Batch<C>, context: HandlerContext): void | Promise<void>;
  /** Called once, behind the last batch. */
  close?(context: HandlerContext): void | Promise<void>;
}

/** What the promise of a batch settles with that was given back and not handled. */
export const NOT_HANDLED: unique symbol = Symbol("not handled");

/**
 * For handlers of this package: gives a batch back that was not handled, and is
 * no error. A journal lets it come again.
 */
export function notHandled(): Promise<void> {
  return Promise.resolve(NOT_HANDLED as never);
}

/** A handler threw; `cause` is what. The client stops. */
export class HandlerError extends SpillwayError {
  /** Class name. */
  override name = "HandlerError";
  /** The handler's name; `undefined` where there is only one. */
  readonly handler: string | undefined;
  /** Connection of the batch; `undefined` outside of `batch()`. */
  readonly epoch: number | undefined;
  /** Stream offset of the batch's first frame; `undefined` outside of `batch()`. */
  readonly offset: number | undefined;

  /** Names the place in the stream. */
  constructor(
    cause: unknown,
    at?: { handler?: string; epoch?: number; offset?: number; frames?: number },
  ) {
    const who = at?.handler === undefined ? "the handler" : `the handler ${at.handler}`;
    const frames = at?.frames === 1 ? "1 frame" : `${at?.frames} frames`;
    const where = at?.offset === undefined
      ? ""
      : ` in a batch of ${frames} at offset ${at.offset} of connection ${at.epoch}`;
    super(`${who} threw${where}: ${messageOf(cause)}`, { cause });
    this.handler = at?.handler;
    this.epoch = at?.epoch;
    this.offset = at?.offset;
  }
}
