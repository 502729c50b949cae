/**
 * A handler that another one takes the place of, while its client goes on.
 *
 * ```text
 *  reload()   make ─▶ open() ─▶ no more batches ─▶ they are back ─▶ close() ─▶ next batch
 *  old        batches ────────────────────────────────────────────▶ close()
 *  new                open()                                                   batches
 * ```
 *
 * @module
 */

import type { Batch } from "../batch.ts";
import type { Column } from "../columns.ts";
import { promised, withResolvers } from "../deferred.ts";
import type { Handler, HandlerContext } from "../dispatch/handler.ts";
import { feedOf, type HandOver, newHandOver, publishFeed } from "../dispatch/shared_feed.ts";
import { messageOf, OptionError, SpillwayError } from "../errors.ts";
import { Exclusive } from "../exclusive.ts";
import type { LoadableHandler } from "./contract.ts";

/** A handler that can be exchanged between two batches. */
export interface ReloadableHandler<C extends readonly Column[] = readonly Column[]>
  extends LoadableHandler<C> {
  /**
   * Has a fresh handler take over: it is made and opened while the old one
   * handles batches, then batches wait until the old one's are back and its
   * `close()` has settled, and go on to the new one. But those behind one that was
   * thrown at reject as that did. Waits for `open()`, and for a reload that was
   * asked for before; does nothing behind the end of the client. Rejects with a
   * {@linkcode ReloadError}, which says which one goes on.
   */
  reload(): Promise<void>;
}

/** A reload did not go well; the client goes on. `cause` is what was thrown. */
export class ReloadError extends SpillwayError {
  /** Class name. */
  override name = "ReloadError";
  /** Who gets the batches: the old handler, because the new one could not be made or opened, or the new one, though the old one's `close()` threw. */
  readonly running: "old" | "new";

  /** Says who goes on. */
  constructor(running: "old" | "new", cause: unknown) {
    const what = running === "old"
      ? "the new handler can't take over, the old one goes on"
      : "the new handler has taken over, but close() of the old one threw";
    super(`${what}: ${messageOf(cause)}`, { cause });
    this.running = running;
  }
}

/**
 * A handler that `make` makes, and makes anew with each `reload()`: no frame is
 * lost or handled twice by it, their order stays, and the socket is read
 * meanwhile. `make` must give a handler of its own each time. Old and new one
 * are open at the same time for a moment, so that the old one can go on when
 * `open()` of the new one throws: what only one can have, such as a port, belongs
 * into the first `batch()`.
 *
 * For batches that fail put `supervised()` around it, and not inside: counts and
 * dead letters then outlive a reload. A `processHandler()` has a `reload()` of
 * its own.
 *
 * `client.run()` closes it; dispose one that was not run to its end. Handlers
 * that were exchanged are disposed of, if they can be.
 *
 * @example
 * ```ts ignore
 * const handler = reloadable(() => workerHandler(import.meta.resolve("./store.ts")));
 * Deno.addSignalListener("SIGHUP", () => handler.reload().catch(console.error));
 * await client.run(handler);
 * ```
 */
export function reloadable<C extends readonly Column[] = readonly Column[]>(
  make: () => Handler<C> | Promise<Handler<C>>,
): ReloadableHandler<C> {
  if (typeof make !== "function") throw new OptionError("make", "a function", make);
  return new Reloadable(make as () => Handler) as unknown as ReloadableHandler<C>;
}

/** One that is open. */
interface Running<H> {
  handler: H;
  /** Of its own: what it says of hand-overs is not to hold for the one that runs meanwhile. */
  context: HandlerContext;
  handOver: HandOver;
}

/** A batch that waits. */
interface Waiting {
  batch: Batch;
  settle: PromiseWithResolvers<void>;
}

/** What {@linkcode reloadable} gives. */
export class Reloadable<H extends Handler & Partial<LoadableHandler>> implements ReloadableHandler {
  readonly #make: () => H | Promise<H>;
  /** The first handler, if it was loaded ahead. */
  #loaded: Promise<H> | undefined;
  #context: HandlerContext | undefined;
  #running: Running<H> | undefined;
  /** One that is to take over, from when it is made until it has. */
  #next: H | undefined;
  #closed = false;
  /** Settles when the first handler is open, or is not going to be. */
  readonly #opened = withResolvers<void>();
  /** Reloads, one behind the other. */
  readonly #reloads = new Exclusive();
  #takingOver: Promise<void> | undefined;
  /** Batches wait: one is taking over. */
  #holding = false;
  /** For the new handler, oldest first. */
  readonly #waiting: Waiting[] = [];
  #releasing: Promise<void> = Promise.resolve();
  /** Batches that are out, and who waits for them. */
  #out = 0;
  #back: PromiseWithResolvers<void> | undefined;

  constructor(make: () => H | Promise<H>) {
    this.#make = make;
  }

  /** The handler that gets the batches. */
  get current(): H | undefined {
    return this.#running?.handler;
  }

  async load(): Promise<void> {
    this.#loaded ??= this.#makeOne();
    await (await this.#loaded).load?.();
  }

  async open(context: HandlerContext): Promise<void> {
    if (this.#context !== undefined) throw new TypeError("expected one client, got a second");
    this.#context = context;
    try {
      this.#running = await this.#start(context);
      this.#next = undefined;
    } catch (error) {
      this.#closed = true;
      throw error;
    } finally {
      this.#opened.resolve();
    }
    const feed = feedOf(context);
    if (feed === undefined) return;
    feed.batchesOut = this.#running.handOver.batchesOut;
    heed(feed, this.#running.handOver);
    feed.polls.add(() => this.#running?.handOver.polls.forEach((poll) => poll()));
  }

  batch(batch: Batch): void | Promise<void> {
    if (!this.#holding) return this.#hand(batch);
    const settle = withResolvers<void>();
    this.#waiting.push({ batch, settle });
    return settle.promise;
  }

  async close(): Promise<void> {
    this.#closed = true;
    // What it was rejected with is told to who asked for it.
    await this.#takingOver?.catch(() => {});
    await this.#running?.handler.close?.(this.#running.context);
  }

  async reload(): Promise<void> {
    await this.#reloads.run(() => this.#reload());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#opened.resolve();
    const loaded = await this.#loaded?.catch(() => undefined);
    await loaded?.[Symbol.asyncDispose]?.();
    // The old one may be stuck in a batch, so nothing here waits for a reload.
    await this.#next?.[Symbol.asyncDispose]?.();
    await this.#running?.handler[Symbol.asyncDispose]?.();
  }

  async #reload(): Promise<void> {
    await this.#opened.promise;
    // INVARIANT: whoever is not closed is open.
    if (this.#closed) return;
    try {
      const next = await this.#start(this.#context!).catch((error) => {
        throw new ReloadError("old", error);
      });
      if (this.#closed) return await end(next);
      this.#takingOver = this.#takeOver(next);
      await this.#takingOver;
    } finally {
      this.#takingOver = undefined;
      this.#next = undefined;
    }
  }

  async #makeOne(): Promise<H> {
    const handler = await this.#make();
    if (typeof handler?.batch !== "function") {
      throw new OptionError("make", "a function that gives an object with batch()", handler);
    }
    if (handler === this.#running?.handler) {
      throw new OptionError("make", "a function that gives a new handler each time", handler);
    }
    return handler;
  }

  /** Makes a handler, unless one was loaded ahead, and opens it. */
  async #start(client: HandlerContext): Promise<Running<H>> {
    const making = this.#loaded ?? this.#makeOne();
    this.#loaded = undefined;
    const handler = await making;
    const { write, signal, stats, options } = client;
    const context: HandlerContext = { write, signal, stats, options };
    const feed = feedOf(client);
    const handOver = {
      ...newHandOver(),
      ...feed && { failure: feed.failure, budget: feed.budget },
    };
    if (feed !== undefined) {
      const { core, pool } = feed;
      publishFeed(context, Object.assign(handOver, { core, pool }));
    }
    this.#next = handler;
    try {
      await handler.open?.(context);
    } catch (error) {
      this.#next = undefined;
      await handler[Symbol.asyncDispose]?.();
      throw error;
    }
    return { handler, context, handOver };
  }

  /** Between two batches. */
  async #takeOver(next: Running<H>): Promise<void> {
    await this.#releasing;
    this.#holding = true;
    if (this.#out > 0) {
      this.#back = withResolvers();
      await this.#back.promise;
    }
    const old = this.#running!;
    try {
      await end(old);
    } catch (error) {
      throw new ReloadError("new", error);
    } finally {
      this.#running = next;
      const feed = feedOf(this.#context!);
      if (feed !== undefined) {
        // Who supervises this may have made it fewer.
        feed.batchesOut = Math.min(feed.batchesOut, next.handOver.batchesOut);
        heed(feed, next.handOver);
      }
      this.#releasing = this.#release();
    }
  }

  /** Hands out what has waited, and what comes meanwhile behind that. */
  async #release(): Promise<void> {
    const waiting = this.#waiting;
    const { handOver } = this.#running!;
    // The old one may have taken more at a time than the new one does.
    while (waiting.length > handOver.batchesOut) await this.#give(waiting.shift()!);
    // At once, else a handler that is always busy would have its batches wait here for ever.
    this.#holding = false;
    while (waiting.length > 0) void this.#give(waiting.shift()!);
  }

  async #give({ batch, settle }: Waiting): Promise<void> {
    try {
      settle.resolve(this.#hand(batch));
    } catch (error) {
      settle.reject(error);
    }
    // Whoever gave it is told.
    await settle.promise.catch(() => {});
  }

  #hand(batch: Batch): void | Promise<void> {
    // INVARIANT: batches come behind open().
    const { handler, context } = this.#running!;
    let settling: Promise<void> | undefined;
    try {
      settling = promised(handler.batch(batch, context));
    } catch (error) {
      this.#threw(error);
      throw error;
    }
    if (settling === undefined) return;
    this.#out += 1;
    return settling.then((how) => {
      this.#returned();
      return how;
    }, (error) => {
      this.#threw(error);
      this.#returned();
      throw error;
    });
  }

  #returned(): void {
    this.#out -= 1;
    if (this.#out === 0) this.#back?.resolve();
  }

  /** Takes along what waits behind: whoever gave it has not heard of this yet, and may want none of it handled. */
  #threw(error: unknown): void {
    const feed = feedOf(this.#context!);
    if (feed !== undefined) feed.failure.threw = true;
    for (const { settle } of this.#waiting.splice(0)) settle.reject(error);
  }
}

/** The client goes about batches as `handOver` says, from now on. How many may be out others have a say in. */
function heed(feed: HandOver, { elsewhere, inMemory, batchMs }: HandOver): void {
  Object.assign(feed, { elsewhere, inMemory, batchMs });
}

/** Closes one for good. */
async function end(
  { handler, context }: Running<Handler & Partial<AsyncDisposable>>,
): Promise<void> {
  try {
    await handler.close?.(context);
  } finally {
    await handler[Symbol.asyncDispose]?.();
  }
}
