/**
 * All handlers of a run, and what each has got.
 *
 * @module
 */

import type { FailureCounts } from "../../isolation.ts";
import type { Batch, Client, Handler, HandlerContext, HandlerStats, Partition } from "../../mod.ts";
import { type HandlerEvent, type KeptHandler, makeHandler } from "./make.ts";
import type { HandlerPlan } from "./plan.ts";

/** A handler in numbers. */
export interface HandlerReport extends HandlerStats, Omit<FailureCounts, "batches" | "frames"> {
  /** Frames a worker did not answer for; they count as delivered. */
  framesUnanswered: number;
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

  private constructor(options: CrewOptions) {
    this.#options = options;
  }

  /** Makes the handlers; rejects with what is wrong with one of them. */
  static async make(options: CrewOptions): Promise<Crew> {
    const crew = new Crew(options);
    try {
      for (const plan of options.plans) await crew.#add(plan);
      return crew;
    } catch (error) {
      await crew[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What `client.run()` takes. */
  get handlers(): Handler | Record<string, Handler> {
    const { plans } = this.#options;
    if (!plans[0].named) return this.#members[0];
    return Object.fromEntries(plans.map(({ name }, i) => [name, this.#members[i]]));
  }

  /** Frames given: to every handler, or to one of them if they share. */
  get frames(): number {
    const frames = this.#members.map((member) => member.frames);
    return this.#options.partition === "round_robin"
      ? frames.reduce((sum, count) => sum + count, 0)
      : Math.min(...frames);
  }

  /** Frames of calls that have not come back. */
  get framesHeld(): number {
    return this.#members.reduce((sum, { framesHeld }) => sum + framesHeld, 0);
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
    const kept = await makeHandler(plan, (event) => {
      if (event.type === "unresponsive") member.framesUnanswered += event.frames;
      onEvent(plan, event);
    });
    this.#made.use(kept);
    // No event comes before it is opened.
    const member = new CountingHandler(kept, () => {
      if (this.frames >= limit) onEnd("limit");
    });
    this.#members.push(member);
  }
}

/** Passes batches on and counts their frames. */
class CountingHandler implements Handler {
  /** Frames passed on. */
  frames = 0;
  /** Those of calls that have not come back. */
  framesHeld = 0;
  framesUnanswered = 0;
  readonly kept: KeptHandler;
  readonly #onFrames: () => void;

  /** Calls `onFrames` behind each call that passed some on. */
  constructor(kept: KeptHandler, onFrames: () => void) {
    this.kept = kept;
    this.#onFrames = onFrames;
  }

  open(context: HandlerContext): void | Promise<void> {
    return this.kept.open?.(context);
  }

  batch(batch: Batch, context: HandlerContext): void | Promise<void> {
    this.frames += batch.count;
    const { count } = batch;
    const settling = this.kept.batch(batch, context);
    this.#onFrames();
    if (typeof settling?.then !== "function") return;
    // A worker has several at a time.
    this.framesHeld += count;
    return settling.finally(() => this.framesHeld -= count) as Promise<void>;
  }

  close(context: HandlerContext): void | Promise<void> {
    return this.kept.close?.(context);
  }
}
