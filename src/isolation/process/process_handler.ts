/**
 * A handler that runs in a process of its own, supervised.
 *
 * @module
 */

import type { Batch } from "../../batch.ts";
import type { HandlerContext } from "../../dispatch/handler.ts";
import type { LoadableHandler } from "../contract.ts";
import type { FailureCounts } from "../failure_options.ts";
import { Reloadable } from "../reloadable.ts";
import { Supervision } from "../supervision.ts";
import {
  type ProcessEvent,
  type ProcessOptions,
  type ProcessSettings,
  settleProcess,
} from "./options.ts";
import { RemoteError } from "./remote_error.ts";
import { type ProcessLog, RestartedProcess } from "./restarted_process.ts";

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
export interface ProcessHandler extends LoadableHandler {
  /** Counters now. */
  stats(): ProcessHandlerStats;
  /** Has a fresh process, with the module as it is now, take over between two batches; as {@linkcode ReloadableHandler.reload}. */
  reload(): Promise<void>;
}

/**
 * Runs the handler module `specifier`, a whole URL, in a process of its own that has exactly
 * `options.grants`, for `client.run()`. The client goes on reading while the
 * module works, hangs or dies. Throws an `OptionError` for options that can't
 * work; what goes wrong later rejects `client.run()` by a `HandlerError` whose
 * `cause` is a `HandlerProcessError`, a `HandlerModuleError`, a `DeadLetterError`
 * for a directory that can't be used or, if the module threw, a `RemoteError`. Needs
 * `--allow-run` for the deno it runs.
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
 * await handler.load();
 * await using client = await connect("localhost:9000", { framing: { type: "lines" } });
 * await client.run(handler);
 * ```
 */
export function processHandler(
  specifier: string | URL,
  options: ProcessOptions = {},
): ProcessHandler {
  return new SupervisedProcess(settleProcess(specifier, options));
}

class SupervisedProcess implements ProcessHandler {
  readonly #supervision: Supervision<ProcessEvent>;
  readonly #processes: Reloadable<RestartedProcess>;
  readonly #log: ProcessLog;

  constructor(settings: ProcessSettings) {
    this.#supervision = new Supervision<ProcessEvent>(settings, {
      isFinal: () => false,
      // A sound process may refuse batches for ever.
      isOfBatch: (error) => error instanceof RemoteError,
    });
    this.#log = { starts: 0, failures: 0, tell: (event) => this.#supervision.tell(event) };
    this.#processes = new Reloadable(() => {
      const takesOver = this.#processes.current !== undefined;
      return new RestartedProcess(settings, this.#log, takesOver);
    });
  }

  load(): Promise<void> {
    return this.#supervision.load(() => this.#processes.load());
  }

  async open(context: HandlerContext): Promise<void> {
    await this.#supervision.open(context, () => this.#processes.open(context));
  }

  async batch(batch: Batch, context: HandlerContext): Promise<void> {
    await this.#supervision.batch(batch, context, () => this.#processes.batch(batch));
  }

  async close(): Promise<void> {
    try {
      await this.#processes.close();
    } finally {
      await this.#supervision.close();
    }
  }

  stats(): ProcessHandlerStats {
    const running = this.#processes.current?.running;
    const { starts, failures } = this.#log;
    return {
      pid: running?.pid,
      residentBytes: running?.residentBytes ?? 0,
      ...{ starts, failures },
      ...this.#supervision.counts,
    };
  }

  reload(): Promise<void> {
    return this.#processes.reload();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#supervision.stop();
    await this.#processes[Symbol.asyncDispose]();
    await this.#supervision.close();
  }
}
