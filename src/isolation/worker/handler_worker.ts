/**
 * One worker with one handler in it, as the client sees it: loaded, opened,
 * handed batch after batch, closed.
 *
 * @module
 */

import { withResolvers } from "../../deferred.ts";
import type { HandlerContext, OptionValues } from "../../dispatch/handler.ts";
import { HandlerModuleError } from "../contract.ts";
import { BATCHES_OUT, ControlBlock, type HandedRange, Word } from "./control.ts";
import { WorkerProtocolError } from "./errors.ts";
import {
  type FeedDescription,
  fromPosted,
  type Order,
  parseReport,
  type PostedError,
  toPosted,
  WRITE_BYTES_MAX,
  WRITES_MAX,
} from "./messages.ts";
import type { SpawnWorker, WorkerPeer } from "./peer.ts";

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
  readonly #lookEveryMs: number;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #onAbort = () => this.#post({ type: "abort" });
  #task: Task | undefined;
  #error: unknown;
  /** Batches that are out, in order. */
  readonly #handed: Handed[] = [];
  /** Numbers of rooms that the worker was told of. */
  readonly #rooms = new WeakMap<SharedArrayBuffer, number>();
  #roomCount = 0;
  #awaiting = false;
  #request = 0;
  #replied = 0;
  /** How long the worker has been at its task or batch, and its event loop has stood still. */
  #busyMs = 0;
  #silentMs = 0;
  #beats = 0;
  #statsAt = 0;
  #writes = 0;
  #writeBytes = 0;

  private constructor(options: HandlerWorkerOptions) {
    this.#options = options;
    this.#lookEveryMs = Math.min(options.batchTimeoutMs, options.heartbeatTimeoutMs) / LOOKS;
    this.#timer = setInterval(() => this.#look(), this.#lookEveryMs);
  }

  /**
   * Starts a worker and has it load its module. Rejects with a
   * `HandlerModuleError` for one that is no handler or can't be loaded, and with
   * what Deno throws for grants that this side has not itself.
   */
  static async load(options: HandlerWorkerOptions): Promise<HandlerWorker> {
    const worker = new HandlerWorker(options);
    try {
      // It may have loaded before this side hears that it was started.
      await Promise.all([worker.#expect("loaded"), worker.#spawn()]);
      return worker;
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  /** Opens the handler, once, before all batches. Rejects with what `open()` threw; the worker has ended then. */
  async open(client: WorkerClient): Promise<void> {
    this.#client = client;
    const { feed, context } = client;
    const opened = this.#expect("opened");
    this.#writeStats();
    this.#post({
      type: "start",
      control: this.#control.buffer,
      feed,
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
    if (this.#error !== undefined) return Promise.reject(this.#error);
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
    if (this.#handed.length === 1) this.#begin();
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
    this.#begin();
    for (const { settle } of this.#handed.splice(0, answered)) settle.resolve(DONE);
  }

  /** Nothing can be asked of it any more. */
  get dead(): boolean {
    return this.#error !== undefined;
  }

  /** Has the handler closed and ends the worker, unless it has died. */
  async close(): Promise<WorkerAnswer> {
    try {
      if (this.#error !== undefined) return "done";
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
      died: (message) => this.#fail(this.#died(message)),
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
    if (this.#error !== undefined) return Promise.reject(this.#error);
    // INVARIANT: a worker is asked for one thing at a time.
    if (this.#task !== undefined) throw new Error("a worker was asked for two things at a time");
    const settle = withResolvers<WorkerAnswer>();
    this.#task = { report, settle };
    this.#begin();
    return settle.promise;
  }

  /** The worker begins with something. */
  #begin(): void {
    this.#busyMs = 0;
    this.#silentMs = 0;
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
      case "write":
        return this.#write(report.id, report.bytes);
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

  #write(id: number, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#client === undefined) return this.#fail(this.#odd("expected to be loaded first"));
    this.#writes += 1;
    this.#writeBytes += bytes.length;
    if (this.#writes > WRITES_MAX || this.#writeBytes > WRITE_BYTES_MAX) {
      const most = `${WRITE_BYTES_MAX} bytes in ${WRITES_MAX} writes`;
      return this.#fail(this.#odd(`expected at most ${most} on their way`));
    }
    const settled = (error?: PostedError) => {
      this.#writes -= 1;
      this.#writeBytes -= bytes.length;
      this.#post({ type: "written", id, error });
    };
    this.#client.context.write(bytes).then(
      () => settled(),
      (error) => settled(toPosted(error)),
    );
  }

  /** A late look counts once: while this side was held, nobody listened. */
  #look(): void {
    this.poll();
    if (this.#task === undefined && this.#handed.length === 0) return;
    const { startTimeoutMs, batchTimeoutMs, heartbeatTimeoutMs } = this.#options;
    const beats = Atomics.load(this.#control.words, Word.beats);
    this.#busyMs += this.#lookEveryMs;
    this.#silentMs = beats === this.#beats ? this.#silentMs + this.#lookEveryMs : 0;
    this.#beats = beats;
    if (this.#task !== undefined) {
      if (this.#busyMs >= startTimeoutMs) this.#settle("unresponsive");
    } else if (this.#busyMs >= batchTimeoutMs || this.#silentMs >= heartbeatTimeoutMs) {
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
      const [why] = message.split("\n    at ");
      return new HandlerModuleError(`${this.#options.specifier} cannot be loaded: ${why}`);
    }
    return new Error(message);
  }
}
