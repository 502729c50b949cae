/**
 * Handlers as they were asked for: loaded here, or in a place of their own.
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import {
  type FailureCounts,
  type ProcessEvent,
  processHandler,
  supervised,
  workerHandler,
  type WorkerHandlerEvent,
} from "../../isolation.ts";
import type { Handler } from "../../mod.ts";
import { loadHandler } from "../handler_file.ts";
import type { HandlerPlan } from "./plan.ts";

/** What a handler's keeper tells, wherever it runs. */
export type HandlerEvent = ProcessEvent | WorkerHandlerEvent;

/** A handler, supervised. */
export type KeptHandler = Handler & AsyncDisposable & { stats(): FailureCounts };

/** Makes one handler. Rejects with what is wrong with an inline module; one of a process is loaded when it is opened. */
export async function makeHandler(
  plan: HandlerPlan,
  onEvent: (event: HandlerEvent) => void,
): Promise<KeptHandler> {
  const { name, file, onFailure, restart, deadLetter, budgetMs } = plan;
  const failure = { onFailure, restart, deadLetter, budgetMs, onEvent };
  switch (plan.isolation) {
    case "inline":
      return supervised(await loadHandler(file), failure);
    case "worker": {
      const { grants, startTimeoutMs, batchTimeoutMs } = plan;
      const limits = { grants, startTimeoutMs, batchTimeoutMs };
      return supervised(workerHandler(pathToFileURL(file), { name, ...limits, onEvent }), failure);
    }
    case "process": {
      const { grants, memoryLimitBytes, startTimeoutMs, batchTimeoutMs, deno } = plan;
      const limits = { grants, memoryLimitBytes, startTimeoutMs, batchTimeoutMs, deno };
      return processHandler(pathToFileURL(file), { name, ...limits, ...failure });
    }
  }
}
