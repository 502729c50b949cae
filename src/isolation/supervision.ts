/**
 * What becomes of a batch, however and wherever it is handled:
 *
 * ```text
 *            ┌────────── retry, attempts are left ─────────┐
 *            ▼                                             │
 *  batch ─▶ attempt ─▶ threw ─┬─▶ skip ─▶ counted ─▶ dead letters
 *            │                └─▶ stop: the client ends with the error
 *            └─▶ handled
 * ```
 *
 * @module
 */

import type { Batch } from "../batch.ts";
import { promised } from "../deferred.ts";
import type { HandlerContext } from "../dispatch/handler.ts";
import { type BatchPlace, feedOf } from "../dispatch/shared_feed.ts";
import { errorOf } from "../errors.ts";
import { tell } from "../tell.ts";
import { Backoff, sleep } from "../reconnect.ts";
import { placeOf, watched } from "./budget.ts";
import { HandlerModuleError } from "./contract.ts";
import { openSpill } from "../spill/open.ts";
import type { OpenStore } from "../spill/record_store.ts";
import { isStartFailure } from "./start_failure.ts";
import { DeadLetters } from "./dead_letters.ts";
import type { FailureCounts, FailureEvent, FailureSettings } from "./failure_options.ts";

/** How errors of one kind of handler differ. */
export interface ErrorRules {
  /** Neither another attempt nor another batch would go better. */
  isFinal(error: Error): boolean;
  /** Skipping goes on as long as batches throw this; what is not such is bounded as attempts are. */
  isOfBatch(error: Error): boolean;
}

/** Judges what the handling of batches came to, for one handler. */
export class Supervision<E = FailureEvent> {
  /** What became of the batches. */
  readonly counts: FailureCounts = {
    batches: 0,
    frames: 0,
    retries: 0,
    skippedBatches: 0,
    skippedFrames: 0,
    deadLetterFrames: 0,
    overBudget: 0,
  };
  readonly #settings: FailureSettings<E | FailureEvent>;
  readonly #rules: ErrorRules;
  readonly #backoff: Backoff;
  readonly #deadLetters: DeadLetters | undefined;
  #stopped = false;

  /** Dead letters go to a directory that `openStore` opens. */
  constructor(
    settings: FailureSettings<E | FailureEvent>,
    rules: ErrorRules,
    openStore: OpenStore = openSpill,
  ) {
    const { restart, deadLetter } = settings;
    this.#settings = settings;
    this.#rules = rules;
    this.#backoff = new Backoff(restart);
    this.#deadLetters = deadLetter === undefined
      ? undefined
      : new DeadLetters(deadLetter, openStore);
  }

  /** Takes what is needed, see {@linkcode DeadLetters.open}, and has `load` do its part; else gives it up. */
  async load(load: () => void | Promise<void>): Promise<void> {
    await this.#deadLetters?.open();
    try {
      await load();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** The same with `open`; tells who may measure them how long calls may take. */
  async open(context: HandlerContext, open: () => void | Promise<void>): Promise<void> {
    await this.load(() => {
      this.#watchBudget(context);
      return open();
    });
  }

  #watchBudget(context: HandlerContext): void {
    const budget = feedOf(context)?.budget;
    if (budget === undefined) return;
    budget.ms = this.#settings.budgetMs;
    budget.overrun = (place) => this.#overrun(place);
  }

  /** Gives that up. */
  async close(): Promise<void> {
    await this.#deadLetters?.close();
  }

  /** From now on, whatever fails is final. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Where a handler is handed batches ahead, one that throws takes those behind
   * it along, though they were not begun: where the feed goes on, that must not be.
   */
  takeOneByOne(context: HandlerContext): void {
    const feed = feedOf(context);
    if (feed === undefined || this.#settings.onFailure === "stop") return;
    feed.batchesOut = 1;
    feed.failure.goesOn = true;
  }

  /** Has a batch handled by `attempt`, again and again if need be. Stays synchronous where that is and does not throw. */
  batch(
    batch: Batch,
    context: HandlerContext,
    attempt: () => void | Promise<void>,
  ): void | Promise<void> {
    let settling: Promise<void> | undefined;
    try {
      settling = promised(this.#timed(batch, context, attempt));
    } catch (error) {
      return this.#recover(error, batch, context, attempt);
    }
    if (settling === undefined) return this.#handled(batch);
    return settling.then(
      () => this.#handled(batch),
      (error) => this.#recover(error, batch, context, attempt),
    );
  }

  /** Tells the user. */
  tell(event: E | FailureEvent): void {
    tell(this.#settings, event);
  }

  async #recover(
    thrown: unknown,
    batch: Batch,
    context: HandlerContext,
    attempt: () => void | Promise<void>,
  ): Promise<void> {
    let failure = thrown;
    while (await this.#mayGoOn(failure, context)) {
      if (this.#skips(failure)) return await this.#skip(batch, errorOf(failure));
      this.counts.retries += 1;
      try {
        await this.#timed(batch, context, attempt);
        return this.#handled(batch);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  #handled(batch: Batch): void {
    this.#backoff.reset();
    this.counts.batches += 1;
    this.counts.frames += batch.count;
  }

  /** Whether, after `thrown`, another batch or the same one is to be handled; waits before that if need be. */
  async #mayGoOn(thrown: unknown, context: HandlerContext): Promise<boolean> {
    const { onFailure } = this.#settings;
    const error = errorOf(thrown);
    if (onFailure === "stop" || error instanceof HandlerModuleError) return false;
    if (this.#rules.isFinal(error)) return false;
    const skips = this.#skips(error);
    // Giving a batch up takes no time that a client which closes does not have.
    if (skips && this.#rules.isOfBatch(error)) return true;
    const ends = () => this.#stopped || (context.signal.aborted && !skips);
    if (ends()) return false;
    const delayMs = this.#backoff.next();
    if (delayMs === undefined) {
      this.#tellBound(error);
      return false;
    }
    if (!skips) this.tell({ type: "retrying", attempt: this.#backoff.attempt, delayMs, error });
    await sleep(delayMs, context.signal);
    return !ends();
  }

  /** Has the error say that it is the last of several: one alone would not have ended the feed. */
  #tellBound(error: Error): void {
    if (this.#rules.isOfBatch(error)) return;
    const { maxAttempts } = this.#settings.restart;
    error.message += ` (not tried again: restart.maxAttempts allows ${maxAttempts} in a row)`;
  }

  /** A batch that was not even begun is tried again. */
  #skips(thrown: unknown): boolean {
    return this.#settings.onFailure === "skip" && !isStartFailure(errorOf(thrown));
  }

  async #skip(batch: Batch, error: Error): Promise<void> {
    const place = placeOf(batch);
    this.counts.skippedBatches += 1;
    this.counts.skippedFrames += batch.count;
    this.tell({ type: "skipped", ...place, error });
    if (this.#deadLetters === undefined) return;
    const refusal = await this.#deadLetters.append(batch);
    if (refusal === undefined) this.counts.deadLetterFrames += batch.count;
    else this.tell({ type: "dead_letter_failed", ...place, error: refusal });
  }

  /** An attempt whose time is watched, unless somebody else does. */
  #timed(
    batch: Batch,
    context: HandlerContext,
    attempt: () => void | Promise<void>,
  ): void | Promise<void> {
    const { budgetMs } = this.#settings;
    if (budgetMs === undefined || feedOf(context)?.budget.taken) return attempt();
    return watched(budgetMs, attempt, () => this.#overrun(placeOf(batch)));
  }

  #overrun(place: BatchPlace): void {
    this.counts.overBudget += 1;
    this.tell({ type: "over_budget", ...place, budgetMs: this.#settings.budgetMs! });
  }
}
