/**
 * Any handler, and what becomes of the batches it throws at.
 *
 * @module
 */

import type { Batch } from "../batch.ts";
import type { Column } from "../columns.ts";
import type { Handler, HandlerContext } from "../dispatch/handler.ts";
import { OptionError } from "../errors.ts";
import type { LoadableHandler } from "./contract.ts";
import { openSpill } from "../spill/open.ts";
import type { OpenStore } from "../spill/record_store.ts";
import {
  type FailureCounts,
  type FailureEvent,
  type FailureOptions,
  settleFailure,
} from "./failure_options.ts";
import { HandlerProcessError } from "./process/errors.ts";
import { Supervision } from "./supervision.ts";
import { UnresponsiveHandlerError, WorkerProtocolError } from "./worker/errors.ts";

/** A handler that is supervised. */
export interface SupervisedHandler<C extends readonly Column[] = readonly Column[]>
  extends LoadableHandler<C> {
  /** Counters now. */
  stats(): FailureCounts;
}

/**
 * A handler around `handler`: when its `batch()` throws or rejects, the client
 * stops as it would without (`onFailure: "stop"`), or the batch is skipped,
 * counted and told of, or handled again within the bounds of `restart`. What
 * `open()` and `close()` throw stops the client in any case. Throws an
 * `OptionError` for options that can't work; `client.run()` rejects by a
 * `HandlerError` whose `cause` is what the last attempt threw, or before the
 * first batch a {@linkcode DeadLetterError} for a directory that can't be used;
 * `load()` takes it, too. A disk that refuses is told by `dead_letter_failed`,
 * and the client goes on.
 *
 * A handler that has handled part of a batch sees all of it again under
 * `"retry"`. A `processHandler()` has these options of its own, and only with
 * those a process that died is started again.
 *
 * A `workerHandler()` is given one batch at a time unless it is to `"stop"`, so
 * that none is blamed for the one before it. It takes a batch in several calls,
 * and those before the one that threw have handled theirs. Frames it did not
 * answer for are told by its own event.
 *
 * `client.run()` closes it; dispose one that was not run to its end. Disposing
 * it disposes `handler`, too.
 *
 * @example
 * ```ts ignore
 * await using handler = supervised(store, {
 *   onFailure: "skip",
 *   deadLetter: "/var/spool/feed.dead",
 *   onEvent: (event) => console.error(event),
 * });
 * await client.run(handler);
 * ```
 */
export function supervised<C extends readonly Column[] = readonly Column[]>(
  handler: Handler<C> | (Handler<C> & AsyncDisposable),
  options: FailureOptions<FailureEvent> = {},
): SupervisedHandler<C> {
  return supervisedBy(openSpill, handler, options);
}

/** The same, with dead letters in a directory that `openStore` opens. */
export function supervisedBy<C extends readonly Column[] = readonly Column[]>(
  openStore: OpenStore,
  handler: Handler<C> | (Handler<C> & AsyncDisposable),
  options: FailureOptions<FailureEvent>,
): SupervisedHandler<C> {
  if (typeof handler?.batch !== "function") {
    throw new OptionError("handler", "an object with batch()", handler);
  }
  const supervision = new Supervision<FailureEvent>(settleFailure(options), {
    isFinal: (error) => FINAL.some((type) => error instanceof type),
    isOfBatch: () => true,
  }, openStore);
  return new Supervised(handler as Handler, supervision) as unknown as SupervisedHandler<C>;
}

/** A handler that throws these does so for every batch to come. */
const FINAL = [
  HandlerProcessError,
  OptionError,
  UnresponsiveHandlerError,
  WorkerProtocolError,
];

class Supervised implements SupervisedHandler {
  readonly #inner: Handler & Partial<LoadableHandler>;
  readonly #supervision: Supervision;

  constructor(inner: Handler & Partial<LoadableHandler>, supervision: Supervision) {
    this.#inner = inner;
    this.#supervision = supervision;
  }

  async load(): Promise<void> {
    await this.#supervision.load(() => this.#inner.load?.());
  }

  async open(context: HandlerContext): Promise<void> {
    await this.#supervision.open(context, () => this.#inner.open?.(context));
    this.#supervision.takeOneByOne(context);
  }

  batch(batch: Batch, context: HandlerContext): void | Promise<void> {
    return this.#supervision.batch(batch, context, () => this.#inner.batch(batch, context));
  }

  async close(context: HandlerContext): Promise<void> {
    try {
      await this.#inner.close?.(context);
    } finally {
      await this.#supervision.close();
    }
  }

  stats(): FailureCounts {
    return { ...this.#supervision.counts };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#supervision.stop();
    await this.#inner[Symbol.asyncDispose]?.();
    await this.#supervision.close();
  }
}
