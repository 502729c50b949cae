/** Several handlers of one feed: each at its own pace. */
import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import {
  type ClientEvent,
  connect,
  type ConnectOptions,
  HandlerError,
  OptionError,
} from "../../mod.ts";
import { spillTo } from "../../spill.ts";
import { FRAMING, numbered, numbersOf, until, upTo, within } from "../client/harness.ts";
import { ScriptedTransport } from "../transport/scripted.ts";

const SLAB_BYTES = 256 * 1024;
const FRAMES = 100_000;
const FRAME_BYTES = 64;

/** A handler that writes down what it gets, once let. */
function recorder() {
  const gate = Promise.withResolvers<void>();
  const numbers: number[] = [];
  return {
    numbers,
    release: gate.resolve,
    async batch(batch: Parameters<typeof numbersOf>[0]) {
      await gate.promise;
      numbers.push(...numbersOf(batch));
    },
  };
}

/** One that writes it down at once. */
function writer() {
  const numbers: number[] = [];
  return {
    numbers,
    release() {},
    batch(batch: Parameters<typeof numbersOf>[0]) {
      numbers.push(...numbersOf(batch));
    },
  };
}

function connected(transport: ScriptedTransport, options: Partial<ConnectOptions>) {
  return connect(transport, { framing: FRAMING, bufferBytes: 8 * SLAB_BYTES, ...options });
}

Deno.test("every handler gets every frame, and its slabs go back when the last is done", async () => {
  const transport = new ScriptedTransport(numbered(FRAMES, FRAME_BYTES - 4), null);
  await using client = await connected(transport, { handlers: { a: {}, b: {} } });
  const [a, b] = [recorder(), recorder()];
  a.release();
  const running = client.run({ a, b });
  await until(() => client.stats().pauses > 0, "pause for the slower one");
  b.release();
  await within(running, "end");
  assertEquals(a.numbers, upTo(FRAMES));
  assertEquals(b.numbers, upTo(FRAMES));
  assertEquals(client.stats().framesDelivered, 2 * FRAMES);
  assertEquals(client.statsByHandler().b.framesDelivered, FRAMES);
});

for (const how of ["a promise", "nothing"]) {
  Deno.test(`a handler that stands and drops does not stop another that blocks and gives ${how}`, async () => {
    await standsAndDrops(how === "nothing");
  });
}

async function standsAndDrops(synchronous: boolean): Promise<void> {
  const transport = new ScriptedTransport();
  const events: ClientEvent[] = [];
  await using client = await connected(transport, {
    handlers: { fast: {}, slow: { whenFull: "drop_oldest" } },
    onEvent: (event) => events.push(event),
  });
  const [fast, slow] = [synchronous ? writer() : recorder(), recorder()];
  fast.release();
  const running = client.run({ fast, slow });
  transport.give(numbered(FRAMES, FRAME_BYTES - 4));
  await until(() => fast.numbers.length === FRAMES, "all frames with the fast handler");
  assertEquals(fast.numbers, upTo(FRAMES));
  assertEquals(slow.numbers, []);
  slow.release();
  transport.give(null);
  await within(running, "end");
  assertGreater(client.stats().framesDroppedOldest, 0);
  assertEquals(slow.numbers.length, FRAMES - client.stats().framesDropped);
  assertEquals(slow.numbers.at(-1), FRAMES - 1);
  const marks = events.filter((event) => event.type === "high_water" && event.handler === "slow");
  assertGreater(marks.length, 0);
}

Deno.test("each handler spills into a directory of its own", async () => {
  const dir = Deno.makeTempDirSync();
  const transport = new ScriptedTransport();
  {
    await using client = await connected(transport, {
      whenFull: spillTo(dir, { segmentBytes: SLAB_BYTES }),
      handlers: { fast: { whenFull: "block" }, slow: {} },
    });
    const [fast, slow] = [recorder(), recorder()];
    fast.release();
    const running = client.run({ fast, slow });
    transport.give(numbered(FRAMES, FRAME_BYTES - 4));
    await until(() => fast.numbers.length === FRAMES, "all frames with the fast handler");
    assertEquals(Array.from(Deno.readDirSync(dir), ({ name }) => name), ["slow"]);
    slow.release();
    transport.give(null);
    await within(running, "end");
    assertEquals(slow.numbers, upTo(FRAMES));
    assertEquals(client.stats().framesDropped, 0);
  }
  await Deno.remove(dir, { recursive: true });
});

Deno.test("round_robin gives each run of frames to one handler, all of them once", async () => {
  const transport = new ScriptedTransport();
  await using client = await connected(transport, {
    handlers: { a: {}, b: {}, c: {} },
    partition: "round_robin",
  });
  const handlers = { a: recorder(), b: recorder(), c: recorder() };
  for (const handler of Object.values(handlers)) handler.release();
  const running = client.run(handlers);
  for (let i = 0; i < 30; i++) {
    transport.give(numbered(10, 4, 10 * i));
    await until(() => client.stats().framesDelivered === 10 * (i + 1), "frames");
  }
  transport.give(null);
  await within(running, "end");
  const lists = Object.values(handlers).map(({ numbers }) => numbers);
  assert(lists.every(({ length }) => length > 0), lists.map(({ length }) => length).join());
  assert(lists.every((list) => list.every((number, i) => i === 0 || number > list[i - 1])));
  assertEquals(lists.flat().sort((x, y) => x - y), upTo(300));
});

Deno.test("round_robin: slow handlers share what comes meanwhile, each in few batches, however little comes at a time", async () => {
  const transport = new ScriptedTransport();
  await using client = await connected(transport, {
    handlers: { a: {}, b: {} },
    partition: "round_robin",
  });
  const [a, b] = [recorder(), recorder()];
  const running = client.run({ a, b });
  for (let came = 0; came < 300; came += 3) {
    transport.give(numbered(3, 4, came));
    await until(() => client.stats().frames === came + 3, "frames");
  }
  a.release();
  b.release();
  transport.give(null);
  await within(running, "end");
  assertEquals([...a.numbers, ...b.numbers].sort((x, y) => x - y), upTo(300));
  const { a: ofA, b: ofB } = client.statsByHandler();
  assertGreater(Math.min(ofA.framesDelivered, ofB.framesDelivered), 75);
  assertLess(ofA.batches + ofB.batches, 40);
});

Deno.test("round_robin gives a handler that stands nothing that another has time for", async () => {
  const transport = new ScriptedTransport();
  await using client = await connected(transport, {
    handlers: { stands: {}, works: {} },
    partition: "round_robin",
  });
  const [stands, works] = [recorder(), recorder()];
  works.release();
  const running = client.run({ stands, works });
  for (let came = 0; came < 300; came += 3) {
    transport.give(numbered(3, 4, came));
    await until(() => client.stats().frames === came + 3, "frames");
    await until(() => works.numbers.length >= came, "all but one run with the one that works");
  }
  stands.release();
  transport.give(null);
  await within(running, "end");
  assertEquals(stands.numbers.length + works.numbers.length, 300);
});

Deno.test("round_robin drops the oldest where that is said, however many runs a slab has", async () => {
  const chunks = Array.from({ length: 400 }, (_, i) => numbered(100, FRAME_BYTES - 4, 100 * i));
  const transport = new ScriptedTransport(...chunks);
  await using client = await connected(transport, {
    handlers: { a: {}, b: {} },
    partition: "round_robin",
    whenFull: "drop_oldest",
    bufferBytes: 4 * SLAB_BYTES,
  });
  const [a, b] = [recorder(), recorder()];
  const running = client.run({ a, b });
  await until(() => transport.starved, "whole feed");
  a.release();
  b.release();
  transport.give(null);
  await within(running, "end");
  const { frames, framesDelivered, framesDroppedOldest, pauses } = client.stats();
  assertGreater(framesDroppedOldest, 0);
  assertEquals([framesDelivered + framesDroppedOldest, pauses], [frames, 0]);
  assertEquals(a.numbers.length + b.numbers.length, framesDelivered);
});

Deno.test("a handler that throws ends the feed for all, with its error", async () => {
  const transport = new ScriptedTransport(numbered(10));
  await using client = await connected(transport, { handlers: { a: {}, b: {} } });
  const a = recorder();
  a.release();
  const running = client.run({
    a,
    b: {
      batch() {
        throw new Error("no");
      },
    },
  });
  const error = await assertRejects(() => within(running, "end"), HandlerError);
  assertEquals([error.handler, error.offset], ["b", 0]);
});

Deno.test("handlers that were opened are closed, whatever the others throw", async () => {
  await using client = await connected(new ScriptedTransport(), { handlers: { a: {}, b: {} } });
  const closed: string[] = [];
  const running = client.run({
    a: { batch() {}, close: () => void closed.push("a") },
    b: {
      open() {
        throw new Error("no");
      },
      batch() {},
      close: () => void closed.push("b"),
    },
  });
  const error = await assertRejects(() => within(running, "end"), HandlerError);
  assertEquals(error.message, "the handler b threw: no");
  assertEquals(closed, ["a"]);
});

Deno.test("run() takes exactly the handlers that were announced", async () => {
  await using one = await connected(new ScriptedTransport(), {});
  await using two = await connected(new ScriptedTransport(), { handlers: { a: {}, b: {} } });
  const handler = recorder();
  await assertRejects(
    () => one.run({ a: handler }),
    TypeError,
    "expected a handler with batch(), got a",
  );
  await assertRejects(() => two.run(handler), TypeError, "expected handlers a, b, got one handler");
  await assertRejects(() => two.run({ a: handler }), TypeError, "expected handlers a, b, got a");
});

Deno.test("handlers that can't work are refused by name", async () => {
  const cases: [string, object][] = [
    ["handlers", { handlers: {} }],
    ["handlers", { handlers: { "../x": {} } }],
    ["handlers.a.whenFull", { handlers: { a: { whenFull: "panic" } } }],
    ["handlers.a.whenFull", { handlers: { a: { whenFull: {} } } }],
    ["partition", { partition: "random" }],
  ];
  for (const [option, options] of cases) {
    const error = await assertRejects(
      () => connected(new ScriptedTransport(), options),
      OptionError,
    );
    assertEquals(error.option, option);
  }
});

Deno.test("a lane that may drop does not where another holds the memory", async () => {
  const transport = new ScriptedTransport();
  await using client = await connected(transport, {
    handlers: { fast: { whenFull: "drop_oldest" }, slow: {} },
  });
  const slow = recorder();
  const fast: number[] = [];
  const running = client.run({
    fast: { batch: (batch) => void fast.push(...numbersOf(batch)) },
    slow,
  });
  transport.give(numbered(FRAMES, FRAME_BYTES - 4));
  await until(() => client.stats().pauses > 0, "pause for the slow one");
  slow.release();
  transport.give(null);
  await within(running, "end");
  assertEquals(fast, upTo(FRAMES));
  assertEquals(slow.numbers, upTo(FRAMES));
});
