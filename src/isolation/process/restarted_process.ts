/**
 * A module in a process that is started again when it has failed.
 *
 * ```text
 *            open()                batch() settles
 *  (none) ──────────▶ running ◀────────────────────┐
 *                       │ ▲                        │
 *       fails, hangs,   ▼ │ a batch is there,      │
 *       takes too much  (none)  attempts are left ─┘
 * ```
 *
 * @module
 */

import type { Batch } from "../../batch.ts";
import type { HandlerContext } from "../../dispatch/handler.ts";
import { batchMsWithin, feedOf } from "../../dispatch/shared_feed.ts";
import type { LoadableHandler } from "../contract.ts";
import { StartClock } from "../start_clock.ts";
import { startFailure } from "../start_failure.ts";
import { HandlerProcess } from "./handler_process.ts";
import type { ProcessEvent, ProcessSettings } from "./options.ts";
import { HandlerProcessError } from "./errors.ts";
import { RemoteError } from "./remote_error.ts";

/** What is counted and told of all processes of a handler. */
export interface ProcessLog {
  /** Processes started. */
  starts: number;
  /** Processes that failed. */
  failures: number;
  tell(event: ProcessEvent): void;
}

/** A process with its module, and what that took. */
interface Loaded {
  process: HandlerProcess;
  clock: StartClock;
}

/** Opens, is given batches and closes, in one process or, when it has failed, in the next. */
export class RestartedProcess implements LoadableHandler {
  readonly #settings: ProcessSettings;
  readonly #log: ProcessLog;
  readonly #takesOver: boolean;
  #isOpen = false;
  /** The one that is given batches, or was. */
  #process: HandlerProcess | undefined;
  /** The one started last, which may not be open yet; all before it have ended. */
  #last: HandlerProcess | undefined;
  /** The first one, if it was loaded ahead. */
  #loaded: Promise<Loaded> | undefined;
  /** The last error that a batch was rejected with. */
  #known: Error | undefined;
  #disposed = false;

  /** One that is to take over from another does not tell that it could not: its `open()` rejects. */
  constructor(settings: ProcessSettings, log: ProcessLog, takesOver: boolean) {
    this.#settings = settings;
    this.#log = log;
    this.#takesOver = takesOver;
  }

  /** The process that runs, if one does. */
  get running(): HandlerProcess | undefined {
    return this.#process?.over === false ? this.#process : undefined;
  }

  async load(): Promise<void> {
    this.#loaded ??= this.#load();
    await this.#loaded;
  }

  async open(context: HandlerContext): Promise<void> {
    const feed = feedOf(context);
    if (feed !== undefined) {
      feed.elsewhere = true;
      feed.batchMs = batchMsWithin(this.#settings.batchTimeoutMs);
    }
    try {
      await this.#running(context);
    } finally {
      this.#isOpen = true;
    }
  }

  async batch(batch: Batch, context: HandlerContext): Promise<void> {
    try {
      const process = await this.#running(context);
      await process.batch(batch);
    } catch (error) {
      this.#known = error as Error;
      throw error;
    }
  }

  async close(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    if (process === undefined) return;
    if (!process.over) return await process.close();
    const error = await process.ended;
    // It failed behind its last batch, and its module could not finish.
    if (error !== undefined && error !== this.#known) throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#last?.kill();
    this.#process = this.#loaded = undefined;
  }

  /** The process, a fresh one if the last is gone. */
  async #running(context: HandlerContext): Promise<HandlerProcess> {
    if (this.#process !== undefined && !this.#process.over) return this.#process;
    const error = await this.#process?.ended;
    // It failed between two batches: what the module kept of those before is lost.
    if (error !== undefined && this.#settings.onFailure === "stop") throw error;
    this.#refuseIfDisposed();
    this.#log.starts += 1;
    let started: Loaded;
    try {
      started = await this.#start(context);
    } catch (error) {
      const told = !this.#disposed && (this.#isOpen || !this.#takesOver);
      if (told && !(error instanceof RemoteError)) this.#failed(undefined, error as Error);
      throw this.#isOpen ? startFailure(error) : error;
    }
    const { process, clock } = started;
    this.#process = process;
    void process.ended.then((error) => error && this.#failed(process.pid, error));
    this.#log.tell({ type: "started", pid: process.pid, startMs: clock.ms });
    return process;
  }

  async #start(context: HandlerContext): Promise<Loaded> {
    const loading = this.#loaded ?? this.#load();
    this.#loaded = undefined;
    const loaded = await loading;
    await loaded.clock.during(loaded.process.open(context));
    return loaded;
  }

  async #load(): Promise<Loaded> {
    this.#refuseIfDisposed();
    const clock = new StartClock();
    const process = this.#last = new HandlerProcess(this.#settings);
    await clock.during(process.load());
    return { process, clock };
  }

  /** A process that is started now would be nobody's. */
  #refuseIfDisposed(): void {
    if (!this.#disposed) return;
    throw new HandlerProcessError(this.#settings.name, "start", "it was disposed");
  }

  #failed(pid: number | undefined, error: Error): void {
    this.#log.failures += 1;
    this.#log.tell({ type: "failed", pid, error });
  }
}
