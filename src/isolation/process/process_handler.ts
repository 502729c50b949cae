/**
 * A handler that runs in a process of its own, killed when it must be and
 * started again.
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
import type { Handler, HandlerContext } from "../../dispatch/handler.ts";
import { Backoff, sleep } from "../../reconnect.ts";
import { HandlerModuleError } from "../contract.ts";
import { HandlerProcess } from "./handler_process.ts";
import {
  type ProcessEvent,
  type ProcessOptions,
  type ProcessSettings,
  settleProcess,
} from "./options.ts";
import { RemoteError } from "./remote_error.ts";

/** What a process handler has done. */
export interface ProcessHandlerStats {
  /** Process id of the one that runs; `undefined` if none does. */
  pid: number | undefined;
  /** Its resident memory when it was last asked, in bytes. */
  residentBytes: number;
  /** Processes started. */
  starts: number;
  /** Processes that failed. */
  failures: number;
  /** Batches handled. */
  batches: number;
  /** Frames in them. */
  frames: number;
  /** How often a batch was handled again. */
  retries: number;
  /** Batches given up under `onFailure: "skip"`. */
  skippedBatches: number;
  /** Frames in them. */
  skippedFrames: number;
}

/** A handler in a process of its own. */
export interface ProcessHandler extends Handler, AsyncDisposable {
  /** Counters now. */
  stats(): ProcessHandlerStats;
}

/**
 * Runs the handler module `specifier`, a whole URL, in a process of its own that has exactly
 * `options.grants`, for `client.run()`. The client goes on reading while the
 * module works, hangs or dies. Throws an `OptionError` for options that can't
 * work; what goes wrong later rejects `client.run()` by a `HandlerError` whose
 * `cause` is a `HandlerProcessError`, a `HandlerModuleError` or, if the module
 * threw, a `RemoteError`. Needs `--allow-run` for the deno it runs.
 *
 * `client.run()` ends the process; dispose a handler that was not run to its
 * end.
 *
 * @example
 * ```ts ignore
 * await using handler = processHandler(import.meta.resolve("./store.ts"), {
 *   grants: { write: ["ticks.log"] },
 *   onFailure: "retry",
 * });
 * await client.run(handler);
 * ```
 */
export function processHandler(
  specifier: string | URL,
  options: ProcessOptions = {},
): ProcessHandler {
  return new RestartingHandler(settleProcess(specifier, options));
}

class RestartingHandler implements ProcessHandler {
  readonly #settings: ProcessSettings;
  readonly #backoff: Backoff;
  readonly #counts: Omit<ProcessHandlerStats, "pid" | "residentBytes"> = {
    starts: 0,
    failures: 0,
    batches: 0,
    frames: 0,
    retries: 0,
    skippedBatches: 0,
    skippedFrames: 0,
  };
  #process: HandlerProcess | undefined;
  #starting: Promise<HandlerProcess> | undefined;
  /** The last error that a batch was given up or handled again for. */
  #known: Error | undefined;
  #disposed = false;

  constructor(settings: ProcessSettings) {
    this.#settings = settings;
    this.#backoff = new Backoff(settings.restart);
  }

  async open(context: HandlerContext): Promise<void> {
    await this.#running(context);
  }

  async batch(batch: Batch, context: HandlerContext): Promise<void> {
    while (true) {
      let error: Error;
      try {
        const process = await this.#running(context);
        await process.batch(batch);
        this.#backoff.reset();
        this.#counts.batches += 1;
        this.#counts.frames += batch.count;
        return;
      } catch (thrown) {
        error = this.#known = thrown as Error;
      }
      if (!await this.#mayGoOn(error, context)) throw error;
      if (this.#settings.onFailure === "skip") return this.#skip(batch, error);
      this.#counts.retries += 1;
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

  stats(): ProcessHandlerStats {
    const running = this.#process?.over === false ? this.#process : undefined;
    return {
      pid: running?.pid,
      residentBytes: running?.residentBytes ?? 0,
      ...this.#counts,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#starting?.catch(() => {});
    await this.#process?.kill();
    this.#process = undefined;
  }

  /** The process, a fresh one if the last is gone. */
  async #running(context: HandlerContext): Promise<HandlerProcess> {
    if (this.#process !== undefined && !this.#process.over) return this.#process;
    const error = await this.#process?.ended;
    // It failed between two batches: what the module kept of those before is lost.
    if (error !== undefined && this.#settings.onFailure === "stop") throw error;
    const startedAt = performance.now();
    this.#counts.starts += 1;
    this.#starting = HandlerProcess.start(this.#settings, context);
    let process: HandlerProcess;
    try {
      process = await this.#starting;
    } catch (error) {
      if (!(error instanceof RemoteError)) this.#failed(undefined, error as Error);
      throw error;
    } finally {
      this.#starting = undefined;
    }
    this.#process = process;
    void process.ended.then((error) => error && this.#failed(process.pid, error));
    this.#tell({ type: "started", pid: process.pid, startMs: performance.now() - startedAt });
    return process;
  }

  #failed(pid: number | undefined, error: Error): void {
    this.#counts.failures += 1;
    this.#tell({ type: "failed", pid, error });
  }

  /** Whether, after `error`, another batch or the same one is to be handled; waits before that if need be. */
  async #mayGoOn(error: Error, context: HandlerContext): Promise<boolean> {
    const { onFailure } = this.#settings;
    const stopped = () => context.signal.aborted || this.#disposed;
    if (onFailure === "stop" || stopped() || error instanceof HandlerModuleError) return false;
    // Batches that a sound process refuses may be skipped for ever.
    if (onFailure === "skip" && error instanceof RemoteError) return true;
    const delayMs = this.#backoff.next();
    if (delayMs === undefined) return false;
    if (onFailure === "retry") {
      this.#tell({ type: "retrying", attempt: this.#backoff.attempt, delayMs, error });
    }
    await sleep(delayMs, context.signal);
    return !stopped();
  }

  #skip(batch: Batch, error: Error): void {
    this.#counts.skippedBatches += 1;
    this.#counts.skippedFrames += batch.count;
    this.#tell({
      type: "skipped",
      frames: batch.count,
      epoch: batch.epoch,
      offset: batch.streamOffset(0),
      error,
    });
  }

  /** What a listener throws is its own affair. */
  #tell(event: ProcessEvent): void {
    try {
      this.#settings.onEvent(event);
    } catch (error) {
      reportError(error);
    }
  }
}
