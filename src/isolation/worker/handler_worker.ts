/**
 * One worker with one handler in it, as the client sees it: loaded, opened,
 * handed batch after batch, closed.
 *
 * @module
 */

import { withResolvers } from "../../deferred.ts";
import type { HandlerContext, OptionValues } from "../../dispatch/handler.ts";
import { HandlerModuleError } from "../contract.ts";
import { withWholeFlag } from "../whole_flag.ts";
import type { BatchPlace } from "../../dispatch/shared_feed.ts";
import { BATCHES_OUT, ControlBlock, type HandedRange, Word } from "./control.ts";
import { WorkerProtocolError } from "./errors.ts";
import {
  type FeedDescription,
  fromPosted,
  type Order,
  parseReport,
  type PostedError,
} from "./messages.ts";
import { ON_THEIR_WAY, PassedWrites } from "./passed_writes.ts";
import type { SpawnWorker, WorkerPeer } from "./peer.ts";
import { StallClock } from "./stall_clock.ts";

/** How something ended that a worker was asked to do. */
export type WorkerAnswer = "done" | "unresponsive";

/** How a batch ended: done; left with a worker that does not answer, which has done the first `done` frames and was at `part` more; or never begun by it. */
export type BatchAnswer =
  | { end: "done" }
  | { end: "unresponsive"; done: number; part: number }
  | { end: "not_begun" };

const DONE: BatchAnswer = { end: "done" };

/** A batch that is out. */
interface Handed {
  count: number;
  settle: PromiseWithResolvers<BatchAnswer>;
}

/** What a worker is started with. */
export interface HandlerWorkerOptions {
  specifier: string;
  name: string;
  /** Values of the module's options. */
  options: OptionValues;
  /** Starts the worker, here or elsewhere. */
  spawn: SpawnWorker;
  /** How long loading, opening and closing may take each, in milliseconds. */
  startTimeoutMs: number;
  /** How long a call of `batch()` may take. */
  batchTimeoutMs: number;
  /** How long the event loop may stand still meanwhile. */
  heartbeatTimeoutMs: number;
}

/** The client whose batches it is given. */
export interface WorkerClient {
  feed: FeedDescription;
  context: HandlerContext;
  /** Called before anybody else hears that batches were thrown at. */
  onThrow: () => void;
  /** Called when it dies with nothing to do; whoever asks next is told as well. */
  onIdleDeath: (error: Error) => void;
  /** How long a call may take before `onOverBudget` is called with where it was. */
  budgetMs: number | undefined;
  onOverBudget: (place: BatchPlace) => void;
}

/** What the worker was asked to do beside handling batches. */
interface Task {
  report: "loaded" | "opened" | "closed";
  settle: PromiseWithResolvers<WorkerAnswer>;
}

/** How many times within its timeout a worker is looked after. */
const LOOKS = 8;
/** Counters older than this are written anew when a batch is handed over, in milliseconds. */
const STATS_MS = 10;

/** A live worker. */
export class HandlerWorker {
  readonly #options: HandlerWorkerOptions;
  #peer: WorkerPeer | undefined;
  /** Whom it was opened for. */
  #client: WorkerClient | undefined;
  readonly #control = new ControlBlock();
  readonly #clock: StallClock;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #onAbort = () => this.#post({ type: "abort" });
  #task: Task | undefined;
  #error: unknown;
  /** Somebody has heard of that. */
  #told = false;
  /** Batches that are out, in order. */
  readonly #handed: Handed[] = [];
  /** Numbers of rooms that the worker was told of. */
  readonly #rooms = new WeakMap<SharedArrayBuffer, number>();
  #roomCount = 0;
  #awaiting = false;
  #request = 0;
  #replied = 0;
  #statsAt = 0;
  #writes: PassedWrites | undefined;

  constructor(options: HandlerWorkerOptions) {
    this.#options = options;
    const { startTimeoutMs, batchTimeoutMs, heartbeatTimeoutMs } = options;
    const lookEveryMs = Math.min(startTimeoutMs, batchTimeoutMs, heartbeatTimeoutMs) / LOOKS;
    this.#clock = new StallClock(lookEveryMs);
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
  }

  /**
   * Starts the worker and has it load its module, once. Rejects with a
   * `HandlerModuleError` for one that is no handler or can't be loaded, and with
   * what Deno throws for grants that this side has not itself.
   */
  async load(): Promise<void> {
    try {
      // It may have loaded before this side hears that it was started.
      await Promise.all([this.#expect("loaded"), this.#spawn()]);
    } catch (error) {
      this.terminate();
      throw error;
    }
  }

  /** Opens the handler, once, before all batches. Rejects with what `open()` threw; the worker has ended then. */
  async open(client: WorkerClient): Promise<void> {
    this.#client = client;
    const { feed, context, budgetMs } = client;
    this.#writes = new PassedWrites((bytes) => context.write(bytes), (order) => this.#post(order));
    const opened = this.#expect("opened");
    this.#writeStats();
    this.#post({
      type: "start",
      control: this.#control.buffer,
      feed,
      budgetMs,
      heartbeatMs: this.#options.heartbeatTimeoutMs / LOOKS / 2,
    });
    context.signal.addEventListener("abort", this.#onAbort);
    if (context.signal.aborted) this.#onAbort();
    try {
      await opened;
    } catch (error) {
      this.terminate();
      throw error;
    }
  }

  /** Hands frames over, of a slab or of a room; resolves when the handler is done with them. Rejects with what it threw. */
  hand(range: Omit<HandedRange, "slab">, memory: number | SharedArrayBuffer): Promise<BatchAnswer> {
    if (this.#error !== undefined) return this.#rejection();
    // INVARIANT: no more are out than there are slots.
    if (this.#handed.length >= BATCHES_OUT) throw new Error("a worker was handed too many batches");
    const control = this.#control;
    const now = performance.now();
    if (now - this.#statsAt >= STATS_MS) {
      this.#statsAt = now;
      this.#writeStats();
    }
    const settle = withResolvers<BatchAnswer>();
    this.#handed.push({ count: range.count, settle });
    if (this.#handed.length === 1) this.#clock.begin(now);
    this.#request = (this.#request + 1) | 0;
    const slab = typeof memory === "number" ? memory : this.#roomNumber(memory);
    control.write(this.#request, { ...range, slab });
    Atomics.store(control.words, Word.request, this.#request);
    Atomics.notify(control.words, Word.request);
    if (!this.#awaiting) this.#awaitReply();
    return settle.promise;
  }

  /** Takes back what the worker has answered. */
  poll(): void {
    if (this.#handed.length === 0) return;
    const reply = Atomics.load(this.#control.words, Word.reply);
    const answered = (reply - this.#replied) | 0;
    if (answered === 0) return;
    if (!(answered > 0 && answered <= this.#handed.length)) {
      const expected = `answers to batches ${this.#replied} to ${this.#request}`;
      return this.#fail(this.#odd(`expected ${expected}, got one to ${reply}`));
    }
    this.#replied = reply;
    this.#clock.begin(performance.now());
    for (const { settle } of this.#handed.splice(0, answered)) settle.resolve(DONE);
  }

  /** Nothing can be asked of it any more. */
  get dead(): boolean {
    return this.#error !== undefined;
  }

  /** It died with nothing to do, and nobody who asked for something has heard of that. */
  get diedIdle(): boolean {
    return this.#error !== undefined && !this.#told;
  }

  /** Has the handler closed and ends the worker, unless it has died. Rejects with why, if nobody has heard of it. */
  async close(): Promise<WorkerAnswer> {
    try {
      if (this.#told) return "done";
      const answer = this.#ask("closed");
      this.#writeStats();
      this.#post({ type: "close" });
      return await answer;
    } finally {
      this.terminate();
    }
  }

  /** Ends the worker, unless it computes without end: then it goes on, but is heard no more. */
  terminate(): void {
    clearInterval(this.#timer);
    Atomics.store(this.#control.words, Word.stop, 1);
    this.#client?.context.signal.removeEventListener("abort", this.#onAbort);
    this.#peer?.terminate();
    this.#fail(new WorkerProtocolError(`${this.#options.name}: the worker was ended`));
    // Nothing waits for a reply any more.
    Atomics.notify(this.#control.words, Word.reply);
  }

  async #spawn(): Promise<void> {
    const { specifier, name, options, spawn } = this.#options;
    this.#peer = await spawn({ specifier, name, options }, {
      heed: (data) => this.#heed(data),
      died: (message) => this.#failBy(this.#died(message)),
    });
    // It may have been given up before it was there.
    if (this.#error !== undefined) this.#peer.terminate();
  }

  async #expect(report: "loaded" | "opened"): Promise<void> {
    if (await this.#ask(report) === "done") return;
    const { specifier, startTimeoutMs } = this.#options;
    throw new HandlerModuleError(
      `expected ${specifier} to be ${report} within ${startTimeoutMs} ms, got no answer`,
    );
  }

  #ask(report: Task["report"]): Promise<WorkerAnswer> {
    if (this.#error !== undefined) return this.#rejection();
    // INVARIANT: a worker is asked for one thing at a time.
    if (this.#task !== undefined) throw new Error("a worker was asked for two things at a time");
    const settle = withResolvers<WorkerAnswer>();
    this.#task = { report, settle };
    this.#clock.begin(performance.now());
    return settle.promise;
  }

  #rejection(): Promise<never> {
    this.#told = true;
    return Promise.reject(this.#error);
  }

  #settle(answer: WorkerAnswer): void {
    const task = this.#task;
    this.#task = undefined;
    task?.settle.resolve(answer);
  }

  /** It has died: who has not asked it for anything is told, too. */
  #failBy(error: Error): void {
    const idle = !this.dead && this.#task === undefined && this.#handed.length === 0;
    this.#fail(error);
    if (idle) this.#client?.onIdleDeath(error);
  }

  /** What happens from now on, nobody can be told but who asks next. */
  #fail(error: unknown): void {
    this.#error ??= error;
    const task = this.#task;
    this.#task = undefined;
    this.#told ||= task !== undefined || this.#handed.length > 0;
    task?.settle.reject(this.#error);
    this.#rejectHanded(this.#error);
  }

  #rejectHanded(error: unknown): void {
    if (this.#handed.length > 0) this.#client?.onThrow();
    for (const { settle } of this.#handed.splice(0)) settle.reject(error);
  }

  #roomNumber(memory: SharedArrayBuffer): number {
    const known = this.#rooms.get(memory);
    if (known !== undefined) return known;
    const number = this.#roomCount++;
    this.#rooms.set(memory, number);
    this.#post({ type: "room", number, memory });
    return number;
  }

  #awaitReply(): void {
    const { words } = this.#control;
    const wait = Atomics.waitAsync(words, Word.reply, this.#replied);
    this.#awaiting = true;
    if (wait.async) wait.value.then(() => this.#woken());
    else queueMicrotask(() => this.#woken());
  }

  #woken(): void {
    this.#awaiting = false;
    this.poll();
    if (this.#handed.length > 0) this.#awaitReply();
  }

  #heed(data: unknown): void {
    const report = parseReport(data);
    if (report === undefined) {
      return this.#fail(this.#odd("expected a message of Spillway's, got another"));
    }
    switch (report.type) {
      case "threw":
        return this.#threw(report.error);
      case "over_budget":
        return this.#client?.onOverBudget(report.place);
      case "write":
        // One that is not open yet has nothing to write.
        if (this.#writes?.pass(report.id, report.bytes)) return;
        return this.#fail(this.#odd(`expected at most ${ON_THEIR_WAY} on their way`));
      default:
        if (this.#task?.report === report.type) return this.#settle("done");
        this.#fail(this.#odd(`expected nothing of the kind, got "${report.type}"`));
    }
  }

  /** The worker lives on, for the next batch or to be closed. What was handed over behind this one is not begun. */
  #threw(posted: PostedError): void {
    const error = fromPosted(posted);
    if (this.#task !== undefined) {
      const { report, settle } = this.#task;
      this.#task = undefined;
      return settle.reject(report === "loaded" ? new HandlerModuleError(error.message) : error);
    }
    this.poll();
    if (this.#handed.length === 0) return this.#fail(error);
    // The next answer is to the next batch; the worker writes none meanwhile.
    this.#replied = this.#request;
    Atomics.store(this.#control.words, Word.reply, this.#request);
    this.#post({ type: "resume", served: this.#request });
    this.#rejectHanded(error);
  }

  /** The client's counters, as they are now. */
  #writeStats(): void {
    if (this.#client !== undefined) this.#control.writeStats(this.#client.context.stats());
  }

  #look(): void {
    this.poll();
    if (this.#task === undefined && this.#handed.length === 0) return;
    const { startTimeoutMs, batchTimeoutMs, heartbeatTimeoutMs } = this.#options;
    const clock = this.#clock;
    clock.look(performance.now(), Atomics.load(this.#control.words, Word.beats));
    if (this.#task !== undefined) {
      if (clock.busyMs >= startTimeoutMs) this.#settle("unresponsive");
    } else if (clock.busyMs >= batchTimeoutMs || clock.silentMs >= heartbeatTimeoutMs) {
      this.#giveUp();
    }
  }

  /** Tells those who wait for batches what the worker has still done. */
  #giveUp(): void {
    const { words } = this.#control;
    Atomics.store(words, Word.stop, 1);
    const [head, ...rest] = this.#handed.splice(0);
    const done = Atomics.load(words, Word.done);
    const part = Atomics.load(words, Word.part);
    const right = done >= 0 && part >= 1 && done + part <= head.count;
    head.settle.resolve({
      end: "unresponsive",
      done: right ? done : 0,
      part: right ? part : head.count,
    });
    for (const { settle } of rest) settle.resolve({ end: "not_begun" });
  }

  #post(order: Order): void {
    this.#peer?.post(order);
  }

  #odd(what: string): WorkerProtocolError {
    return new WorkerProtocolError(`${this.#options.name}: ${what}`);
  }

  /** What the runtime tells of an error that nothing caught; it has ended the worker. */
  #died(message: string): Error {
    if (this.#task?.report === "loaded") {
      // What stands behind is where the worker's own first module imports this one.
      const why = withWholeFlag(message.split("\n    at ")[0]);
      return new HandlerModuleError(`${this.#options.specifier} cannot be loaded: ${why}`);
    }
    return new Error(message);
  }
}
