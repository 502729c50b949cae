/**
 * A run whose reader, handlers and directories are all in workers.
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import type {
  IsolatedEvent,
  IsolatedHandler,
  IsolatedHandlerEvent,
  IsolatedOptions,
} from "../isolation.ts";
import { type ClientEvent, DisconnectError } from "../mod.ts";
import { TIMER_MS_MAX } from "../src/errors.ts";
import { framesGiven } from "../src/dispatch/lanes.ts";
import { startFor } from "../src/isolated/connect.ts";
import { ONLY_HANDLER } from "../src/isolated/plan.ts";
import type { Supervisor } from "../src/isolated/supervisor.ts";
import type { ConnectPlan } from "./connect_flags.ts";
import type { HandlerReport } from "./handlers/crew.ts";
import type { HandlerEvent } from "./handlers/make.ts";
import type { HandlerPlan } from "./handlers/plan.ts";

/** What a run has to do with its client. */
export interface IsolatedHooks {
  signal: AbortSignal;
  onClientEvent: (event: ClientEvent) => void;
  onHandlerEvent: (plan: HandlerPlan, event: HandlerEvent) => void;
}

/**
 * Whether everything can be: all handlers are in workers and stay there as they
 * are, and what is connected to is an address.
 */
export function isIsolated({ handlers, target }: ConnectPlan): boolean {
  return handlers.length > 0 && typeof target === "string" &&
    handlers.every(({ isolation, watch }) => isolation === "worker" && !watch);
}

/** What takes the frames, and the client that reads them. */
export class IsolatedRun {
  readonly client: Supervisor;
  readonly #plan: ConnectPlan;

  private constructor(plan: ConnectPlan, client: Supervisor) {
    this.#plan = plan;
    this.client = client;
  }

  /** Begins to connect. */
  static async start(plan: ConnectPlan, hooks: IsolatedHooks): Promise<IsolatedRun> {
    const client = await startFor(plan.limit, plan.target, optionsOf(plan, hooks));
    return new IsolatedRun(plan, client);
  }

  /** Resolves with the end one returns from; rejects with any other, as `Client.run()` does. */
  async ended(): Promise<DisconnectError> {
    const end = await this.client.closed;
    if (end instanceof DisconnectError && (end.reason === "eof" || end.reason === "aborted")) {
      return end;
    }
    throw end;
  }

  /** Frames given: to every handler, or to one of them if they share. */
  get frames(): number {
    const frames = Object.values(this.client.statsByHandler()).map((stats) =>
      stats.framesDelivered
    );
    return framesGiven(this.#plan.options.partition, frames);
  }

  /** Frames of batches that have not come back. */
  get framesHeld(): number {
    const stats = Object.values(this.client.statsByHandler());
    return stats.reduce((sum, { framesHeld }) => sum + framesHeld, 0);
  }

  /** What each was given and was not, by name. */
  report(): Record<string, HandlerReport> {
    const stats = this.client.statsByHandler();
    return Object.fromEntries(this.#plan.handlers.map(({ name, named }) => {
      const { framesHeld: _, ...report } = stats[named ? name : ONLY_HANDLER];
      return [name, report];
    }));
  }
}

function optionsOf(plan: ConnectPlan, hooks: IsolatedHooks): IsolatedOptions {
  const { sharedMemory: _shared, handlers: _lanes, ...options } = plan.options;
  const handlers = plan.handlers.map((handler): [string, IsolatedHandler] => {
    const { name, file, options: values, lane, grants } = handler;
    const { startTimeoutMs, batchTimeoutMs } = handler;
    const { onFailure, restart, deadLetter, budgetMs } = handler;
    return [name, {
      ...{ module: pathToFileURL(file), options: values, grants, startTimeoutMs, batchTimeoutMs },
      ...{ onFailure, restart, deadLetter, budgetMs, ...lane },
    }];
  });
  return {
    ...options,
    ...plan.handlers[0].named
      ? { handlers: Object.fromEntries(handlers) }
      : { handler: handlers[0][1] },
    // Whoever runs this has a patience of its own, which begins with an interrupt only.
    closeTimeoutMs: TIMER_MS_MAX,
    signal: hooks.signal,
    onEvent: (event) => {
      if (!isOfHandler(event)) return hooks.onClientEvent(event);
      const { handler, ...own } = event;
      const at = plan.handlers.find(({ name }) => name === handler) ?? plan.handlers[0];
      const told = "name" in own ? { ...own, name: at.name } : own;
      hooks.onHandlerEvent(at, told as HandlerEvent);
    },
  };
}

const HANDLER_EVENTS: ReadonlySet<string> = new Set<IsolatedHandlerEvent["type"]>([
  "dead_letter_failed",
  "died",
  "over_budget",
  "retrying",
  "skipped",
  "started",
  "unresponsive",
]);

function isOfHandler(event: IsolatedEvent): event is IsolatedHandlerEvent {
  return HANDLER_EVENTS.has(event.type);
}
