/**
 * Handlers as they were asked for: loaded here, or in a place of their own.
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import {
  type FailureCounts,
  type FailureOptions,
  type LoadableHandler,
  type ProcessEvent,
  processHandler,
  reloadable,
  supervised,
  workerHandler,
  type WorkerHandlerEvent,
} from "../../isolation.ts";
import type { Handler } from "../../mod.ts";
import { loadHandler } from "../handler_file.ts";
import type { HandlerPlan } from "./plan.ts";

/** What became of a handler whose files have changed. */
export type ReloadEvent =
  /** It has taken over. */
  | { type: "reloaded"; reloadMs: number }
  /** It has not, or the old one's `close()` threw; `running` gets the batches. */
  | { type: "reload_failed"; running: "old" | "new"; error: Error };

/** What a handler's keeper tells, wherever it runs. */
export type HandlerEvent = ProcessEvent | WorkerHandlerEvent | ReloadEvent;

/** A handler, supervised. */
export interface KeptHandler extends LoadableHandler {
  stats(): FailureCounts;
  /** Has it loaded anew; rejects with a `ReloadError`. */
  reload(): Promise<void>;
}

/** Makes one handler. Rejects with what is wrong with an inline module; one of a process is loaded when it is opened. */
export async function makeHandler(
  plan: HandlerPlan,
  onEvent: (event: HandlerEvent) => void,
): Promise<KeptHandler> {
  const { name, file, options, onFailure, restart, deadLetter, budgetMs } = plan;
  const failure = { onFailure, restart, deadLetter, budgetMs, onEvent };
  switch (plan.isolation) {
    case "inline": {
      const loaded = [await loadHandler(file, { options })];
      return kept(() => loaded.pop() ?? loadHandler(file, { options, fresh: true }), failure);
    }
    case "worker": {
      const { grants, startTimeoutMs, batchTimeoutMs } = plan;
      const limits = { options, grants, startTimeoutMs, batchTimeoutMs };
      const url = pathToFileURL(file);
      return kept(() => workerHandler(url, { name, ...limits, onEvent }), failure);
    }
    case "process": {
      const { grants, memoryLimitBytes, startTimeoutMs, batchTimeoutMs, deno } = plan;
      const limits = {
        ...{ options, grants, memoryLimitBytes },
        ...{ startTimeoutMs, batchTimeoutMs, deno },
      };
      return processHandler(pathToFileURL(file), { name, ...limits, ...failure });
    }
  }
}

function kept(
  make: () => Handler | Promise<Handler>,
  failure: FailureOptions<HandlerEvent>,
): KeptHandler {
  const exchanged = reloadable(make);
  return Object.assign(supervised(exchanged, failure), { reload: () => exchanged.reload() });
}
