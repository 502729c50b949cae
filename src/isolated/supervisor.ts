/**
 * The isolate that called: it starts all workers, since only it can grant what
 * they may do, and hears how they end. No byte of the feed comes here.
 *
 * @module
 */

import { abandonable, withResolvers } from "../deferred.ts";
import { NO_OPTIONS } from "../dispatch/handler.ts";
import { SpillwayError } from "../errors.ts";
import { PostedWrites } from "../isolation/posted_writes.ts";
import { withWholeFlag } from "../isolation/whole_flag.ts";
import {
  bootstrapUrl,
  moduleUrl,
  permissionsOf,
  type WorkerPermissions,
} from "../isolation/worker/bootstrap.ts";
import { workerOptions } from "../isolation/worker/peer.ts";
import { tell } from "../tell.ts";
import { SpillPermissionError } from "../spill/errors.ts";
import type { ClientStats } from "../status.ts";
import { ReaderError } from "./errors.ts";
import type { DiskPort, ReaderOrder, ReaderReport, SentEvent } from "./messages.ts";
import type { IsolatedEvent, IsolatedOptions } from "./options.ts";
import type { Plan } from "./plan.ts";
import { notPermitted } from "./rights.ts";
import { fromSent, toSent } from "./sent_error.ts";
import { type IsolatedHandlerStats, StatsBlock } from "./stats_block.ts";

/** A client whose parts each have an isolate of their own; `await using` closes it. */
export interface IsolatedClient extends AsyncDisposable {
  /**
   * How it ended, every worker included; never rejects. A `DisconnectError` as of
   * a client in this isolate, a `HandlerError` if a handler failed, or a
   * `ReaderError`.
   */
  readonly closed: Promise<SpillwayError>;
  /** Sends bytes as `Client.write()` does; at most 1 MiB in 1024 writes may be on the way to the reader. */
  write(bytes: string | Uint8Array): Promise<void>;
  /** Counters as they were at one moment of the last 50 ms, or so; at the end, once it has {@linkcode closed}. */
  stats(): ClientStats;
  /** The same of each handler, by name; `handler` is the name of the only one. */
  statsByHandler(): Record<string, IsolatedHandlerStats>;
  /** Closes it as `Client.close()` does, and resolves when every worker has ended; after `closeTimeoutMs` they are ended. */
  close(): Promise<void>;
}

/** Modules that workers begin with; tests have others. */
export interface Programs {
  reader: string;
  disk: string;
}

const PROGRAMS: Programs = {
  reader: new URL("./reader_runtime.ts", import.meta.url).href,
  disk: new URL("./disk_runtime.ts", import.meta.url).href,
};

/** Runs the workers of one client. */
export class Supervisor implements IsolatedClient {
  readonly closed: Promise<SpillwayError>;
  readonly #plan: Plan;
  readonly #options: IsolatedOptions;
  readonly #reader: Worker;
  readonly #stats: StatsBlock;
  readonly #disks: Worker[] = [];
  readonly #handlers = new Map<number, Worker>();
  readonly #ready = withResolvers<void>();
  readonly #ending = withResolvers<SpillwayError>();
  readonly #writes = new PostedWrites((id, bytes) => this.#post({ type: "write", id, bytes }));
  readonly #onAbort = () => this.#stop();
  #isReady = false;
  #end: SpillwayError | undefined;
  #lateTimer: ReturnType<typeof setTimeout> | undefined;

  private constructor(
    plan: Plan,
    options: IsolatedOptions,
    module: WebAssembly.Module,
    programs: Programs,
  ) {
    this.#plan = plan;
    this.#options = options;
    this.closed = this.#ending.promise;
    this.#stats = new StatsBlock(plan.reader.handlers.map(({ name }) => name));
    const { name, readerPermissions } = plan;
    try {
      // Deno refuses to grant what this side has not itself.
      this.#reader = startWorker(programs.reader, `reader of ${name}`, readerPermissions);
    } catch (cause) {
      const error = notPermitted(name, cause);
      tell(options, { type: "disconnected", error });
      throw error;
    }
    this.#reader.onmessage = ({ data }) => this.#heed(data);
    this.#reader.onerror = (event) => {
      // Else it would be uncaught here, too.
      event.preventDefault();
      this.#readerDied(event.message);
    };
    const { directories, reader } = plan;
    // All of them before there is a port: one that is refused would leave those of the others open.
    for (const directory of directories) this.#startDisk(directory, programs.disk);
    const disks = directories.map((directory, i): DiskPort => {
      return { directory, port: portTo(this.#disks[i]) };
    });
    const stats = this.#stats.buffer;
    this.#post(
      { type: "start", plan: reader, module, stats, disks, tells: options.onEvent !== undefined },
      disks.map(({ port }) => port),
    );
    const { signal } = options;
    signal?.addEventListener("abort", this.#onAbort);
    if (signal?.aborted) this.#onAbort();
  }

  /** Starts the reader, and what it asks for. */
  static start(
    plan: Plan,
    options: IsolatedOptions,
    module: WebAssembly.Module,
    programs: Partial<Programs> = {},
  ): Supervisor {
    return new Supervisor(plan, options, module, { ...PROGRAMS, ...programs });
  }

  /** Resolves when all handlers are open; rejects with how it ended before. To be called at once. */
  async opened(): Promise<this> {
    await this.#ready.promise;
    return this;
  }

  write(bytes: string | Uint8Array): Promise<void> {
    if (this.#end !== undefined) return abandonable(Promise.reject(this.#end));
    return this.#writes.write(bytes);
  }

  stats(): ClientStats {
    return this.#stats.read().client;
  }

  statsByHandler(): Record<string, IsolatedHandlerStats> {
    return this.#stats.read().handlers;
  }

  async close(): Promise<void> {
    this.#stop();
    await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #heed(report: ReaderReport): void {
    switch (report.type) {
      case "ready":
        this.#isReady = true;
        return this.#ready.resolve();
      case "event":
        return tell(this.#options, received(report.event));
      case "written":
        return this.#writes.settle(report.id, report.error && fromSent(report.error));
      case "spawn":
        return this.#spawn(report.id, report.handler);
      case "terminate":
        this.#handlers.get(report.id)?.terminate();
        this.#handlers.delete(report.id);
        return;
      case "ended":
        return this.#finish(asEnd(fromSent(report.end)));
    }
  }

  /** Starts the worker that has a directory. */
  #startDisk(directory: string, program: string): void {
    let disk: Worker;
    try {
      const rights = permissionsOf({ read: [directory], write: [directory] });
      disk = startWorker(program, directory, rights);
    } catch (error) {
      this.#terminate();
      throw new SpillPermissionError(directory, "read and write", error);
    }
    this.#disks.push(disk);
    disk.onerror = (event) => {
      event.preventDefault();
      this.#post({ type: "disk_died", directory, message: withWholeFlag(event.message) });
    };
  }

  /** Starts a worker for a handler, and gives the reader a port to it. */
  #spawn(id: number, handler: string): void {
    // INVARIANT: the reader names handlers it was told of.
    const permissions = this.#plan.handlerPermissions.get(handler)!;
    const { specifier, options } = this.#plan.reader.handlers
      .find(({ name }) => name === handler)!;
    let worker: Worker;
    try {
      const url = bootstrapUrl(specifier, options ?? NO_OPTIONS, "port");
      worker = new Worker(url, workerOptions(handler, permissions));
    } catch (error) {
      return this.#post({ type: "not_spawned", id, error: toSent(error) });
    }
    this.#handlers.set(id, worker);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#post({ type: "handler_died", id, message: withWholeFlag(event.message) });
    };
    const port = portTo(worker);
    this.#post({ type: "spawned", id, port }, [port]);
  }

  /** Has the reader end in order, but not for ever. */
  #stop(): void {
    if (this.#end !== undefined || this.#lateTimer !== undefined) return;
    const { closeTimeoutMs } = this.#plan;
    this.#post({ type: "close" });
    this.#lateTimer = setTimeout(
      () =>
        this.#finish(new ReaderError("unresponsive", `did not end within ${closeTimeoutMs} ms`)),
      closeTimeoutMs,
    );
  }

  #readerDied(message: string): void {
    const failure = this.#isReady ? "died" : "start";
    this.#finish(new ReaderError(failure, `died: ${withWholeFlag(message)}`));
  }

  #finish(end: SpillwayError): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    clearTimeout(this.#lateTimer);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#terminate();
    this.#writes.fail(end);
    // Told once: whoever never got a client has no use for how it ended.
    this.#ready.reject(end);
    this.#ending.resolve(end);
  }

  #terminate(): void {
    for (const worker of [this.#reader, ...this.#disks, ...this.#handlers.values()]) {
      worker.terminate();
    }
  }

  #post(order: ReaderOrder, transfer: Transferable[] = []): void {
    if (this.#end === undefined) this.#reader.postMessage(order, transfer);
  }
}

/**
 * A port to a worker that was just started, which gets the other end. Deno drops
 * what is posted to one that has ended and is not known to have, its port
 * included, which nobody could close then: a microtask later it is.
 */
function portTo(worker: Worker): MessagePort {
  const { port1, port2 } = new MessageChannel();
  queueMicrotask(() => {
    worker.postMessage({ port: port1 }, [port1]);
    port1.close();
  });
  return port2;
}

/** A worker that begins with the `serve()` of a module. */
function startWorker(program: string, name: string, permissions: WorkerPermissions): Worker {
  const code = [`import { serve } from ${JSON.stringify(program)};`, "serve();"];
  return new Worker(moduleUrl(code), workerOptions(name, permissions));
}

/** How a client may end; all else is a defect, which is told as what it is to who supervises. */
function asEnd(error: Error): SpillwayError {
  if (error instanceof SpillwayError) return error;
  return new ReaderError("died", `failed: ${error.message}`, { cause: error });
}

/** An event as it was told, its error one of its class again. */
function received(event: SentEvent): IsolatedEvent {
  const { error } = event;
  return (error === undefined ? event : { ...event, error: fromSent(error) }) as IsolatedEvent;
}
