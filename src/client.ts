/**
 * The client: connections in succession, one backlog, one handler.
 *
 * @module
 */

import { MemoryBacklog } from "./backlog/memory_backlog.ts";
import type { OpenSpill } from "./backlog/open_spill.ts";
import { WaterMarks } from "./backlog/water_marks.ts";
import type { Batch } from "./batch.ts";
import type { Column } from "./columns.ts";
import { Connection, type Engine } from "./connection.ts";
import { Core } from "./core/core.ts";
import { withResolvers } from "./deferred.ts";
import { Dispatcher } from "./dispatch/dispatcher.ts";
import { type Handler, type HandlerContext, HandlerError } from "./dispatch/handler.ts";
import { BatchIterator } from "./dispatch/iterator.ts";
import { type DisconnectError, OptionError } from "./errors.ts";
import { type ClientEvent, type ConnectOptions, type Settings, settle, tell } from "./options.ts";
import { isBytes, toBytes } from "./reader/control.ts";
import { Filler } from "./reader/filler.ts";
import type { DisconnectReason } from "./reason.ts";
import { Backoff, sleep } from "./reconnect.ts";
import { SlabPool } from "./slab.ts";
import { type ClientStats, newStats } from "./status.ts";
import { parseTarget } from "./transport/target.ts";
import type { Target } from "./transport/transport.ts";

/**
 * A connected client. Take its batches with `for await` or with
 * {@linkcode Client.run}, not both; `await using` closes it.
 */
export interface Client<C extends readonly Column[] = readonly Column[]>
  extends AsyncIterable<Batch<C>>, AsyncDisposable {
  /**
   * How the client ended for good; never rejects. While it reconnects, ends of
   * single connections are told by `onEvent`.
   */
  readonly closed: Promise<DisconnectError>;
  /**
   * Gives every batch to `handler`. Resolves when the server closed at a frame
   * boundary or this side closed; rejects with a `HandlerError` if the handler
   * threw, and with a `DisconnectError` for every other end.
   */
  run(handler: Handler<C>): Promise<void>;
  /**
   * Sends `bytes` (text as UTF-8); resolves once the kernel has them all.
   * Rejects with a `WriteQueueFullError` when `writeQueueBytes` wait already,
   * and with a `DisconnectError` while there is no connection.
   */
  write(bytes: string | Uint8Array): Promise<void>;
  /** Counters now. */
  stats(): ClientStats;
  /**
   * Closes the connection. Frames not handed out are dropped and counted; a
   * batch that is out stays valid until its handler is done. As long as records
   * of a process that died have not all been read, what is on disk is not dropped
   * but stays there for the next start: such frames are then still pending.
   */
  close(): Promise<void>;
}

/**
 * Connects and begins to read at once: frames wait in slabs until a handler
 * takes them. Rejects with an `OptionError` before anything is connected, else
 * with a {@linkcode DisconnectError}; a missing permission is one that names
 * the flag to add.
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
  return await start(target, settings, await openSpillOf(settings)) as unknown as Client<C>;
}

/** {@linkcode connect} with options filled in, and with the spill open if there is to be one. */
export async function start(
  target: Target,
  settings: Settings,
  spill: OpenSpill | undefined,
): Promise<Client> {
  let client: FeedClient;
  try {
    client = new FeedClient(target, settings, spill);
  } catch (error) {
    await spill?.close();
    throw error;
  }
  await client.start();
  return client;
}

/** Clients that don't spill don't load what does. */
async function openSpillOf({ whenFull, spill }: Settings): Promise<OpenSpill | undefined> {
  if (whenFull !== "spill") return undefined;
  const { openSpill } = await import("./backlog/open_spill.ts");
  // INVARIANT: the settings have a spill then.
  return await openSpill(spill!);
}

/** Ends that trying again can't mend, or is not wanted. */
const FINAL: ReadonlySet<DisconnectReason> = new Set(["aborted", "handler", "permission"]);

class FeedClient implements Client {
  readonly closed: Promise<DisconnectError>;
  readonly #settings: Settings;
  readonly #engine: Engine;
  readonly #abort = new AbortController();
  readonly #ending = withResolvers<DisconnectError>();
  readonly #context: HandlerContext;
  readonly #backoff: Backoff | undefined;
  #connection: Connection | undefined;
  #lastError: DisconnectError | undefined;
  #epoch = 0;
  /** The delay before the current connection. */
  #waitedMs = 0;
  #taken = false;

  constructor(target: Target, settings: Settings, spill: OpenSpill | undefined) {
    const endpoint = parseTarget(target, settings.tls);
    if (endpoint.kind === "open" && settings.reconnect !== undefined) {
      throw new OptionError("reconnect", "an address to connect to again", "an open connection");
    }
    this.#settings = settings;
    const stats = newStats();
    const { columns, respond, bufferBytes, framing, module } = settings;
    const core = new Core({
      framing,
      columns,
      matches: respond.map((rule) => toBytes(rule.match)),
      bufferBytes,
      module,
    });
    const pool = new SlabPool(core);
    // Before a backlog is at work.
    const waterMarks = waterMarksOf(settings, pool);
    const backlog = spill?.backlog({
      pool,
      columns,
      raw: core,
      onChange: () => this.#connection?.ring(),
      tell: (event) => this.#emit(event),
    }) ?? new MemoryBacklog(pool, settings.whenFull);
    this.#epoch = spill?.lastEpoch ?? 0;
    const signal = settings.signal === undefined
      ? this.#abort.signal
      : AbortSignal.any([settings.signal, this.#abort.signal]);
    this.#context = {
      write: (bytes) => this.write(bytes),
      signal,
      stats: () => this.stats(),
    };
    const dispatcher = new Dispatcher({
      backlog,
      columnNames: columns.map((column) => column.name),
      raw: core,
      dutyCycleMs: settings.dutyCycleMs,
      stats,
      context: this.#context,
      onSettled: () => this.#connection?.ring(),
    });
    const filler = new Filler(core, pool, backlog, stats);
    this.#engine = {
      settings,
      endpoint,
      core,
      filler,
      backlog,
      waterMarks,
      dispatcher,
      stats,
      signal,
    };
    this.#backoff = settings.reconnect === undefined ? undefined : new Backoff(settings.reconnect);
    this.closed = this.#ending.promise;
  }

  /** Makes the first connection; rejects with what kept it from being made. */
  async start(): Promise<void> {
    const first = await this.#connect();
    if (first === undefined) {
      await this.#engine.backlog.close();
      throw this.#lastError;
    }
    this.#supervise(first);
  }

  async run(handler: Handler): Promise<void> {
    const { dispatcher } = this.#engine;
    this.#take();
    try {
      await handler.open?.(this.#context);
    } catch (error) {
      await this.close();
      throw new HandlerError(error);
    }
    this.#attach(handler);
    const end = await this.closed;
    await dispatcher.idle();
    try {
      await handler.close?.(this.#context);
    } catch (error) {
      throw new HandlerError(error);
    }
    if (dispatcher.error !== undefined) throw dispatcher.error;
    throwUnlessExpected(end);
  }

  [Symbol.asyncIterator](): AsyncIterator<Batch, void> {
    this.#take();
    const iterator = new BatchIterator(() => this.close());
    this.#attach(iterator);
    this.closed.then(throwUnlessExpected).then(
      () => iterator.end(),
      (error) => iterator.end(error),
    );
    return iterator;
  }

  async write(bytes: string | Uint8Array): Promise<void> {
    if (!isBytes(bytes)) throw new TypeError(`expected text or a Uint8Array, got ${typeof bytes}`);
    if (this.#connection === undefined) throw this.#lastError;
    // A copy: what a batch lent is not there any more when the queue gets to it.
    await this.#connection.write(toBytes(bytes).slice());
  }

  stats(): ClientStats {
    const { stats, backlog } = this.#engine;
    const { droppedOldest, droppedNewest, droppedSpill, ...counts } = backlog.counts;
    return {
      ...stats,
      framesPending: backlog.frames,
      framesDropped: stats.framesDropped + droppedOldest + droppedNewest + droppedSpill,
      framesDroppedOldest: droppedOldest,
      framesDroppedNewest: droppedNewest,
      framesDroppedSpill: droppedSpill,
      framesSpilled: counts.spilled,
      framesRecovered: counts.recovered,
      framesLostOnDisk: counts.lost,
    };
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

  #attach(handler: Handler): void {
    this.#engine.dispatcher.attach(handler);
    this.#connection?.ring();
  }

  /** Runs connection after connection; never rejects. */
  async #supervise(first: Connection): Promise<void> {
    for (let connection: Connection | undefined = first; connection !== undefined;) {
      this.#emit({ type: "connected", epoch: this.#epoch });
      const error = await connection.run();
      this.#connection = undefined;
      this.#lastError = error;
      this.#emit({ type: "disconnected", error });
      const { frames, connectedMs } = error.report;
      // A connection that fed for longer than the wait for it counts as a success.
      if (frames > 0 && connectedMs > this.#waitedMs) this.#backoff?.reset();
      connection = this.#mayReconnect(error) && await this.#wait()
        ? await this.#connect()
        : undefined;
      if (connection !== undefined) this.#engine.stats.reconnects += 1;
    }
    await this.#finish();
  }

  /** Attempts until one succeeds or there were enough. */
  async #connect(): Promise<Connection | undefined> {
    while (true) {
      try {
        this.#connection = await Connection.open(this.#engine, this.#epoch + 1);
        this.#epoch += 1;
        return this.#connection;
      } catch (error) {
        // Connection.open rejects with nothing else, but for a defect, which must not be retried.
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
    const { backlog, stats, filler } = this.#engine;
    stats.framesDropped += backlog.clear();
    filler.begin(this.#epoch);
    await backlog.close();
    // INVARIANT: the client ends by an error of a connection.
    const end = this.#lastError!;
    this.#abort.abort();
    this.#ending.resolve(end);
  }

  #emit(event: ClientEvent): void {
    tell(this.#settings, event);
  }
}

/** Throws an `OptionError` for marks that can't be reached, or are the wrong way round. */
function waterMarksOf(settings: Settings, pool: SlabPool): WaterMarks {
  const bufferBytes = pool.slabs.length * pool.slabBytes;
  const { highWaterBytes = bufferBytes * 3 / 4, lowWaterBytes = highWaterBytes * 2 / 3 } = settings;
  if (!(highWaterBytes > 0 && highWaterBytes <= bufferBytes)) {
    throw new OptionError("highWaterBytes", `bytes above 0, up to ${bufferBytes}`, highWaterBytes);
  }
  if (!(lowWaterBytes >= 0 && lowWaterBytes < highWaterBytes)) {
    throw new OptionError("lowWaterBytes", `bytes below ${highWaterBytes}`, lowWaterBytes);
  }
  return new WaterMarks(highWaterBytes, lowWaterBytes);
}

/** Throws unless it is an end that a loop or `run()` simply returns from. */
function throwUnlessExpected(end: DisconnectError): void {
  if (end.reason !== "eof" && end.reason !== "aborted") throw end;
}
