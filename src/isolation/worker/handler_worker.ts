/**
 * One worker with one handler in it, as the client sees it: loaded, opened,
 * handed batch after batch, closed.
 *
 * @module
 */

import { withResolvers } from "../../deferred.ts";
import type { HandlerContext } from "../../dispatch/handler.ts";
import { HandlerModuleError } from "../contract.ts";
import { bootstrapUrl, type WorkerPermissions } from "./bootstrap.ts";
import { ControlBlock, type HandedRange, Word } from "./control.ts";
import { WorkerProtocolError } from "./errors.ts";
import {
  type FeedDescription,
  fromPosted,
  type Order,
  parseReport,
  type PostedError,
  type Report,
  WRITE_BYTES_MAX,
  WRITES_MAX,
} from "./messages.ts";

/** How something ended that a worker was asked to do. */
export type WorkerAnswer = "done" | "unresponsive";

/** What a worker needs. */
export interface HandlerWorkerOptions {
  specifier: string;
  name: string;
  permissions: WorkerPermissions;
  feed: FeedDescription;
  context: HandlerContext;
  /** How long loading, opening and closing may take each, in milliseconds. */
  startTimeoutMs: number;
  /** How long a call of `batch()` may take. */
  batchTimeoutMs: number;
  /** How long the event loop may stand still meanwhile. */
  heartbeatTimeoutMs: number;
}

/** What the worker was asked to do. */
interface Task {
  report: Report["type"] | "reply";
  settle: PromiseWithResolvers<WorkerAnswer>;
  /** How long it has been at it, and how long it may. */
  ms: number;
  limitMs: number;
  /** How long its event loop has stood still, and how long it may. */
  silentMs: number;
  silentLimitMs: number;
  beats: number;
}

/** How many times within its timeout a worker is looked after. */
const LOOKS = 8;
/** Counters older than this are written anew when a batch is handed over, in milliseconds. */
const STATS_MS = 10;

/** A live worker. */
export class HandlerWorker {
  readonly #options: HandlerWorkerOptions;
  readonly #worker: Worker;
  readonly #control: ControlBlock;
  readonly #lookEveryMs: number;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #onAbort = () => this.#post({ type: "abort" });
  #task: Task | undefined;
  #error: unknown;
  #request = 0;
  #statsAt = 0;
  #writes = 0;
  #writeBytes = 0;

  private constructor(options: HandlerWorkerOptions) {
    this.#options = options;
    const { specifier, name, permissions, context } = options;
    this.#control = new ControlBlock(Object.keys(context.stats()).length);
    const workerOptions = { type: "module", name, deno: { permissions } } as const;
    this.#worker = new Worker(bootstrapUrl(specifier), workerOptions as WorkerOptions);
    this.#worker.onmessage = ({ data }) => this.#heed(data);
    this.#worker.onerror = (event) => {
      // Else it would be uncaught here, too.
      event.preventDefault();
      this.#fail(this.#died(event.message));
    };
    this.#lookEveryMs = Math.min(options.batchTimeoutMs, options.heartbeatTimeoutMs) / LOOKS;
    this.#timer = setInterval(() => this.#look(), this.#lookEveryMs);
    context.signal.addEventListener("abort", this.#onAbort);
  }

  /**
   * Starts a worker and opens its handler. Rejects with a `HandlerModuleError`
   * for a module that is no handler or can't be loaded, with what Deno throws
   * for grants that this side has not itself, and with what `open()` threw.
   */
  static async start(options: HandlerWorkerOptions): Promise<HandlerWorker> {
    const worker = new HandlerWorker(options);
    try {
      await worker.#begin("loaded");
      await worker.#open();
      return worker;
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  /** Hands frames over; resolves when the handler is done with them. Rejects with what it threw. */
  hand(range: HandedRange): Promise<WorkerAnswer> {
    const control = this.#control;
    control.write(range);
    const now = performance.now();
    if (now - this.#statsAt >= STATS_MS) {
      this.#statsAt = now;
      control.writeStats(this.#options.context.stats());
    }
    const answer = this.#ask("reply");
    const before = this.#request;
    this.#request = (before + 1) | 0;
    Atomics.store(control.words, Word.request, this.#request);
    Atomics.notify(control.words, Word.request);
    this.#awaitReply(before, this.#request);
    return answer;
  }

  /** Looks whether the worker has answered. */
  poll(): void {
    if (this.#task?.report === "reply") this.#seeReply();
  }

  /** Has the handler closed and ends the worker, unless it has died. */
  async close(): Promise<WorkerAnswer> {
    try {
      if (this.#error !== undefined) return "done";
      const answer = this.#ask("closed");
      this.#post({ type: "close" });
      return await answer;
    } finally {
      this.terminate();
    }
  }

  /** Ends the worker, unless it computes without end: then it goes on, but is heard no more. */
  terminate(): void {
    clearInterval(this.#timer);
    this.#options.context.signal.removeEventListener("abort", this.#onAbort);
    this.#worker.onmessage = null;
    this.#worker.terminate();
    this.#fail(new WorkerProtocolError(`${this.#options.name}: the worker was ended`));
    // Nothing waits for a reply any more.
    Atomics.notify(this.#control.words, Word.reply);
  }

  async #open(): Promise<void> {
    const { feed, context, heartbeatTimeoutMs } = this.#options;
    const statNames = Object.keys(context.stats()) as (keyof ReturnType<typeof context.stats>)[];
    const opened = this.#begin("opened");
    this.#control.writeStats(context.stats());
    this.#post({
      type: "start",
      control: this.#control.buffer,
      feed,
      statNames,
      heartbeatMs: heartbeatTimeoutMs / LOOKS / 2,
    });
    if (context.signal.aborted) this.#onAbort();
    await opened;
  }

  async #begin(report: "loaded" | "opened"): Promise<void> {
    if (await this.#ask(report) === "done") return;
    const { specifier, startTimeoutMs } = this.#options;
    throw new HandlerModuleError(
      `expected ${specifier} to be ${report} within ${startTimeoutMs} ms, got no answer`,
    );
  }

  #ask(report: Task["report"]): Promise<WorkerAnswer> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    // INVARIANT: a worker is asked for one thing at a time.
    if (this.#task !== undefined) throw new Error("a worker was asked for two things at a time");
    const { batchTimeoutMs, heartbeatTimeoutMs, startTimeoutMs } = this.#options;
    const settle = withResolvers<WorkerAnswer>();
    this.#task = {
      report,
      settle,
      ms: 0,
      limitMs: report === "reply" ? batchTimeoutMs : startTimeoutMs,
      silentMs: 0,
      silentLimitMs: report === "reply" ? heartbeatTimeoutMs : startTimeoutMs,
      beats: 0,
    };
    return settle.promise;
  }

  #settle(answer: WorkerAnswer): void {
    const task = this.#task;
    this.#task = undefined;
    task?.settle.resolve(answer);
  }

  /** What happens from now on, nobody can be told but who asks next. */
  #fail(error: unknown): void {
    this.#error ??= error;
    const task = this.#task;
    this.#task = undefined;
    task?.settle.reject(this.#error);
  }

  #awaitReply(before: number, request: number): void {
    const { words } = this.#control;
    const wait = Atomics.waitAsync(words, Word.reply, before);
    if (wait.async) wait.value.then(() => this.#replied(before, request));
    else this.#replied(before, request);
  }

  #replied(before: number, request: number): void {
    // It was seen by polling.
    if (this.#task?.report !== "reply" || this.#request !== request) return;
    if (!this.#seeReply()) this.#awaitReply(before, request);
  }

  /** Whether the worker has answered, rightly or not. */
  #seeReply(): boolean {
    const request = this.#request;
    const reply = Atomics.load(this.#control.words, Word.reply);
    if (reply === (request - 1 | 0)) return false;
    if (reply === request) this.#settle("done");
    else this.#fail(this.#odd(`expected an answer to batch ${request}, got one to ${reply}`));
    return true;
  }

  #heed(data: unknown): void {
    const report = parseReport(data);
    if (report === undefined) {
      return this.#fail(this.#odd("expected a message of Spillway's, got another"));
    }
    switch (report.type) {
      case "threw":
        return this.#threw(report.error);
      case "write":
        return this.#write(report.id, report.bytes);
      default:
        if (this.#task?.report === report.type) return this.#settle("done");
        this.#fail(this.#odd(`expected nothing of the kind, got "${report.type}"`));
    }
  }

  /** The worker lives on: its handler is still to be closed. */
  #threw(posted: PostedError): void {
    const task = this.#task;
    const error = fromPosted(posted);
    if (task === undefined) return this.#fail(error);
    this.#task = undefined;
    const loading = task.report === "loaded";
    task.settle.reject(loading ? new HandlerModuleError(error.message) : error);
  }

  #write(id: number, bytes: Uint8Array<ArrayBuffer>): void {
    this.#writes += 1;
    this.#writeBytes += bytes.length;
    if (this.#writes > WRITES_MAX || this.#writeBytes > WRITE_BYTES_MAX) {
      return this.#fail(this.#odd(`expected at most ${WRITE_BYTES_MAX} bytes on their way`));
    }
    const settled = (error?: string) => {
      this.#writes -= 1;
      this.#writeBytes -= bytes.length;
      this.#post({ type: "written", id, error });
    };
    this.#options.context.write(bytes).then(
      () => settled(),
      (error) => settled(error instanceof Error ? error.message : String(error)),
    );
  }

  /** A late look counts once: while this side was held, nobody listened. */
  #look(): void {
    const task = this.#task;
    if (task === undefined) return;
    const beats = Atomics.load(this.#control.words, Word.beats);
    task.ms += this.#lookEveryMs;
    task.silentMs = beats === task.beats ? task.silentMs + this.#lookEveryMs : 0;
    task.beats = beats;
    if (task.ms >= task.limitMs || task.silentMs >= task.silentLimitMs) {
      this.#settle("unresponsive");
    }
  }

  #post(order: Order): void {
    this.#worker.postMessage(order);
  }

  #odd(what: string): WorkerProtocolError {
    return new WorkerProtocolError(`${this.#options.name}: ${what}`);
  }

  /** What the runtime tells of an error that nothing caught; it has ended the worker. */
  #died(message: string): Error {
    if (this.#task?.report === "loaded") {
      return new HandlerModuleError(`${this.#options.specifier} can't be loaded: ${message}`);
    }
    return new Error(message);
  }
}
