/** Workers that die or can't be started where no batch is to blame. */
import { assertEquals, assertInstanceOf, assertLess } from "@std/assert";
import {
  type FailureEvent,
  type FailureOptions,
  supervised,
  workerHandler,
  type WorkerHandlerEvent,
  type WorkerHandlerOptions,
} from "../../../isolation.ts";
import { HandlerError } from "../../../mod.ts";
import { numbered, within } from "../../client/harness.ts";
import { moduleOf, type Outcome, PATIENCE_MS, run, type RunOptions } from "../runs.ts";

type Told = FailureEvent | WorkerHandlerEvent;

/** Runs a module in a worker under a policy; what it told, too. */
async function runWorker(
  source: string,
  failure: FailureOptions<FailureEvent> = {},
  options: RunOptions & Pick<WorkerHandlerOptions, "grants" | "batchTimeoutMs"> = {},
): Promise<Outcome & { events: Told["type"][] }> {
  const events: Told["type"][] = [];
  const onEvent = (event: Told) => events.push(event.type);
  const { grants, batchTimeoutMs = PATIENCE_MS, ...given } = options;
  await using handler = supervised(
    workerHandler(moduleOf(source), {
      ...{ grants, batchTimeoutMs, onEvent },
      startTimeoutMs: PATIENCE_MS,
      heartbeatTimeoutMs: PATIENCE_MS,
    }),
    { restart: { initialDelayMs: 1 }, onEvent, ...failure },
  );
  const outcome = await run(handler, { ...given, connect: { sharedMemory: true } });
  return { ...outcome, events };
}

/** Dies a moment after its first frame, and has another one sent a while later. */
const DIES_BETWEEN = `
  export default { async batch(batch, { write }) {
    if (batch.u32(0, 0) === 0) {
      setTimeout(() => { throw new Error("out of ink"); }, 20);
      await write("?");
    } else await write(batch.count + "!");
  } };`;
const LATER_MS = 200;

function runDying(failure: FailureOptions<FailureEvent>): ReturnType<typeof runWorker> {
  const [first, second] = [numbered(1), numbered(1, 4, 1)];
  return runWorker(DIES_BETWEEN, failure, {
    stream: first,
    onQuestion: (_client, send) => void setTimeout(() => send(second).catch(() => {}), LATER_MS),
  });
}

for (const onFailure of ["skip", "retry"] as const) {
  Deno.test(`a worker that dies between two batches costs none of them (${onFailure})`, async () => {
    const { said, error, events, client } = await runDying({ onFailure });
    assertEquals([said, error], ["?1!", undefined]);
    assertEquals(events, ["started", "died", "started"]);
    assertEquals(client.stats().framesDropped, 0);
  });
}

Deno.test("a worker that dies between two batches stops a client that is to stop", async () => {
  const { error, events } = await runDying({});
  assertEquals(events, ["started", "died"]);
  assertInstanceOf(error, HandlerError);
  assertEquals((error.cause as Error).message.includes("out of ink"), true);
});

Deno.test("that a worker has died is told at once, though no batch may come for hours", async () => {
  const told = Promise.withResolvers<Told>();
  await using handler = workerHandler(moduleOf(DIES_BETWEEN), {
    onEvent: (event) => event.type === "died" && told.resolve(event),
  });
  const running = run(handler, {
    stream: numbered(1),
    onQuestion: (client) => void told.promise.then(() => client.close()),
    connect: { sharedMemory: true },
  });
  assertEquals((await within(told.promise, "event")).type, "died");
  assertInstanceOf((await running).error, HandlerError);
});

Deno.test("a worker that dies behind its last batch fails the client, since it was never closed", async () => {
  const { error } = await runWorker(`
    export default { async batch(_, { write }) {
      setTimeout(() => { throw new Error("out of ink"); });
      await write("!");
    } };`);
  assertInstanceOf(error, HandlerError);
  assertEquals((error.cause as Error).message.includes("out of ink"), true);
});

/** Opens but for the second time; dies in its first batch ever. Knows by directories which time it is. */
const flaky = (directory: string, first: string) => `
  const isNew = (name) => {
    try { Deno.mkdirSync(${
  JSON.stringify(directory)
} + name); return true; } catch { return false; }
  };
  const time = isNew("/1") ? 1 : isNew("/2") ? 2 : 3;
  export default {
    open() { if (time === 2) throw new Error("not reachable yet"); },
    async batch(batch, { write }) {
      if (time === 1) { ${first} }
      await write(batch.count + "!");
    } };`;

async function runFlaky(
  first: string,
  failure: FailureOptions<FailureEvent>,
  batchTimeoutMs = PATIENCE_MS,
): ReturnType<typeof runWorker> {
  const directory = await Deno.makeTempDir();
  try {
    const grants = { read: [directory], write: [directory] };
    const stream = numbered(1);
    return await runWorker(flaky(directory, first), failure, { stream, grants, batchTimeoutMs });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("an open() that throws when a worker is started again is tried again", async () => {
  const { said, error, events } = await runFlaky(
    `setTimeout(() => { throw new Error("uncaught"); }); await new Promise(() => {});`,
    { onFailure: "retry" },
  );
  assertEquals([said, error], ["1!", undefined]);
  assertEquals(events, ["started", "retrying", "retrying", "started"]);
});

Deno.test("an open() that throws then is told to who closes, where no batch came that could be", async () => {
  const { error } = await runFlaky(
    `await write("!"); for (;;);`,
    {},
    300,
  );
  assertInstanceOf(error, HandlerError);
  assertEquals((error.cause as Error).message, "not reachable yet");
});

Deno.test("close() has the whole of its time, whenever it begins", async () => {
  const handler = workerHandler(
    moduleOf(`
      export default {
        async batch(_, { write }) { await write("!"); },
        close: () => new Promise((resolve) => setTimeout(resolve, 600)),
      };`),
    { startTimeoutMs: 1000 },
  );
  const { error } = await run(handler, { stream: numbered(1), connect: { sharedMemory: true } });
  assertEquals(error, undefined);
});

Deno.test("a handler is disposed of while its module loads", async () => {
  const handler = workerHandler(moduleOf(`await new Promise((r) => setTimeout(r, 60_000));`));
  const loading = handler.load().catch((error: Error) => error);
  const began = performance.now();
  await within(handler[Symbol.asyncDispose](), "end of the worker");
  assertInstanceOf(await loading, Error);
  assertLess(performance.now() - began, 30_000);
});
