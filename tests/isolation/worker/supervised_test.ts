/** What becomes of batches a handler in a worker throws at. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { HandlerError } from "../../../mod.ts";
import {
  type FailureEvent,
  type FailureOptions,
  supervised,
  UnresponsiveHandlerError,
  workerHandler,
} from "../../../isolation.ts";
import { readSpill } from "../../../src/spill/inspect.ts";
import { connected, numbered, serveBytes, upTo, within } from "../../client/harness.ts";
import { ScriptedTransport } from "../../transport/scripted.ts";
import { inDirectory, readAll } from "../../spill/harness.ts";
import { moduleOf } from "../runs.ts";

const FRAMES = 20_000;

/** Keeps every number it has handled whole calls of; `harm` is done to the call that holds 5000. */
const logging = (file: string, harm: string): string =>
  moduleOf(`
    let harms = 0;
    export default { async batch(batch) {
      const numbers = Array.from({ length: batch.count }, (_, i) => batch.u32(i, 0));
      if (numbers.includes(5000)) { ${harm} }
      Deno.writeTextFileSync(${JSON.stringify(file)}, numbers.join(" ") + " ", { append: true });
    } };`);

/** Gives all frames to a handler in a worker; gives the numbers it has handled. */
async function supervise(
  directory: string,
  harm: string,
  options: FailureOptions<FailureEvent>,
) {
  const file = `${directory}/handled`;
  const events: FailureEvent[] = [];
  const worker = workerHandler(logging(file, harm), { name: "test", grants: { write: [file] } });
  await using handler = supervised(worker, {
    restart: { initialDelayMs: 1, maxDelayMs: 5 },
    onEvent: (event) => events.push(event),
    ...options,
  });
  await using server = serveBytes(numbered(FRAMES));
  await using client = await connected(server.target, { sharedMemory: true });
  await within(client.run(handler), "end of the run");
  const numbers = (await Deno.readTextFile(file)).trim().split(" ").map(Number);
  return { numbers, events, stats: handler.stats() };
}

Deno.test("supervised() skips the batch a worker threw at, keeps it, and none that was not begun", async () => {
  await inDirectory(async (directory) => {
    const { numbers, events, stats } = await supervise(directory, 'throw new Error("no")', {
      onFailure: "skip",
      deadLetter: `${directory}/dead`,
    });
    assertEquals([events.length, stats.skippedBatches], [1, 1]);
    const [skipped] = events;
    assert(skipped.type === "skipped" && skipped.error.message === "no");
    const first = skipped.offset / 8;
    const gap = new Set(upTo(skipped.frames).map((i) => first + i));
    assert(gap.has(5000));
    // A worker takes a batch in several calls: those before the one that threw had handled theirs.
    const handled = numbers.filter((number) => gap.has(number));
    assertEquals(handled, upTo(handled.length).map((i) => first + i));
    assert(!handled.includes(5000));
    assertEquals(
      numbers.filter((number) => !gap.has(number)),
      upTo(FRAMES).filter((number) => !gap.has(number)),
    );
    using reader = await readSpill(`${directory}/dead`);
    const { records } = await readAll(reader);
    assertEquals(records.map(({ header }) => [header.streamOffset, header.frameCount]), [
      [skipped.offset, skipped.frames],
    ]);
  });
});

for (const onFailure of ["skip", "retry"] as const) {
  Deno.test(`supervised() stops at workers that don't answer, whatever is done about what throws (${onFailure})`, async () => {
    const never = moduleOf("export default { batch: () => new Promise(() => {}) };");
    const transport = new ScriptedTransport(numbered(1));
    const worker = workerHandler(never, {
      name: "test",
      batchTimeoutMs: 200,
      // One more for each that was given up.
      onEvent: ({ type }) => type === "unresponsive" && transport.give(numbered(1)),
    });
    await using handler = supervised(worker, { onFailure, restart: { initialDelayMs: 1 } });
    await using client = await connected(transport, { sharedMemory: true });
    const running = client.run(handler);
    const { cause } = await assertRejects(() => within(running, "end of the run"), HandlerError);
    assertInstanceOf(cause, UnresponsiveHandlerError);
    assertEquals(handler.stats().skippedBatches, 0);
  });
}

Deno.test("supervised() has a worker handle a batch again, in order", async () => {
  await inDirectory(async (directory) => {
    const harm = 'if (harms++ === 0) throw new Error("not yet");';
    const { numbers, stats } = await supervise(directory, harm, { onFailure: "retry" });
    assertEquals(stats.retries, 1);
    // Once more from the beginning of the batch, whose first calls may have been done with.
    const back = numbers.findIndex((number, i) => i > 0 && number <= numbers[i - 1]);
    const again = back === -1 ? numbers : numbers.slice(back);
    assert(again[0] <= 5000, `${again[0]}`);
    assertEquals(again, upTo(FRAMES).slice(again[0]));
    assertEquals(numbers.slice(0, Math.max(back, 0)), upTo(Math.max(back, 0)));
  });
});

Deno.test("supervised() skips the batch a worker died at, and goes on with another worker", async () => {
  await inDirectory(async (directory) => {
    const harm = 'setTimeout(() => { throw new Error("dead") }); await new Promise(() => {});';
    const { numbers, events, stats } = await supervise(directory, harm, { onFailure: "skip" });
    assertEquals([events.length, stats.skippedBatches], [1, 1]);
    const [skipped] = events;
    assert(skipped.type === "skipped" && skipped.error.message.includes("dead"));
    const first = skipped.offset / 8;
    const gap = new Set(upTo(skipped.frames).map((i) => first + i));
    const others = numbers.filter((number) => !gap.has(number));
    assertEquals(others, upTo(FRAMES).filter((number) => !gap.has(number)));
  });
});

Deno.test("supervised() tells of the one call of a worker that takes too long, and of none that waits behind it", async () => {
  await inDirectory(async (directory) => {
    const slow = "await new Promise((resolve) => setTimeout(resolve, 1500));";
    const { numbers, events, stats } = await supervise(directory, slow, { budgetMs: 700 });
    assertEquals([numbers.length, stats.overBudget], [FRAMES, 1]);
    const [told] = events;
    assert(events.length === 1 && told.type === "over_budget", JSON.stringify(events));
    const first = told.offset / 8;
    assert(first <= 5000 && 5000 < first + told.frames, JSON.stringify(told));
  });
});
