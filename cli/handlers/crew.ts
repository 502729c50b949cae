/**
 * All handlers of a run, and what each has got.
 *
 * @module
 */

import { resolve } from "node:path";
import { type FailureCounts, ReloadError } from "../../isolation.ts";
import type { Batch, Client, Handler, HandlerContext, HandlerStats, Partition } from "../../mod.ts";
import { promised } from "../../src/deferred.ts";
import { framesGiven } from "../../src/dispatch/lanes.ts";
import { errorOf } from "../../src/errors.ts";
import { loadAll } from "../../src/isolation/load.ts";
import { type HandlerEvent, type KeptHandler, makeHandler } from "./make.ts";
import { moduleFiles } from "./module_files.ts";
import { ModuleWatch } from "./module_watch.ts";
import { optionsRefusal } from "./options.ts";
import type { HandlerPlan } from "./plan.ts";
import { subjectOf } from "./words.ts";

/** A handler in numbers. */
export interface HandlerReport extends HandlerStats, Omit<FailureCounts, "batches" | "frames"> {
  /** Frames a worker did not answer for; they count as delivered. */
  framesUnanswered: number;
}

/** A call that has not come back, and of which handler. */
export interface CallOut {
  call: "open" | "close";
  of: string;
}

/** What a crew needs. */
export interface CrewOptions {
  plans: readonly HandlerPlan[];
  partition: Partition | undefined;
  /** Frames after which it ends. */
  limit: number;
  /** Called once they were given. */
  onEnd: (why: "limit") => void;
  onEvent: (plan: HandlerPlan, event: HandlerEvent) => void;
}

/** Handlers that count. */
export class Crew implements AsyncDisposable {
  readonly #options: CrewOptions;
  readonly #members: CountingHandler[] = [];
  readonly #made = new AsyncDisposableStack();

  /** Makes no handler yet. */
  constructor(options: CrewOptions) {
    this.#options = options;
  }

  /** Makes the handlers and has what runs elsewhere loaded there, before anything is connected to; rejects with what is wrong with one of them. */
  async load(): Promise<void> {
    const { plans } = this.#options;
    for (const plan of plans) await this.#add(plan);
    await loadAll(plans.map(({ name, named }, i) => {
      return [named ? name : undefined, this.#members[i].kept];
    }));
  }

  /** What `client.run()` takes. */
  get handlers(): Handler | Record<string, Handler> {
    const { plans } = this.#options;
    if (!plans[0].named) return this.#members[0];
    return Object.fromEntries(plans.map(({ name }, i) => [name, this.#members[i]]));
  }

  /** Frames given: to every handler, or to one of them if they share. */
  get frames(): number {
    return framesGiven(this.#options.partition, this.#members.map(({ frames }) => frames));
  }

  /** Frames of calls that have not come back. */
  get framesHeld(): number {
    return this.#members.reduce((sum, { framesHeld }) => sum + framesHeld, 0);
  }

  /** A call beside those of batches that has not come back. */
  get callOut(): CallOut | undefined {
    const i = this.#members.findIndex(({ call }) => call !== undefined);
    if (i < 0) return undefined;
    // INVARIANT: it was looked for by that.
    return { call: this.#members[i].call!, of: subjectOf(this.#options.plans[i]) };
  }

  /** What each was given by `client` and was not, by name. */
  report(client: Pick<Client, "statsByHandler">): Record<string, HandlerReport> {
    const { plans } = this.#options;
    const stats = client.statsByHandler();
    return Object.fromEntries(plans.map(({ name, named }, i) => {
      const { batches: _batches, frames: _frames, ...failures } = this.#members[i].kept.stats();
      const { framesUnanswered } = this.#members[i];
      return [name, { ...stats[named ? name : "handler"], ...failures, framesUnanswered }];
    }));
  }

  /** Ends what still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#made.disposeAsync();
  }

  async #add(plan: HandlerPlan): Promise<void> {
    const { limit, onEnd, onEvent } = this.#options;
    const file = resolve(plan.file);
    // As they are before it is loaded: what changes from now on is loaded anew.
    const files = plan.watch ? await moduleFiles(file) : undefined;
    const kept = await makeHandler(plan, (event) => {
      if (event.type === "unresponsive") member.framesUnanswered += event.frames;
      onEvent(plan, event);
    }).catch((error) => {
      throw optionsRefusal(plan, error) ?? error;
    });
    this.#made.use(kept);
    // No event comes before it is opened.
    const member = new CountingHandler(kept, () => {
      if (this.frames >= limit) onEnd("limit");
    });
    this.#members.push(member);
    if (files === undefined) return;
    const watch = new ModuleWatch(file, files, {
      changed: () => this.#reload(plan, kept),
      refused: (error) => onEvent(plan, { type: "reload_failed", running: "old", error }),
    });
    this.#made.use(watch);
  }

  async #reload(plan: HandlerPlan, kept: KeptHandler): Promise<void> {
    const { onEvent } = this.#options;
    const startedAt = performance.now();
    let event: HandlerEvent;
    try {
      await kept.reload();
      event = { type: "reloaded", reloadMs: performance.now() - startedAt };
    } catch (error) {
      if (!(error instanceof ReloadError)) throw error;
      event = { type: "reload_failed", running: error.running, error: errorOf(error.cause) };
    }
    // Nobody wants to know how a reload fared that the end came upon.
    if (!this.#made.disposed) onEvent(plan, event);
  }
}

/** Passes batches on and counts their frames. */
class CountingHandler implements Handler {
  /** Frames passed on. */
  frames = 0;
  /** Those of calls that have not come back. */
  framesHeld = 0;
  framesUnanswered = 0;
  /** What has been called and has not come back. */
  call: CallOut["call"] | undefined;
  readonly kept: KeptHandler;
  readonly #onFrames: () => void;

  /** Calls `onFrames` behind each call that passed some on. */
  constructor(kept: KeptHandler, onFrames: () => void) {
    this.kept = kept;
    this.#onFrames = onFrames;
  }

  open(context: HandlerContext): Promise<void> {
    return this.#during("open", () => this.kept.open?.(context));
  }

  batch(batch: Batch, context: HandlerContext): void | Promise<void> {
    this.frames += batch.count;
    const { count } = batch;
    const settling = promised(this.kept.batch(batch, context));
    this.#onFrames();
    if (settling === undefined) return;
    // A worker has several at a time.
    this.framesHeld += count;
    return settling.finally(() => this.framesHeld -= count);
  }

  close(context: HandlerContext): Promise<void> {
    return this.#during("close", () => this.kept.close?.(context));
  }

  async #during(call: CallOut["call"], work: () => void | Promise<void>): Promise<void> {
    this.call = call;
    try {
      await work();
    } finally {
      // open() may settle behind the begin of close().
      if (this.call === call) this.call = undefined;
    }
  }
}
