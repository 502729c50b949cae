/**
 * What runs in a worker around a handler: waits for batches, lends them to the
 * handler and gives them back.
 *
 * @module
 */

// First: what it takes away must be gone when the handler's module is evaluated.
import { listen, post } from "./scope.ts";
import { SlabBatch } from "../../batch.ts";
import { withResolvers } from "../../deferred.ts";
import type { Handler, HandlerContext } from "../../dispatch/handler.ts";
import { WriteQueueFullError } from "../../errors.ts";
import { isBytes, toBytes } from "../../reader/control.ts";
import { Slab } from "../../slab.ts";
import { handlerOf } from "../contract.ts";
import { ControlBlock, Word } from "./control.ts";
import { type Order, toPosted, WRITE_BYTES_MAX, WRITES_MAX } from "./messages.ts";

/** Serves the handler that `module` exports; called by the bootstrap, once. */
export function serve(module: { default?: unknown }, specifier: string): void {
  try {
    const runtime = new Runtime(handlerOf(module, specifier));
    listen((message) => runtime.follow(message as Order));
    post({ type: "loaded" });
  } catch (error) {
    threw(error);
  }
}

function threw(error: unknown): void {
  post({ type: "threw", error: toPosted(error) });
}

/** About 10 µs, which is what being woken takes at the least. */
const LOOKS = 1000;

class Runtime {
  readonly #handler: Handler;
  readonly #abort = new AbortController();
  readonly #writes = new Writes();
  #context: HandlerContext | undefined;

  constructor(handler: Handler) {
    this.#handler = handler;
  }

  /** Does what the client posted. */
  follow(order: Order): void {
    switch (order.type) {
      case "start":
        this.#run(order).catch(threw);
        break;
      case "abort":
        this.#abort.abort();
        break;
      case "written":
        this.#writes.settle(order.id, order.error);
        break;
      case "close":
        this.#close().catch(threw);
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
      stats: () => control.readStats(order.statNames),
    };
    await this.#handler.open?.(this.#context);
    post({ type: "opened" });
    await this.#serveBatches(control, new Lender(order.feed), this.#context);
  }

  /** A loop without end: the client ends the worker. */
  async #serveBatches(
    control: ControlBlock,
    lender: Lender,
    context: HandlerContext,
  ): Promise<never> {
    const { words } = control;
    for (let served = 0;;) {
      if (!changedSoon(words, Word.request, served)) {
        const wait = Atomics.waitAsync(words, Word.request, served);
        if (wait.async) await wait.value;
      }
      const request = Atomics.load(words, Word.request);
      if (request === served) continue;
      served = request;
      const batch = lender.lend(control);
      await this.#handler.batch(batch, context);
      batch.revoke();
      Atomics.add(words, Word.beats, 1);
      Atomics.store(words, Word.reply, served);
      Atomics.notify(words, Word.reply);
    }
  }

  async #close(): Promise<void> {
    if (this.#context !== undefined) await this.#handler.close?.(this.#context);
    post({ type: "closed" });
  }
}

/** Whether a word changes while looking at it costs less than being woken. */
function changedSoon(words: Int32Array<SharedArrayBuffer>, at: number, from: number): boolean {
  for (let i = 0; i < LOOKS; i++) if (Atomics.load(words, at) !== from) return true;
  return false;
}

/** Makes batches over the client's memory. */
class Lender {
  readonly #slabs: readonly Slab[];
  readonly #names: readonly string[];
  readonly #raw;

  constructor({ memory, layout, columns, raw }: Extract<Order, { type: "start" }>["feed"]) {
    const shared = { memory: { buffer: memory }, layout, columns };
    this.#slabs = layout.slabs.map((_, number) => new Slab(shared, number));
    this.#names = columns.map((column) => column.name);
    this.#raw = raw;
  }

  /** The batch that was handed over. A new one each time: who kept an old one must not find other frames in it. */
  lend(control: ControlBlock): SlabBatch {
    const { slab: number, first, count, pending, epoch, streamOffset } = control.read();
    const slab = this.#slabs[number];
    slab.epoch = epoch;
    slab.streamOffset = streamOffset;
    const batch = new SlabBatch(slab, this.#names, this.#raw);
    batch.lend(first, count, pending);
    return batch;
  }
}

/** Writes on their way to the server, bounded. */
class Writes {
  readonly #waiting = new Map<number, { bytes: number; settle: PromiseWithResolvers<void> }>();
  #bytes = 0;
  #last = 0;

  write(data: string | Uint8Array): Promise<void> {
    if (!isBytes(data)) {
      return Promise.reject(new TypeError(`expected text or a Uint8Array, got ${typeof data}`));
    }
    // A copy: what a batch lent must not be posted as what it is, shared memory.
    const bytes = toBytes(data).slice();
    if (this.#bytes + bytes.length > WRITE_BYTES_MAX || this.#waiting.size >= WRITES_MAX) {
      return Promise.reject(new WriteQueueFullError(bytes.length, this.#bytes, WRITE_BYTES_MAX));
    }
    const settle = withResolvers<void>();
    const id = ++this.#last;
    this.#bytes += bytes.length;
    this.#waiting.set(id, { bytes: bytes.length, settle });
    post({ type: "write", id, bytes });
    return settle.promise;
  }

  settle(id: number, error: string | undefined): void {
    const entry = this.#waiting.get(id);
    if (entry === undefined) return;
    this.#waiting.delete(id);
    this.#bytes -= entry.bytes;
    if (error === undefined) entry.settle.resolve();
    else entry.settle.reject(new Error(error));
  }
}
