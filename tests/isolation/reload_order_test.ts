/** A handler that is exchanged while batches are out, one of which is thrown at: what stands behind it goes to nobody. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { reloadable, type ReloadableHandler, workerHandler } from "../../isolation.ts";
import { type Batch, type Handler, type HandlerContext, HandlerError } from "../../mod.ts";
import { NO_OPTIONS } from "../../src/dispatch/handler.ts";
import { feedOf, newHandOver, publishFeed } from "../../src/dispatch/shared_feed.ts";
import { newStats } from "../../src/status.ts";
import { connected, delay, numbersOf, until, within } from "../client/harness.ts";
import { inDirectory } from "../spill/harness.ts";
import { PATIENCE_MS } from "./runs.ts";
import { pushing } from "./reload_harness.ts";

/** Batches that may be out at a time. */
const OUT = 4;
const BROKEN = new Error("no");

/** A batch that is only told from others. */
function numberedBatch(number: number): Batch {
  return { number } as unknown as Batch;
}

/** A handler that keeps which batches it was given, and settles them when it is told. */
class Told implements Handler {
  readonly given: number[] = [];
  readonly settle = new Map<number, PromiseWithResolvers<void>>();
  readonly #out: number;

  constructor(out = OUT) {
    this.#out = out;
  }

  open(context: HandlerContext): void {
    feedOf(context)!.batchesOut = this.#out;
  }

  batch(batch: Batch): Promise<void> {
    const { number } = batch as unknown as { number: number };
    this.given.push(number);
    const settling = Promise.withResolvers<void>();
    this.settle.set(number, settling);
    return settling.promise;
  }
}

/** A handler to be exchanged, as a client has it. */
async function opened(handler: ReloadableHandler): Promise<HandlerContext> {
  const context: HandlerContext = {
    write: () => Promise.resolve(),
    signal: new AbortController().signal,
    stats: newStats,
    options: NO_OPTIONS,
  };
  publishFeed(context, { core: undefined as never, pool: undefined as never, ...newHandOver() });
  await handler.open!(context);
  return context;
}

/** Gives batches, and says what became of each. */
function give(handler: ReloadableHandler, context: HandlerContext, ...numbers: number[]) {
  return numbers.map((number) =>
    Promise.resolve(handler.batch(numberedBatch(number), context)).then(
      () => "handled",
      (error) => error,
    )
  );
}

Deno.test("batches that wait for the new handler behind one that threw at the old one go to nobody", async () => {
  const handlers = [new Told(), new Told(1)];
  const [old, next] = handlers;
  const handler = reloadable(() => handlers.shift()!);
  const context = await opened(handler);
  const out = give(handler, context, 1, 2);
  const reloading = handler.reload();
  await delay(1);
  const waiting = give(handler, context, 3, 4);
  old.settle.get(1)!.reject(BROKEN);
  old.settle.get(2)!.reject(BROKEN);
  await within(reloading, "reload");
  assertEquals(await within(Promise.all([...out, ...waiting]), "answers"), Array(4).fill(BROKEN));
  assertEquals([old.given, next.given], [[1, 2], []]);
  // Whoever goes on all the same has heard of it.
  const [again] = give(handler, context, 1);
  next.settle.get(1)!.resolve();
  assertEquals(await again, "handled");
});

for (const later of [true, false]) {
  Deno.test(`batches that wait behind one that threw at the new handler, ${later ? "later" : "at once"}, go to nobody`, async () => {
    const [old, next] = [new Told(), new Told(1)];
    const throwing: Handler = {
      batch(batch) {
        const settling = next.batch(batch);
        if (next.given.length < 2) return settling;
        if (!later) throw BROKEN;
        return delay(1).then(() => Promise.reject(BROKEN));
      },
    };
    const handlers = [old, throwing];
    const handler = reloadable(() => handlers.shift()!);
    const context = await opened(handler);
    const [first] = give(handler, context, 1);
    const reloading = handler.reload();
    await delay(1);
    const waiting = give(handler, context, 2, 3, 4, 5);
    old.settle.get(1)!.resolve();
    assertEquals(await first, "handled");
    await within(reloading, "reload");
    next.settle.get(2)!.resolve();
    const ends = await within(Promise.all(waiting), "answers");
    assertEquals(ends, ["handled", BROKEN, BROKEN, BROKEN]);
    assertEquals(next.given, [2, 3]);
  });
}

Deno.test("what a worker threw at is handled by no handler that takes over from it, nor is what came behind", async () => {
  await inDirectory(async (directory) => {
    const [file, log] = [`${directory}/handler.js`, `${directory}/log`];
    // The fifth batch, with some behind it.
    const source = `let calls = 0;
      export default {
        async batch(batch) {
          calls += 1;
          Deno.writeTextFileSync(${JSON.stringify(log)}, String(calls));
          await new Promise((resolve) => setTimeout(resolve, 50));
          if (calls === 5) throw new Error("no");
        },
      };`;
    await Deno.writeTextFile(file, source);
    const kept: number[] = [];
    const own: Handler = { batch: (batch) => void kept.push(...numbersOf(batch)) };
    const worker = workerHandler(new URL(`file://${file}`), { grants: { write: [log] } });
    const handlers: Handler[] = [worker, own];
    await using handler = reloadable(() => handlers.shift()!);
    await using server = pushing();
    await using client = await connected(server.target, { sharedMemory: true });
    const running = assertRejects(() => client.run(handler), HandlerError, "no");
    const called = () => {
      try {
        return Number(Deno.readTextFileSync(log));
      } catch {
        return 0;
      }
    };
    await until(() => called() === 3, "third batch", PATIENCE_MS);
    await within(handler.reload(), "reload", PATIENCE_MS);
    await within(running, "end of the run", PATIENCE_MS);
    assertEquals(kept, []);
    assert(called() === 5);
  });
});
