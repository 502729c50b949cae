/** Several batches out at a time, as a handler in another thread has them, one of which is thrown at. */
import { assertEquals, assertRejects } from "@std/assert";
import { type Batch, type Handler, type HandlerContext, HandlerError } from "../../mod.ts";
import { feedOf } from "../../src/dispatch/shared_feed.ts";
import { connected, delay, numbered, until, within } from "../client/harness.ts";
import { ScriptedTransport } from "../transport/scripted.ts";

const OUT = 4;

/** Handles four batches at a time; the second is thrown at, and takes those behind it along. */
class Several implements Handler {
  readonly given: number[] = [];
  readonly settle: PromiseWithResolvers<void>[] = [];
  #context: HandlerContext | undefined;

  open(context: HandlerContext): void {
    this.#context = context;
    feedOf(context)!.batchesOut = OUT;
  }

  batch(batch: Batch): Promise<void> {
    this.given.push(batch.u32(0, 0));
    this.settle.push(Promise.withResolvers<void>());
    return this.settle.at(-1)!.promise;
  }

  answer(): void {
    const [first, ...behind] = this.settle.splice(0);
    first.resolve();
    feedOf(this.#context!)!.failure.threw = true;
    for (const { reject } of behind) reject(new Error("no"));
  }
}

Deno.test("no batch is handed out behind one that was thrown at, before who decides has heard of it", async () => {
  const transport = new ScriptedTransport(numbered(1000));
  await using client = await connected(transport);
  const several = new Several();
  const running = client.run({
    open: (context) => several.open(context),
    async batch(batch) {
      try {
        await several.batch(batch);
      } catch (error) {
        // Who supervises may take its time.
        await delay(5);
        throw error;
      }
    },
  });
  const failed = assertRejects(() => running, HandlerError, "no");
  await until(() => several.settle.length === OUT, "batches");
  const given = [...several.given];
  several.answer();
  await within(failed, "end");
  assertEquals(several.given, given);
});

Deno.test("behind a batch that was thrown at, and whose error somebody caught, it goes on", async () => {
  const transport = new ScriptedTransport(numbered(1000));
  await using client = await connected(transport);
  const several = new Several();
  const running = client.run({
    open: (context) => several.open(context),
    batch: (batch) => several.batch(batch).catch(() => {}),
  });
  await until(() => several.settle.length === OUT, "batches");
  several.answer();
  await until(() => several.given.length > OUT, "another batch");
  for (let given = 0; given < several.given.length; await delay(0)) {
    given = several.given.length;
    several.settle.splice(0).forEach(({ resolve }) => resolve());
  }
  transport.give(null);
  await until(() => several.settle.length === 0, "end");
  await within(running, "end");
});
