/**
 * The dispatcher: lends batches to one handler, cut so that a synchronous call
 * stays within the duty-cycle budget, and that none is out for too long.
 *
 * @module
 */

import type { Backlog, FrameRange } from "../backlog/backlog.ts";
import { type RawRule, SlabBatch } from "../batch.ts";
import { promised, withResolvers } from "../deferred.ts";
import type { HoldMeter } from "../hold_meter.ts";
import type { ClientStats } from "../status.ts";
import { widen } from "../wide.ts";
import { type Handler, type HandlerContext, HandlerError, NOT_HANDLED } from "./handler.ts";
import type { HandOver } from "./shared_feed.ts";
import { BatchSizer } from "./sizer.ts";

/** What the dispatcher needs. */
export interface DispatcherOptions {
  /** The handler's name; `undefined` where there is only one. */
  name: string | undefined;
  backlog: Backlog;
  columnNames: readonly string[];
  raw: RawRule;
  /** Milliseconds a call may hold the read loop. */
  dutyCycleMs: number;
  stats: ClientStats;
  context: HandlerContext;
  /** Tells when to poll, and how many batches may be out. */
  handOver: HandOver;
  /** Called when an asynchronous call has settled. */
  onSettled: () => void;
}

/** Hands the backlog to a handler. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  /** By how long calls hold the read loop, and by how long batches are out. */
  readonly #heldSizer = new BatchSizer();
  readonly #outSizer = new BatchSizer();
  #handler: Handler | undefined;
  /** Batches that are out, and when the last one came back, 0 if none has. */
  #out = 0;
  #backAt = 0;
  /** The last call, if it goes on in this thread and its cost is not known yet. */
  #unsettled: { frames: number; heldMs: number } | undefined;
  /** Settles when none is out, if somebody waits for that. */
  #idle: PromiseWithResolvers<void> | undefined;
  #error: HandlerError | undefined;
  /** What the handler was given. */
  readonly counts = { batches: 0, framesDelivered: 0, heldMs: 0 };
  /** Where held time is booked; each connection has its own. */
  meter: HoldMeter | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    widen(this.counts, "framesDelivered");
  }

  /** Whether a call of {@linkcode Dispatcher.dispatch} would hand out a batch. */
  get ready(): boolean {
    const { batchesOut, failure } = this.#options.handOver;
    const free = this.#out === 0 || this.#out < batchesOut && !failure.threw;
    return free && this.#error === undefined && this.#handler !== undefined &&
      this.#options.backlog.ready;
  }

  /** Frames the next batch may have. How long one is out is known once one has come back. */
  get #allowed(): number {
    const { allowed } = this.#heldSizer;
    return this.#backAt === 0 ? allowed : Math.min(allowed, this.#outSizer.allowed);
  }

  /** Whether a batch is out. */
  get busy(): boolean {
    return this.#out > 0;
  }

  /** Whether a batch is out that is handled in this thread. */
  get busyHere(): boolean {
    return this.#out > 0 && !this.#options.handOver.elsewhere;
  }

  /** Whether a batch is out whose answer the event loop has to bring. */
  get awaitsLoop(): boolean {
    return this.#out > 0 && !this.#options.handOver.inMemory;
  }

  /** Whether the last call goes on in microtasks, and {@linkcode settle} is to tell how long it did. */
  get unsettled(): boolean {
    return this.#unsettled !== undefined;
  }

  /** Has those who wait for another thread look whether the batch that is out has come back. */
  poll(): void {
    if (this.#out === 0) return;
    for (const poll of this.#options.handOver.polls) poll();
  }

  /** Resolves when no batch is out. */
  async idle(): Promise<void> {
    while (this.#out > 0) await (this.#idle ??= withResolvers()).promise;
  }

  /** What the handler threw. */
  get error(): HandlerError | undefined {
    return this.#error;
  }

  /** Sets who gets the batches. */
  attach(handler: Handler): void {
    this.#handler = handler;
  }

  /**
   * Lends the next batch at the time `started`. Returns the time then, with the
   * loan ended (synchronous handler) or {@linkcode busy} set.
   */
  dispatch(started: number): number {
    // INVARIANT: whoever dispatches has seen that it is ready.
    if (this.#handler === undefined) return started;
    const range = this.#options.backlog.take(this.#allowed);
    if (range === undefined) return started;
    const { stats, context, backlog, columnNames, raw, handOver } = this.#options;
    if (this.#out === 0) handOver.failure.threw = false;
    const count = range.end - range.first;
    // A new one each time: who kept an old one must not find other frames in it.
    const batch = new SlabBatch(range.store, columnNames, raw);
    batch.lend(range.first, count, backlog.frames);
    stats.batches += 1;
    stats.framesDelivered += count;
    this.counts.batches += 1;
    this.counts.framesDelivered += count;
    let settling: Promise<unknown> | undefined;
    let handled = true;
    try {
      settling = promised<unknown>(this.#handler.batch(batch, context));
    } catch (error) {
      this.#fail(error, batch);
      handled = false;
    }
    const now = performance.now();
    const heldMs = now - started;
    this.#hold(heldMs);
    if (settling === undefined || handOver.elsewhere) this.#account(heldMs, count, now);
    else this.#unsettled = { frames: count, heldMs };
    if (settling === undefined) {
      if (this.#backAt > 0) this.#outSizer.observe(count, heldMs, handOver.batchMs);
      this.#release(range, batch, handled);
      return now;
    }
    this.#out += 1;
    void settling.then(
      (how) => this.#back(range, batch, started, how !== NOT_HANDLED),
      (error) => {
        this.#fail(error, batch);
        this.#back(range, batch, started, false);
      },
    );
    return now;
  }

  /** A batch that was out since `lentAt` has come back. */
  #back(range: FrameRange, batch: SlabBatch, lentAt: number, handled: boolean): void {
    this.#out -= 1;
    const now = performance.now();
    // Of several that are out one is handled after the other.
    const ms = now - Math.max(lentAt, this.#backAt);
    this.#outSizer.observe(range.end - range.first, ms, this.#options.handOver.batchMs);
    this.#backAt = now;
    this.#release(range, batch, handled);
    this.#options.onSettled();
    if (this.#out > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  /** The last call has gone on for `ms` in microtasks until `now`. */
  settle(ms: number, now: number): void {
    if (this.#unsettled === undefined) return;
    const { frames, heldMs } = this.#unsettled;
    this.#unsettled = undefined;
    this.#hold(ms);
    this.#account(heldMs + ms, frames, now);
  }

  /** What a call has cost, all in all, is known. */
  #account(heldMs: number, frames: number, now: number): void {
    this.#heldSizer.observe(frames, heldMs, this.#options.dutyCycleMs);
    this.meter?.held(heldMs, frames, now);
  }

  #hold(ms: number): void {
    this.#options.stats.heldMs += ms;
    this.counts.heldMs += ms;
  }

  #release(range: FrameRange, batch: SlabBatch, handled: boolean): void {
    batch.revoke();
    range.release(handled);
  }

  #fail(cause: unknown, batch: SlabBatch): void {
    this.#error ??= new HandlerError(cause, {
      handler: this.#options.name,
      epoch: batch.epoch,
      offset: batch.streamOffset(0),
      frames: batch.count,
    });
  }
}
