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
import type { FailureCounts } from "../failure_options.ts";
import { Supervision } from "../supervision.ts";
import { HandlerProcess } from "./handler_process.ts";
import {
  type ProcessEvent,
  type ProcessOptions,
  type ProcessSettings,
  settleProcess,
} from "./options.ts";
import { RemoteError } from "./remote_error.ts";

/** What a process handler has done. */
export interface ProcessHandlerStats extends FailureCounts {
  /** Process id of the one that runs; `undefined` if none does. */
  pid: number | undefined;
  /** Its resident memory when it was last asked, in bytes. */
  residentBytes: number;
  /** Processes started. */
  starts: number;
  /** Processes that failed. */
  failures: number;
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
  readonly #supervision: Supervision<ProcessEvent>;
  readonly #counts = { starts: 0, failures: 0 };
  #process: HandlerProcess | undefined;
  #starting: Promise<HandlerProcess> | undefined;
  /** The last error that a batch was given up or handled again for. */
  #known: Error | undefined;

  constructor(settings: ProcessSettings) {
    this.#settings = settings;
    this.#supervision = new Supervision<ProcessEvent>(settings, {
      isFinal: () => false,
      // A sound process may refuse batches for ever.
      isOfBatch: (error) => error instanceof RemoteError,
    });
  }

  async open(context: HandlerContext): Promise<void> {
    await this.#supervision.open();
    try {
      await this.#running(context);
    } catch (error) {
      await this.#supervision.close();
      throw error;
    }
  }

  async batch(batch: Batch, context: HandlerContext): Promise<void> {
    await this.#supervision.batch(batch, context, () => this.#attempt(batch, context));
  }

  async close(): Promise<void> {
    try {
      await this.#closeProcess();
    } finally {
      await this.#supervision.close();
    }
  }

  stats(): ProcessHandlerStats {
    const running = this.#process?.over === false ? this.#process : undefined;
    return {
      pid: running?.pid,
      residentBytes: running?.residentBytes ?? 0,
      ...this.#counts,
      ...this.#supervision.counts,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#supervision.stop();
    await this.#starting?.catch(() => {});
    await this.#process?.kill();
    this.#process = undefined;
    await this.#supervision.close();
  }

  async #attempt(batch: Batch, context: HandlerContext): Promise<void> {
    try {
      const process = await this.#running(context);
      await process.batch(batch);
    } catch (error) {
      this.#known = error as Error;
      throw error;
    }
  }

  async #closeProcess(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    if (process === undefined) return;
    if (!process.over) return await process.close();
    const error = await process.ended;
    // It failed behind its last batch, and its module could not finish.
    if (error !== undefined && error !== this.#known) throw error;
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
    this.#supervision.tell({
      type: "started",
      pid: process.pid,
      startMs: performance.now() - startedAt,
    });
    return process;
  }

  #failed(pid: number | undefined, error: Error): void {
    this.#counts.failures += 1;
    this.#supervision.tell({ type: "failed", pid, error });
  }
}
