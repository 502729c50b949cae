/**
 * A handler module in a worker of its own.
 *
 * @module
 */

import { type Batch, SlabBatch } from "../../batch.ts";
import { type HandlerContext, NO_OPTIONS, type OptionValues } from "../../dispatch/handler.ts";
import { batchMsWithin, feedOf, type SharedFeed } from "../../dispatch/shared_feed.ts";
import { checkFunction, checkMs, OptionError } from "../../errors.ts";
import { tell } from "../../tell.ts";
import { roomOf, type SharedRoom } from "../../backlog/restored.ts";
import { Slab } from "../../slab.ts";
import { type Grants, HandlerModuleError, type LoadableHandler } from "../contract.ts";
import { StartClock } from "../start_clock.ts";
import { startFailure } from "../start_failure.ts";
import { checkSpecifier, permissionsOf } from "./bootstrap.ts";
import { BATCHES_OUT } from "./control.ts";
import { UnresponsiveHandlerError } from "./errors.ts";
import { HandlerWorker } from "./handler_worker.ts";
import { spawnHere, type SpawnWorker } from "./peer.ts";

/** What a {@linkcode workerHandler} tells. */
export type WorkerHandlerEvent =
  /** A worker has its handler open, which took so long: the first, or one in the place of one that did not answer or has died. */
  | { type: "started"; name: string; startMs: number }
  /** A worker has died with nothing to do. What its module kept is lost; another is started for the next batch if batches may be skipped or retried, else that one stops the client. */
  | { type: "died"; name: string; error: Error }
  /** A worker did not answer for frames it was given. It is left behind with them, and their slab is never used again. */
  | {
    type: "unresponsive";
    name: string;
    /** Frames that the handler may not have handled. */
    frames: number;
    /** Their connection. */
    epoch: number;
    /** Stream offset of the first of them. */
    offset: number;
    /** Slabs of the client that such workers hold, this one counted. */
    slabsQuarantined: number;
  };

/** Options of {@linkcode workerHandler}. */
export interface WorkerHandlerOptions {
  /** What the module may do. Default: nothing at all. */
  grants?: Grants;
  /** Values of the options that the module's `schema` names. */
  options?: OptionValues;
  /** Name of the handler in events, errors and debuggers. Default: the module's URL. */
  name?: string;
  /** Milliseconds in which the module must load and its `open()` settle, each; also its `close()`. Default 30000. */
  startTimeoutMs?: number;
  /** Milliseconds after which a call of `batch()` that has not settled is given up. Default 60000. */
  batchTimeoutMs?: number;
  /** Milliseconds for which the worker's event loop may stand still within a call. Default 10000. */
  heartbeatTimeoutMs?: number;
  /** Called with each event: keep it short. */
  onEvent?: (event: WorkerHandlerEvent) => void;
}

/** When such a part of the client's slabs is lost to workers that do not answer, the client stops. */
const QUARANTINE_SHARE = 1 / 4;
/** And when so many were left behind: one slab may hold the frames of all, but each may take a core and 10 to 40 MB for good. */
const LEFT_BEHIND_MAX = 8;

/**
 * Has the handler module at `specifier` (a URL) run in a Worker with exactly
 * `grants`, in place of a handler for `client.run()`. Batches are handed over in
 * shared memory: nothing is copied, and the client goes on reading while the
 * handler works, however long it takes. The client must have `sharedMemory:
 * true`, else `run()` rejects with a `HandlerError` whose cause is an
 * `OptionError`. Throws an `OptionError` for options that can't work, and for a
 * relative specifier.
 *
 * **Deno needs `--unstable-worker-options` for this** (or `"unstable":
 * ["worker-options"]` in deno.json): without it Deno ends the process with exit
 * code 70 as soon as the worker starts, and no code can catch or foresee that.
 * Run with `--no-prompt`, else code in the worker can ask at the terminal for
 * more rights.
 *
 * A worker limits rights, not integrity or resources: it can overwrite the
 * buffer, use up memory and never return. What a handler does that never
 * returns is told by `unresponsive`; a new worker goes on behind the frames it
 * was given, and when such workers hold a quarter of the buffer, or are 8 or as
 * many as a quarter of its slabs, `run()` rejects with a `HandlerError` whose
 * cause is an {@linkcode UnresponsiveHandlerError}.
 * For code that you do not trust use `processHandler()`.
 *
 * @example
 * ```ts ignore
 * import { connect } from "jsr:@spillway/spillway";
 * import { workerHandler } from "jsr:@spillway/spillway/isolation";
 *
 * await using handler = workerHandler(import.meta.resolve("./handler.ts"), {
 *   grants: { write: ["/var/log/ticks"] },
 * });
 * await handler.load();
 * await using client = await connect("localhost:9000", {
 *   framing: { type: "lines" },
 *   sharedMemory: true,
 * });
 * await client.run(handler);
 * ```
 */
export function workerHandler(
  specifier: string | URL,
  options: WorkerHandlerOptions = {},
): LoadableHandler {
  const spawn = spawnHere(permissionsOf(options.grants ?? {}));
  return workerHandlerBy(spawn, checkSpecifier(specifier), options);
}

/** The same, its worker started by `spawn`, which knows what it may do. */
export function workerHandlerBy(
  spawn: SpawnWorker,
  specifier: string,
  options: Omit<WorkerHandlerOptions, "grants">,
): LoadableHandler {
  return new WorkerHandler(spawn, specifier, options);
}

/** A worker with its module, and what that took. */
interface Loaded {
  worker: HandlerWorker;
  clock: StartClock;
}

class WorkerHandler implements LoadableHandler {
  readonly #specifier: string;
  readonly #name: string;
  readonly #options: OptionValues;
  readonly #spawn: SpawnWorker;
  readonly #limits: { startTimeoutMs: number; batchTimeoutMs: number; heartbeatTimeoutMs: number };
  readonly #tell: (event: WorkerHandlerEvent) => void;
  readonly #poll = () => this.#running?.poll();
  /** Made last; at most one other is alive, one that was given up. */
  #newest: HandlerWorker | undefined;
  /** One that was started ahead of its client. */
  #loaded: Promise<Loaded> | undefined;
  #disposed = false;
  /** The worker, or the one that is being started. */
  #worker: Promise<HandlerWorker> | undefined;
  #running: HandlerWorker | undefined;
  /** One that has died, or that could not be started, which was told: whoever goes on all the same gets another. */
  #spent: HandlerWorker | undefined;
  /** Workers that did not answer. */
  #leftBehind = 0;
  #refused: Promise<HandlerWorker> | undefined;

  constructor(
    spawn: SpawnWorker,
    specifier: string,
    options: Omit<WorkerHandlerOptions, "grants">,
  ) {
    this.#spawn = spawn;
    this.#specifier = specifier;
    this.#name = options.name ?? specifier;
    this.#options = options.options ?? NO_OPTIONS;
    const { startTimeoutMs = 30_000, batchTimeoutMs = 60_000, heartbeatTimeoutMs = 10_000 } =
      options;
    this.#limits = { startTimeoutMs, batchTimeoutMs, heartbeatTimeoutMs };
    for (const [option, ms] of Object.entries(this.#limits)) checkMs(option, ms, 1);
    const { onEvent } = options;
    checkFunction("onEvent", onEvent);
    this.#tell = (event) => tell({ onEvent }, event);
  }

  async load(): Promise<void> {
    this.#loaded ??= this.#load();
    await this.#loaded;
  }

  async open(context: HandlerContext): Promise<void> {
    if (this.#worker !== undefined) {
      throw new TypeError(`expected one client for ${this.#name}, got a second`);
    }
    const feed = sharedFeedOf(context);
    this.#worker = this.#start(feed, context);
    await this.#worker;
    feed.polls.add(this.#poll);
    feed.batchesOut = BATCHES_OUT;
    feed.elsewhere = true;
    feed.inMemory = true;
    feed.batchMs = batchMsWithin(this.#limits.batchTimeoutMs);
  }

  async batch(batch: Batch, context: HandlerContext): Promise<void> {
    const lent = lentOf(batch);
    for (let from = 0; from < lent.batch.count;) {
      // One that is being started in place of another takes what it left, in order.
      const worker = await this.#living(context);
      try {
        from = await this.#hand(worker, lent, from, context);
      } catch (error) {
        if (worker.dead) this.#spent = worker;
        throw error;
      }
    }
  }

  /** The worker, or one in its place if it has died. */
  async #living(context: HandlerContext): Promise<HandlerWorker> {
    const { failure } = sharedFeedOf(context);
    while (true) {
      const starting = this.#worker;
      if (starting === undefined) throw new TypeError(`${this.#name}: expected an open handler`);
      if (starting === this.#refused) {
        this.#worker = this.#startAgain(context);
        continue;
      }
      const worker = await this.#started(starting);
      if (failure.goesOn && worker.diedIdle) this.#spent = worker;
      if (worker !== this.#spent) return worker;
      if (this.#worker !== starting) continue;
      worker.terminate();
      this.#worker = this.#startAgain(context);
    }
  }

  async #started(starting: Promise<HandlerWorker>): Promise<HandlerWorker> {
    try {
      return await starting;
    } catch (error) {
      this.#refused = starting;
      throw error;
    }
  }

  async #startAgain(context: HandlerContext): Promise<HandlerWorker> {
    try {
      return await this.#start(sharedFeedOf(context), context);
    } catch (error) {
      if (!(error instanceof HandlerModuleError)) throw startFailure(error);
      const why = `${this.#name} can't be started again: ${error.message}`;
      throw new HandlerModuleError(why, { cause: error });
    }
  }

  async close(): Promise<void> {
    const starting = this.#worker;
    this.#worker = undefined;
    if (starting === undefined || starting === this.#refused) return;
    // Rejects with why there is none, if no batch has.
    const worker = await starting;
    if (await worker.close() !== "unresponsive") return;
    throw new UnresponsiveHandlerError(
      `${this.#name} did not close within ${this.#limits.startTimeoutMs} ms`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#newest?.terminate();
    const starting = this.#worker ?? this.#loaded;
    this.#loaded = this.#worker = undefined;
    await starting?.catch(() => {});
  }

  async #load(): Promise<Loaded> {
    if (this.#disposed) throw new TypeError(`${this.#name}: expected a handler not disposed yet`);
    const clock = new StartClock();
    const worker = new HandlerWorker({
      specifier: this.#specifier,
      name: this.#name,
      options: this.#options,
      spawn: this.#spawn,
      ...this.#limits,
    });
    this.#newest = worker;
    await clock.during(worker.load());
    return { worker, clock };
  }

  async #start(feed: SharedFeed, context: HandlerContext): Promise<HandlerWorker> {
    const { core } = feed;
    const { slabBytes, capacity, entries, slabs } = core.layout;
    const loading = this.#loaded ?? this.#load();
    this.#loaded = undefined;
    const { worker, clock } = await loading;
    await clock.during(worker.open({
      feed: {
        memory: core.memory.buffer as unknown as SharedArrayBuffer,
        layout: { slabBytes, capacity, entries, slabs },
        columns: core.columns,
        raw: {
          storesRaw: core.storesRaw,
          strippedBytes: core.strippedBytes,
          delimiterBytes: core.delimiterBytes,
        },
      },
      context,
      onThrow: () => feed.failure.threw = true,
      onIdleDeath: (error) => this.#tell({ type: "died", name: this.#name, error }),
      budgetMs: feed.budget.ms,
      onOverBudget: (place) => feed.budget.overrun(place),
    }));
    feed.budget.taken = true;
    this.#tell({ type: "started", name: this.#name, startMs: clock.ms });
    this.#running = worker;
    return worker;
  }

  /** Hands over a batch from frame `from` on; resolves with the first frame that is to be handed over again. */
  async #hand(
    worker: HandlerWorker,
    lent: Lent,
    from: number,
    context: HandlerContext,
  ): Promise<number> {
    const { batch, place } = lent;
    const { store, first } = batch.loan;
    const answer = await worker.hand({
      first: first + from,
      count: batch.count - from,
      pending: batch.pending,
      epoch: store.epoch,
      streamOffset: store.streamOffset,
      recordBytes: place instanceof Slab ? 0 : place.bytes,
    }, place instanceof Slab ? place.number : place.memory);
    if (answer.end === "done") return batch.count;
    if (answer.end === "not_begun") return from;
    const at = from + answer.done;
    this.#abandon(worker, lent, answer.part, at, context);
    return at + answer.part;
  }

  /** Leaves a worker behind with what it holds, and begins to start a new one. */
  #abandon(
    worker: HandlerWorker,
    { batch, place }: Lent,
    frames: number,
    at: number,
    context: HandlerContext,
  ): void {
    const feed = sharedFeedOf(context);
    const { pool } = feed;
    if (place instanceof Slab) pool.quarantine(place);
    else {
      pool.quarantine(place.memory);
      place.abandon();
    }
    worker.terminate();
    const { epoch } = batch;
    const offset = batch.streamOffset(at);
    const { quarantinedCount: slabsQuarantined } = pool;
    const name = this.#name;
    this.#tell({ type: "unresponsive", name, frames, epoch, offset, slabsQuarantined });
    this.#leftBehind += 1;
    const slabsLost = pool.slabs.length * QUARANTINE_SHARE;
    if (slabsQuarantined >= slabsLost || this.#leftBehind >= Math.min(slabsLost, LEFT_BEHIND_MAX)) {
      this.#worker = undefined;
      throw new UnresponsiveHandlerError(
        `${name} did not answer for ${frames} frames at offset ${offset}: ${this.#leftBehind} workers ` +
          `and ${slabsQuarantined} of ${pool.slabs.length} slabs are lost that way; ` +
          "run it by processHandler(), which can end it",
      );
    }
    this.#worker = this.#start(feed, context);
    // Whoever hands over the next batch is told.
    this.#worker.catch(() => {});
  }
}

/** A batch as a client hands it out. */
interface Lent {
  batch: SlabBatch;
  /** Where its frames lie. */
  place: Slab | SharedRoom;
}

function lentOf(batch: Batch): Lent {
  if (batch instanceof SlabBatch) {
    const { store } = batch.loan;
    const place = store instanceof Slab ? store : roomOf(store);
    if (place !== undefined) return { batch, place };
  }
  throw new TypeError("expected a batch as a client hands it out, got a copy");
}

function sharedFeedOf(context: HandlerContext): SharedFeed {
  const feed = feedOf(context);
  if (feed?.core.shared) return feed;
  throw new OptionError("sharedMemory", "true for a handler in a worker", false);
}
