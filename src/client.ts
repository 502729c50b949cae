/**
 * The client: connections in succession, a lane for each handler.
 *
 * @module
 */

import type { Batch } from "./batch.ts";
import type { Column } from "./columns.ts";
import { Connection, type Engine } from "./connection.ts";
import { Core } from "./core/core.ts";
import { sharedCoreModule } from "./core/module.ts";
import { abandonable, withResolvers } from "./deferred.ts";
import { type Handler, type HandlerContext, HandlerError, NO_OPTIONS } from "./dispatch/handler.ts";
import { BatchIterator } from "./dispatch/iterator.ts";
import { closeAll, handlersOf } from "./dispatch/handler_set.ts";
import type { Lane } from "./dispatch/lanes.ts";
import { type DisconnectError, OptionError } from "./errors.ts";
import { type ClientEvent, type ConnectOptions, type Settings, settle } from "./options.ts";
import { tell } from "./tell.ts";
import {
  closePlans,
  keyLanesOf,
  type LanePlan,
  lastEpochOf,
  makeLanes,
  planLanes,
} from "./open_lanes.ts";
import { isBytes, toBytes } from "./reader/control.ts";
import { Filler } from "./reader/filler.ts";
import type { DisconnectReason } from "./reason.ts";
import { Backoff, sleep } from "./reconnect.ts";
import { SlabPool } from "./slab.ts";
import { type ClientStats, type HandlerStats, newStats } from "./status.ts";
import { parseTarget } from "./transport/target.ts";
import type { Target } from "./transport/transport.ts";

/**
 * A connected client. Take its batches with `for await` or with
 * {@linkcode Client.run}, not both: a second consumer gets a `TypeError`, and so
 * does `for await` of a client with the option `handlers`. `await using` closes it.
 */
export interface Client<C extends readonly Column[] = readonly Column[]>
  extends AsyncIterable<Batch<C>>, AsyncDisposable {
  /**
   * How the client ended for good; never rejects. Resolves when all that was
   * received has been handed out; where nobody takes it, only by `close()`. While it
   * reconnects, ends of single connections are told by `onEvent`.
   */
  readonly closed: Promise<DisconnectError>;
  /**
   * Gives every batch to `handler`, or with the option `handlers` to an object of
   * that many, by name. Resolves when the server closed at a frame boundary, this
   * side closed or a dialer has no more connections; rejects with a `HandlerError`
   * if the handler threw, with a `TypeError` for handlers of other names, and with a
   * `DisconnectError` for every other end.
   */
  run(handler: Handler<C> | Readonly<Record<string, Handler<C>>>): Promise<void>;
  /**
   * Sends `bytes` (text as UTF-8); resolves once the kernel has them all.
   * Rejects with a `WriteQueueFullError` when what waits, answers that are owed
   * included, and `bytes` together are more than `writeQueueBytes`, with a
   * `DisconnectError` when the connection takes no more or there is none, which you
   * need not wait for, and with a `TypeError` for what is neither text nor bytes.
   */
  write(bytes: string | Uint8Array): Promise<void>;
  /** Counters now; what handlers were given and were not is summed up over all of them. */
  stats(): ClientStats;
  /** The same of each handler, by name; `handler` is the name of the only one. */
  statsByHandler(): Record<string, HandlerStats>;
  /**
   * Closes the connection. Frames not handed out are dropped and counted; a
   * batch that is out stays valid until its handler is done. With a journal, as
   * long as records of a process that died have not all been read, and where the
   * disk refuses, what is on disk is not dropped but stays there for the next
   * start: such frames are then still pending.
   */
  close(): Promise<void>;
}

/**
 * Connects and begins to read at once: frames wait in slabs until a handler
 * takes them. Rejects with an `OptionError` before anything is connected, with what
 * `spillTo()` lists for its directory, else with a {@linkcode DisconnectError}; a
 * missing permission is one that names the flag to add.
 *
 * @example
 * ```ts ignore
 * await using client = await connect("localhost:9000", { framing: { type: "lines" } });
 * for await (const batch of client) {
 *   for (let i = 0; i < batch.count; i++) console.log(batch.text(i));
 * }
 * ```
 */
export async function connect<const C extends readonly Column[] = readonly []>(
  target: Target,
  options: ConnectOptions<C>,
): Promise<Client<C>> {
  const settings = settle(options);
  if (settings.sharedMemory) settings.module ??= await sharedCoreModule();
  const plans = await planLanes(settings);
  let client: FeedClient;
  try {
    client = new FeedClient(target, settings, plans);
  } catch (error) {
    await closePlans(plans);
    throw error;
  }
  await client.start();
  return client as unknown as Client<C>;
}

/** Ends that trying again can't mend, or is not wanted. */
const FINAL: ReadonlySet<DisconnectReason> = new Set([
  "aborted",
  "exhausted",
  "handler",
  "permission",
  "tap",
]);

/** Ends that a loop or `run()` simply returns from. */
const EXPECTED: ReadonlySet<DisconnectReason> = new Set(["aborted", "eof", "exhausted"]);

class FeedClient implements Client {
  readonly closed: Promise<DisconnectError>;
  readonly #settings: Settings;
  readonly #engine: Engine;
  readonly #abort = new AbortController();
  readonly #ending = withResolvers<DisconnectError>();
  readonly #context: HandlerContext;
  readonly #backoff: Backoff | undefined;
  #connection: Connection | undefined;
  /** The last connection, which delivers what it left until there is another. */
  #ended: Connection | undefined;
  #lastError: DisconnectError | undefined;
  #epoch = 0;
  /** The delay before the current connection. */
  #waitedMs = 0;
  #taken = false;

  constructor(target: Target, settings: Settings, plans: readonly LanePlan[]) {
    const endpoint = parseTarget(target, settings.tls);
    if (endpoint.kind === "open" && settings.reconnect !== undefined) {
      throw new OptionError("reconnect", "an address to connect to again", "an open connection");
    }
    this.#settings = settings;
    const stats = newStats();
    const { columns, respond, bufferBytes, framing, sharedMemory, module } = settings;
    const core = new Core({
      framing,
      columns,
      matches: respond.map((rule) => toBytes(rule.match)),
      bufferBytes,
      keyLanes: keyLanesOf(settings),
      sharedMemory,
      module,
    });
    const pool = new SlabPool(core);
    this.#epoch = lastEpochOf(plans);
    const signal = settings.signal === undefined
      ? this.#abort.signal
      : AbortSignal.any([settings.signal, this.#abort.signal]);
    this.#context = {
      write: (bytes) => this.write(bytes),
      signal,
      stats: () => this.stats(),
      options: NO_OPTIONS,
    };
    const lanes = makeLanes(settings, plans, {
      core,
      pool,
      stats,
      context: this.#context,
      ring: () => this.#ring(),
      tell: (event) => this.#emit(event),
    });
    const filler = new Filler(core, pool, lanes, stats);
    this.#engine = { settings, endpoint, core, filler, pool, lanes, stats, signal };
    this.#backoff = settings.reconnect === undefined ? undefined : new Backoff(settings.reconnect);
    this.closed = this.#ending.promise;
    signal.addEventListener("abort", () => this.#ring(), { once: true });
  }

  /** Makes the first connection; rejects with what kept it from being made. */
  async start(): Promise<void> {
    const first = await this.#connect();
    if (first === undefined) {
      await this.#engine.lanes.close();
      throw this.#lastError;
    }
    this.#supervise(first);
  }

  async run(given: Handler | Readonly<Record<string, Handler>>): Promise<void> {
    const { lanes } = this.#engine;
    const all = [...lanes];
    const handlers = handlersOf(given, all.map(({ name }) => name));
    this.#take();
    const opened: Lane[] = [];
    for (const [i, lane] of all.entries()) {
      try {
        await handlers[i].open?.(lane.context);
        opened.push(lane);
      } catch (error) {
        await this.close();
        await closeAll(opened, handlers);
        throw new HandlerError(error, { handler: lane.name });
      }
    }
    this.#attach(handlers);
    const end = await this.#over();
    const error = await closeAll(all, handlers) ?? lanes.error;
    if (error !== undefined) throw error;
    throwUnlessExpected(end);
  }

  [Symbol.asyncIterator](): AsyncIterator<Batch, void> {
    const iterator = new BatchIterator(() => this.#attach(handlers), async () => {
      await this.close();
      await this.#engine.lanes.ended();
    });
    const handlers = handlersOf(iterator, Array.from(this.#engine.lanes, ({ name }) => name));
    this.#take();
    this.#over().then(throwUnlessExpected).then(
      () => iterator.end(),
      (error) => iterator.end(error),
    );
    return iterator;
  }

  /** How it ended, once all that came is handled, as far as it will be, and directories are given up. */
  async #over(): Promise<DisconnectError> {
    const end = await this.closed;
    await this.#engine.lanes.idle();
    await this.#engine.lanes.ended();
    return end;
  }

  // Not async: each promise in between would be one more turn between a frame and its answer.
  write(bytes: string | Uint8Array): Promise<void> {
    if (!isBytes(bytes)) {
      return Promise.reject(new TypeError(`expected text or a Uint8Array, got ${typeof bytes}`));
    }
    if (this.#connection === undefined) return abandonable(Promise.reject(this.#lastError));
    // A copy: what a batch lent is not there any more when the queue gets to it.
    return this.#connection.write(toBytes(bytes).slice());
  }

  stats(): ClientStats {
    const { stats, lanes } = this.#engine;
    const { counts } = lanes;
    const { droppedOldest, droppedNewest, droppedSpill, droppedAtEnd } = counts;
    return {
      ...stats,
      framesPending: lanes.frames,
      framesDropped: droppedOldest + droppedNewest + droppedSpill + droppedAtEnd,
      framesDroppedOldest: droppedOldest,
      framesDroppedNewest: droppedNewest,
      framesDroppedSpill: droppedSpill,
      framesSpilled: counts.spilled,
      framesRecovered: counts.recovered,
      framesLostOnDisk: counts.lost,
      slabsQuarantined: this.#engine.pool.quarantinedCount,
    };
  }

  statsByHandler(): Record<string, HandlerStats> {
    return this.#engine.lanes.statsByHandler();
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #take(): void {
    if (this.#taken) {
      throw new TypeError(
        "expected one consumer, got a second: a client has one handler or one loop",
      );
    }
    this.#taken = true;
  }

  #attach(handlers: readonly Handler[]): void {
    this.#engine.lanes.attach(handlers);
    this.#ring();
  }

  /** Runs connection after connection; never rejects. */
  async #supervise(first: Connection): Promise<void> {
    let connection: Connection | undefined = first;
    while (connection !== undefined) {
      this.#emit({ type: "connected", epoch: this.#epoch });
      const ended: Connection = connection;
      const error: DisconnectError = await ended.run(this.#backoff !== undefined);
      this.#connection = undefined;
      this.#ended = ended;
      this.#lastError = error;
      this.#emit({ type: "disconnected", error });
      const { frames, connectedMs } = error.report;
      // A connection that fed for longer than the wait for it counts as a success.
      if (frames > 0 && connectedMs > this.#waitedMs) this.#backoff?.reset();
      connection = this.#mayReconnect(error) ? await this.#reconnect(ended) : undefined;
      if (connection !== undefined) this.#engine.stats.reconnects += 1;
    }
    await this.#deliverLast();
    await this.#finish();
  }

  /** No connection follows: delivers what the last one left, unless that is given up. */
  async #deliverLast(): Promise<void> {
    const { signal, lanes } = this.#engine;
    await this.#ended?.deliver(() => signal.aborted, true);
    if (lanes.error !== undefined) this.#lastError = this.#ended?.endedBy("handler");
    else if (signal.aborted) this.#lastError = this.#ended?.endedBy("aborted");
  }

  /** Makes the next connection, while what the last one left is delivered. */
  async #reconnect(ended: Connection): Promise<Connection | undefined> {
    let opened = false;
    const opening = this.#next().finally(() => {
      opened = true;
      this.#ring();
    });
    const { signal, lanes } = this.#engine;
    await ended.deliver(() => opened || signal.aborted, false);
    // A handler threw: there is nobody to connect for.
    if (lanes.error !== undefined) this.#abort.abort();
    return await opening;
  }

  async #next(): Promise<Connection | undefined> {
    return await this.#wait() ? await this.#connect() : undefined;
  }

  #ring(): void {
    this.#connection?.ring();
    this.#ended?.ring();
  }

  /** Attempts until one succeeds or there were enough. */
  async #connect(): Promise<Connection | undefined> {
    while (true) {
      try {
        this.#connection = await Connection.open(this.#engine, this.#epoch + 1);
        this.#epoch += 1;
        return this.#connection;
      } catch (error) {
        // Connection.open rejects with nothing else.
        this.#lastError = error as DisconnectError;
        this.#emit({ type: "disconnected", error: this.#lastError });
        if (!this.#mayReconnect(this.#lastError) || !await this.#wait()) return undefined;
      }
    }
  }

  #mayReconnect(error: DisconnectError): boolean {
    return this.#backoff !== undefined && !FINAL.has(error.reason);
  }

  /** Waits for the next attempt; false if there is none. */
  async #wait(): Promise<boolean> {
    const delayMs = this.#backoff?.next();
    if (delayMs === undefined) return false;
    this.#waitedMs = delayMs;
    this.#emit({ type: "reconnecting", attempt: this.#backoff!.attempt, delayMs });
    // If that is cut short, the attempt ends with the reason.
    await sleep(delayMs, this.#engine.signal);
    return true;
  }

  async #finish(): Promise<void> {
    const { lanes, filler } = this.#engine;
    // Frames for which the index had no room get some when what waits is dropped or on disk.
    do {
      lanes.clear();
      await lanes.flush();
    } while (filler.frameMore());
    filler.begin(this.#epoch);
    await lanes.close();
    this.#abort.abort();
    // INVARIANT: the client ends by an error of a connection.
    this.#ending.resolve(this.#lastError!);
  }

  #emit(event: ClientEvent): void {
    tell(this.#settings, event);
  }
}

/** Throws unless it is an end one returns from. */
function throwUnlessExpected(end: DisconnectError): void {
  if (!EXPECTED.has(end.reason)) throw end;
}
