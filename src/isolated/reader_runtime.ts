/**
 * What runs in the reader's worker: the client that runs everywhere else, its
 * handlers in workers, its directories behind ports.
 *
 * @module
 */

import { type Client, connect } from "../client.ts";
import { withResolvers } from "../deferred.ts";
import type { Handler, HandlerContext } from "../dispatch/handler.ts";
import { framesGiven } from "../dispatch/lanes.ts";
import type { FailureEvent } from "../isolation/failure_options.ts";
import { loadAll } from "../isolation/load.ts";
import { supervisedBy, type SupervisedHandler } from "../isolation/supervised.ts";
import { workerHandlerBy, type WorkerHandlerEvent } from "../isolation/worker/worker_handler.ts";
import type { HandlerOptions } from "../options.ts";
import type { OpenStore } from "../spill/record_store.ts";
import type { ReaderOrder, ReaderReport, SentEvent } from "./messages.ts";
import type { IsolatedEvent } from "./options.ts";
import { overflowOf } from "./overflow.ts";
import type { HandlerPlan } from "./plan.ts";
import { StoreLink } from "./remote_store.ts";
import { RemoteWorkers } from "./remote_workers.ts";
import { fromSent, toSent } from "./sent_error.ts";
import { type IsolatedHandlerStats, StatsBlock } from "./stats_block.ts";

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  postMessage(report: ReaderReport): void;
  onmessage: ((event: { data: ReaderOrder }) => void) | null;
}

const scope = globalThis as unknown as WorkerScope;
const post = (report: ReaderReport): void => scope.postMessage(report);

/** How often counters are written for the supervisor to see, in milliseconds. */
const STATS_MS = 50;

type Start = Extract<ReaderOrder, { type: "start" }>;

/** A handler that runs, and what became of its batches. */
interface Kept {
  name: string;
  handler: SupervisedHandler;
  framesUnanswered: number;
  /** Frames it was given, and those of them it has not given back. */
  frames: number;
  framesHeld: number;
}

class Reader {
  readonly #abort = new AbortController();
  readonly #workers = new RemoteWorkers(post);
  #links: readonly StoreLink[] = [];
  #client: Client | undefined;
  #unopened = 0;
  #tells = false;

  follow(order: ReaderOrder): void {
    switch (order.type) {
      case "start":
        this.#run(order);
        break;
      case "write":
        this.#write(order.id, order.bytes);
        break;
      case "close":
        this.#abort.abort();
        break;
      case "spawned":
        this.#workers.spawned(order.id, order.port);
        break;
      case "not_spawned":
        this.#workers.notSpawned(order.id, fromSent(order.error));
        break;
      case "handler_died":
        this.#workers.died(order.id, order.message);
        break;
      case "disk_died":
        this.#links.find((link) => link.directory === order.directory)?.died(order.message);
        break;
    }
  }

  async #run(start: Start): Promise<void> {
    this.#tells = start.tells;
    this.#links = start.disks.map(({ directory, port }) => new StoreLink(directory, port));
    let end: Error;
    try {
      end = await this.#feed(start);
    } catch (error) {
      end = error as Error;
    }
    // What it had, others may have as soon as it is told that it has ended.
    for (const link of this.#links) await link.end();
    post({ type: "ended", end: toSent(end) });
  }

  /** Resolves with the end one returns from; rejects with any other. */
  async #feed({ plan, module, stats }: Start): Promise<Error> {
    const kept = plan.handlers.map((handler) => this.#keep(handler));
    const onGiven = () => {
      const given = framesGiven(plan.feed.partition, kept.map(({ frames }) => frames));
      if (given >= plan.frameLimit) this.#abort.abort();
    };
    const lanes = plan.handlers.map(({ name, lane }): [string, HandlerOptions] => {
      return [name, {
        ...lane,
        whenFull: overflowOf(lane.whenFull ?? plan.whenFull, this.#openStore),
      }];
    });
    await this.#load(plan.named, kept);
    const client = await connect(plan.target, {
      ...plan.feed,
      ...plan.named ? { handlers: Object.fromEntries(lanes) } : lanes[0][1],
      sharedMemory: true,
      module,
      signal: this.#abort.signal,
      onEvent: (event) => this.#tell(event),
    });
    this.#client = client;
    const block = new StatsBlock(plan.handlers.map(({ name }) => name), stats);
    const write = () => block.write({ client: client.stats(), handlers: statsOf(client, kept) });
    const timer = setInterval(write, STATS_MS);
    try {
      await client.run(this.#handlersOf(plan.named, kept, onGiven));
      return await client.closed;
    } finally {
      clearInterval(timer);
      for (const { handler } of kept) await handler[Symbol.asyncDispose]();
      write();
    }
  }

  /** Has all modules loaded, which no server should have to wait for; until the client is closed. */
  async #load(named: boolean, kept: readonly Kept[]): Promise<void> {
    const loading = loadAll(kept.map(({ name, handler }) => [named ? name : undefined, handler]));
    const closed = withResolvers<void>();
    this.#abort.signal.addEventListener("abort", () => closed.resolve());
    await Promise.race([loading, closed.promise]);
  }

  readonly #openStore: OpenStore = (path, options) => {
    // INVARIANT: there is a worker for each directory that the plan names.
    return this.#links.find((link) => link.has(path))!.open(path, options);
  };

  #keep({ name, specifier, limits, failure }: HandlerPlan): Kept {
    const onEvent = (event: FailureEvent | WorkerHandlerEvent) => {
      if (event.type === "unresponsive") kept.framesUnanswered += event.frames;
      this.#tell({ ...event, handler: name });
    };
    const worker = workerHandlerBy(this.#workers.spawnFor(name), specifier, {
      ...{ name, ...limits, onEvent },
    });
    const handler = supervisedBy(this.#openStore, worker, { ...failure, onEvent });
    const kept = { name, handler, framesUnanswered: 0, frames: 0, framesHeld: 0 };
    return kept;
  }

  /** What `run()` takes; tells when all are open, and calls `onGiven` behind each batch that was given to one. */
  #handlersOf(
    named: boolean,
    kept: readonly Kept[],
    onGiven: () => void,
  ): Handler | Record<string, Handler> {
    this.#unopened = kept.length;
    const handlers = kept.map((one): [string, Handler] => [one.name, {
      open: async (context: HandlerContext) => {
        await one.handler.open?.(context);
        this.#unopened -= 1;
        if (this.#unopened === 0) post({ type: "ready" });
      },
      batch: async (batch, context) => {
        const { count } = batch;
        one.frames += count;
        one.framesHeld += count;
        const handling = one.handler.batch(batch, context);
        onGiven();
        try {
          await handling;
        } finally {
          one.framesHeld -= count;
        }
      },
      close: (context) => one.handler.close?.(context),
    }]);
    return named ? Object.fromEntries(handlers) : handlers[0][1];
  }

  #tell(event: IsolatedEvent): void {
    if (!this.#tells) return;
    const sent = "error" in event ? { ...event, error: toSent(event.error) } : event;
    post({ type: "event", event: sent as SentEvent });
  }

  #write(id: number, bytes: Uint8Array): void {
    // INVARIANT: nobody has a client to write by before this side is ready.
    this.#client!.write(bytes).then(
      () => post({ type: "written", id }),
      (error) => post({ type: "written", id, error: toSent(error) }),
    );
  }
}

function statsOf(client: Client, kept: readonly Kept[]): Record<string, IsolatedHandlerStats> {
  const stats = client.statsByHandler();
  return Object.fromEntries(kept.map(({ name, handler, framesUnanswered, framesHeld }) => {
    const { batches: _batches, frames: _frames, ...failures } = handler.stats();
    return [name, { ...stats[name], ...failures, framesUnanswered, framesHeld }];
  }));
}

/** Serves the supervisor that has started this worker. */
export function serve(): void {
  const reader = new Reader();
  scope.onmessage = ({ data }) => reader.follow(data);
}
