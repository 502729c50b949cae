/**
 * What runs in a worker around a handler: waits for batches, lends them to the
 * handler and gives them back.
 *
 * @module
 */

// First: what it takes away must be gone when the handler's module is evaluated.
import "./scope.ts";
import type { Batch } from "../../batch.ts";
import { withResolvers } from "../../deferred.ts";
import {
  type Handler,
  type HandlerContext,
  NO_OPTIONS,
  type OptionValues,
} from "../../dispatch/handler.ts";
import { BatchSizer } from "../../dispatch/sizer.ts";
import { poll, rest, turn } from "../../turn.ts";
import { placeOf, watched } from "../budget.ts";
import type { HandlerModule } from "../contract.ts";
import { PostedWrites } from "../posted_writes.ts";
import { configuredHandler } from "../schema.ts";
import { ControlBlock, type HandedRange, Word } from "./control.ts";
import { Lender } from "./lender.ts";
import { fromPosted, type Order, toPosted } from "./messages.ts";
import type { Channel } from "./scope.ts";

/** Serves the handler that `module` exports; called by the bootstrap, once. */
export function serve(
  channel: Channel,
  module: HandlerModule,
  specifier: string,
  options: OptionValues,
): void {
  try {
    const runtime = new Runtime(configuredHandler(module, specifier, options), channel);
    channel.listen((message) => runtime.follow(message as Order));
    channel.post({ type: "loaded" });
  } catch (error) {
    channel.post({ type: "threw", error: toPosted(error) });
  }
}

/** About 10 µs, which is what being woken takes at the least. */
const LOOKS = 1000;
/** About 40 µs, which is what it takes where all processors are asleep. */
const LONG_LOOKS = 4000;
/** Who parked for no longer, in milliseconds, woken included, had better have looked on. */
const SHORT_MS = 0.08;
/**
 * Behind a batch of so many bytes the next one is waited for in rests, about 2 ms
 * of them: being woken for each, this thread is kept by the kernel on the
 * reader's processor, and both share one while another idles.
 */
const FLOWING_BYTES = 64 * 1024;
const RESTS = 20;
const REST_MS = 0.05;

/** Longest time without a turn of the event loop, in milliseconds: timers and messages wait for it. */
const TURN_MS = 1;
/** So many turns later it is made to look at its sockets, too, which takes longer. */
const TURNS = 20;

/** One call takes about so long, so that the event loop turns often enough to tell that it lives. */
const CALL_MS = 100;

class Runtime {
  readonly #handler: Handler;
  readonly #channel: Channel;
  readonly #abort = new AbortController();
  readonly #writes: PostedWrites;
  readonly #sizer = new BatchSizer();
  #context: HandlerContext | undefined;
  #lender: Lender | undefined;
  #budgetMs: number | undefined;
  /** The last part of a batch was one of many bytes. */
  #flowing = false;
  /** The last batch came so soon that looking for long pays off. */
  #soon = false;
  /** When the event loop turned last, and how often it has since it last looked at its sockets. */
  #turnedAt = performance.now();
  #turns = 0;
  /** Settles with the number of the last batch that is not to be begun any more. */
  #resume = withResolvers<number>();

  constructor(handler: Handler, channel: Channel) {
    this.#handler = handler;
    this.#channel = channel;
    this.#writes = new PostedWrites((id, bytes) => channel.post({ type: "write", id, bytes }));
  }

  /** Does what the client posted. */
  follow(order: Order): void {
    switch (order.type) {
      case "start":
        this.#run(order).catch((error) => this.#threw(error));
        break;
      case "room":
        this.#lender?.addRoom(order.number, order.memory);
        break;
      case "abort":
        this.#abort.abort();
        break;
      case "written":
        this.#writes.settle(order.id, order.error && fromPosted(order.error));
        break;
      case "resume":
        this.#resume.resolve(order.served);
        break;
      case "close":
        this.#close().catch((error) => this.#threw(error));
        break;
    }
  }

  async #run(order: Extract<Order, { type: "start" }>): Promise<void> {
    const control = new ControlBlock(order.control);
    const { words } = control;
    setInterval(() => Atomics.add(words, Word.beats, 1), order.heartbeatMs);
    this.#context = {
      write: (bytes) => this.#writes.write(bytes),
      signal: this.#abort.signal,
      stats: () => control.readStats(),
      options: NO_OPTIONS,
    };
    this.#lender = new Lender(order.feed);
    this.#budgetMs = order.budgetMs;
    await this.#handler.open?.(this.#context);
    this.#channel.post({ type: "opened" });
    await this.#serveBatches(control, this.#lender, this.#context);
  }

  /** Until the client ends the worker. */
  async #serveBatches(
    control: ControlBlock,
    lender: Lender,
    context: HandlerContext,
  ): Promise<void> {
    const { words } = control;
    this.#turned();
    for (let served = 0;;) {
      await this.#turn();
      if (Atomics.load(words, Word.request) === served) await this.#changed(words, served);
      if (Atomics.load(words, Word.stop) !== 0) return;
      if (Atomics.load(words, Word.request) === served) continue;
      served = (served + 1) | 0;
      try {
        await this.#handle(control, control.read(served), lender, context);
      } catch (error) {
        this.#threw(error);
        // An answer beside that message would say that the batch was handled.
        served = await this.#resume.promise;
        this.#resume = withResolvers<number>();
        continue;
      }
      Atomics.store(words, Word.reply, served);
      Atomics.notify(words, Word.reply);
    }
  }

  /** Resolves when `served` is not the last request any more; looks for a while, which costs less than being woken, or rests behind a large batch, and parks. */
  async #changed(words: Int32Array<SharedArrayBuffer>, served: number): Promise<void> {
    const came = () => Atomics.load(words, Word.request) !== served;
    const long = this.#soon && !this.#flowing;
    if (this.#flowing ? restUntil(came) : lookUntil(came, long ? LONG_LOOKS : LOOKS)) return;
    const parkedAt = performance.now();
    const wait = Atomics.waitAsync(words, Word.request, served);
    if (!wait.async) return;
    await wait.value;
    this.#turned();
    // Not twice in a row for nothing.
    this.#soon = !long && this.#turnedAt - parkedAt < SHORT_MS;
  }

  /** Lets the event loop turn where batches follow each other so closely that it would not. */
  async #turn(): Promise<void> {
    if (performance.now() - this.#turnedAt < TURN_MS) return;
    this.#turns += 1;
    if (this.#turns % TURNS === 0) await poll(() => false);
    else await turn();
    this.#turnedAt = performance.now();
  }

  /** It has turned by itself, all sockets included. */
  #turned(): void {
    this.#turns = 0;
    this.#turnedAt = performance.now();
  }

  /** Lends the handler a batch, in parts of such a size that the event loop turns often enough. */
  async #handle(
    { words }: ControlBlock,
    range: HandedRange,
    lender: Lender,
    context: HandlerContext,
  ): Promise<void> {
    if (range.recordBytes > 0) await lender.knows(range);
    for (let done = 0; done < range.count && Atomics.load(words, Word.stop) === 0;) {
      const part = Math.min(this.#sizer.allowed, range.count - done);
      Atomics.store(words, Word.done, done);
      Atomics.store(words, Word.part, part);
      const started = performance.now();
      const batch = lender.lend(range, done, part);
      const { start, end } = batch.extent;
      this.#flowing = end - start >= FLOWING_BYTES;
      await this.#call(batch, context);
      batch.revoke();
      this.#sizer.observe(part, performance.now() - started, CALL_MS);
      Atomics.add(words, Word.beats, 1);
      done += part;
    }
  }

  #call(batch: Batch, context: HandlerContext): void | Promise<void> {
    if (this.#budgetMs === undefined) return this.#handler.batch(batch, context);
    const place = placeOf(batch);
    return watched(this.#budgetMs, () => this.#handler.batch(batch, context), () => {
      this.#channel.post({ type: "over_budget", place });
    });
  }

  async #close(): Promise<void> {
    if (this.#context !== undefined) await this.#handler.close?.(this.#context);
    this.#channel.post({ type: "closed" });
  }

  #threw(error: unknown): void {
    this.#channel.post({ type: "threw", error: toPosted(error) });
  }
}

/** Whether `came` within so many looks. */
function lookUntil(came: () => boolean, looks: number): boolean {
  for (let i = 0; i < looks; i++) if (came()) return true;
  return false;
}

/** The same, in rests: what is looked for meanwhile is taken from who would bring it. */
function restUntil(came: () => boolean): boolean {
  for (let i = 0; i < RESTS && rest(REST_MS); i++) if (came()) return true;
  return false;
}
