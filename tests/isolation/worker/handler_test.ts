/** Handler modules in workers: the contract, and every way to fail. */
import { assert, assertEquals, assertGreater, assertInstanceOf, assertThrows } from "@std/assert";
import { HandlerError, OptionError } from "../../../mod.ts";
import { journalTo, spillTo } from "../../../spill.ts";
import { HandlerModuleError, UnresponsiveHandlerError, workerHandler } from "../../../isolation.ts";
import { connected, FRAMING, numbered, uncaught, until, within } from "../../client/harness.ts";
import { ScriptedTransport } from "../../transport/scripted.ts";
import { causeOf, moduleUrl, scene } from "./harness.ts";

Deno.test("workerHandler() opens, handles frames in order and closes", async () => {
  await using it = await scene("commands");
  it.say("say a", "say b", "say c");
  await it.heard(4);
  it.transport.give(null);
  assertEquals(await it.ended, undefined);
  assertEquals(it.lines(), ["open", "a", "b", "c"]);
  const [started, ...more] = it.events;
  assert(started.type === "started" && started.startMs > 0);
  assertEquals([started.name, more], ["commands", []]);
  assertEquals(it.client.stats().framesDelivered, 3);
});

Deno.test("workerHandler() rejects run() with what close() threw", async () => {
  await using it = await scene("commands");
  it.say("close badly");
  await it.heard(2);
  it.transport.give(null);
  assertEquals((causeOf(await it.ended) as Error).message, "badly");
});

Deno.test("workerHandler() rejects run() with what batch() threw, and where", async () => {
  await using it = await scene("commands");
  it.say("say first");
  await it.heard(2);
  it.say("throw oops");
  const error = await it.ended;
  assertInstanceOf(error, HandlerError);
  assertEquals([error.epoch, error.offset], [1, "say first\n".length]);
  const cause = causeOf(error) as Error;
  assertEquals([cause.name, cause.message], ["TypeError", "oops"]);
  assert(cause.stack?.includes("commands.ts"), cause.stack);
});

for (const command of ["uncaught", "reject"]) {
  Deno.test(`workerHandler() rejects run() when the worker dies by an error nobody caught (${command})`, async () => {
    await using it = await scene("commands");
    it.say(`${command} oops`);
    const cause = causeOf(await it.ended) as Error;
    assert(cause.message.includes("oops"), cause.message);
  });
}

Deno.test("workerHandler() tells what is wrong with a module", async () => {
  for (
    const [name, part] of [["no_handler", "no default export"], ["missing", "cannot be loaded"]]
  ) {
    await using it = await scene(name);
    const cause = causeOf(await it.ended);
    assertInstanceOf(cause, HandlerModuleError);
    assert(cause.message.includes(part) && cause.message.includes(name), cause.message);
  }
});

Deno.test("workerHandler() needs a client with shared memory", async () => {
  await using client = await connected(new ScriptedTransport(), { framing: { type: "lines" } });
  const running = client.run(workerHandler(moduleUrl("commands")));
  const cause = causeOf(await within(running.catch((error) => error), "refusal"));
  assertInstanceOf(cause, OptionError);
  assertEquals(cause.option, "sharedMemory");
});

for (const whenFull of ["spill", "journal"]) {
  Deno.test(`workerHandler() gets frames that come back from disk as it gets others (${whenFull})`, async () => {
    const directory = await Deno.makeTempDir();
    const frames = 100_000;
    {
      await using it = await scene("numbers", {
        batchTimeoutMs: 500,
        connect: {
          framing: FRAMING,
          bufferBytes: 8 * 256 * 1024,
          whenFull: whenFull === "spill" ? spillTo(directory) : journalTo(directory),
        },
      });
      it.transport.give(numbered(frames, 60), null);
      assertEquals(await it.ended, undefined);
      const told = it.events.find((event) => event.type === "unresponsive");
      assert(told?.type === "unresponsive");
      const stuck = told.offset / 64;
      let next = 0;
      for (const [from, to] of it.lines().map((line) => line.split(" ").map(Number))) {
        if (next === stuck) next += told.frames;
        assertEquals(from, next);
        next = to + 1;
      }
      assertEquals(next, frames);
      assertGreater(it.client.stats().framesSpilled, frames / 10);
    }
    await Deno.remove(directory, { recursive: true });
  });
}

Deno.test("workerHandler() refuses options that can't work", () => {
  const url = moduleUrl("commands");
  const wrong: [string, () => unknown][] = [
    ["specifier", () => workerHandler("./handler.ts")],
    ["grants", () => workerHandler(url, { grants: { ffi: true } as never })],
    ["grants.net", () => workerHandler(url, { grants: { net: "localhost" } as never })],
    ["batchTimeoutMs", () => workerHandler(url, { batchTimeoutMs: 0 })],
    ["heartbeatTimeoutMs", () => workerHandler(url, { heartbeatTimeoutMs: NaN })],
    ["onEvent", () => workerHandler(url, { onEvent: 1 as never })],
  ];
  for (const [option, make] of wrong) {
    assertEquals(assertThrows(make, OptionError).option, option);
  }
});

Deno.test("workerHandler() gives the client's counters and tells of its end", async () => {
  await using it = await scene("commands");
  it.say("stats frames", "aborted");
  assertEquals((await it.heard(2))[1], "2");
  const closing = it.client.close();
  // The write comes too late for the connection; that the batch settles is what counts.
  const cause = causeOf(await it.ended) as Error;
  assert(cause.message.includes("closed"), cause.message);
  await closing;
});

Deno.test("workerHandler() bounds what a handler writes", async () => {
  await using it = await scene("commands");
  it.transport.onWrite = () => Promise.resolve(1000);
  const told = Promise.withResolvers<string>();
  it.transport.onWrite = (bytes) => {
    const text = new TextDecoder().decode(bytes);
    if (text.startsWith("refused")) told.resolve(text);
    return Promise.resolve(bytes.length);
  };
  it.say("flood 5000");
  const text = await within(told.promise, "answer");
  assertEquals(text, "refused true WriteQueueFullError\n");
});

Deno.test("a worker that never answers is left behind with its slab, and a new one goes on", async () => {
  await using it = await scene("commands", {
    batchTimeoutMs: 500,
    connect: { bufferBytes: 8 * 256 * 1024 },
  });
  it.say("hang");
  it.say("say on");
  await it.heard(3);
  assertEquals(it.lines(), ["open", "open", "on"]);
  const [, told] = it.events;
  assertEquals(told, {
    type: "unresponsive",
    name: "commands",
    frames: 1,
    epoch: 1,
    offset: 0,
    slabsQuarantined: 1,
  });
  assertEquals(it.client.stats().slabsQuarantined, 1);
});

Deno.test("behind a worker that never answers the new one gets every frame the old one had not begun", async () => {
  const frames = 200_000;
  await using it = await scene("numbers", {
    batchTimeoutMs: 1000,
    connect: { framing: FRAMING },
  });
  it.transport.give(numbered(frames, 60), null);
  assertEquals(await it.ended, undefined);
  const told = it.events.find((event) => event.type === "unresponsive");
  assert(told?.type === "unresponsive");
  const stuck = [told.offset / 64, told.offset / 64 + told.frames];
  assert(stuck[0] <= 50_000 && 50_000 < stuck[1], stuck.join());
  // Each line begins where the one before ended, but for the frames that were told of.
  let next = 0;
  for (const [from, to] of it.lines().map((line) => line.split(" ").map(Number))) {
    if (next === stuck[0]) next = stuck[1];
    assertEquals(from, next);
    next = to + 1;
  }
  assertEquals(next, frames);
  assertEquals(it.client.stats().framesDelivered, frames);
});

Deno.test("workers that hold a quarter of the slabs end the client with advice", async () => {
  await using it = await scene("commands", {
    batchTimeoutMs: 500,
    connect: { bufferBytes: 4 * 256 * 1024 },
  });
  it.say("hang");
  const cause = causeOf(await it.ended);
  assertInstanceOf(cause, UnresponsiveHandlerError);
  assert(cause.message.includes("processHandler()"), cause.message);
});

Deno.test("workers left behind are bounded, however little memory they hold", async () => {
  // A quarter of 16 slabs, and never more than 8.
  for (const [slabs, bound] of [[16, 4], [64, 8]]) {
    await using it = await scene("commands", {
      batchTimeoutMs: 200,
      connect: { bufferBytes: slabs * 512 * 1024 },
    });
    for (let i = 0; i <= bound; i++) it.say("hang");
    const cause = causeOf(await it.ended);
    assertInstanceOf(cause, UnresponsiveHandlerError);
    assert(cause.message.includes(`${bound} workers and 1 of ${slabs} slabs`), cause.message);
    assertEquals(it.events.filter(({ type }) => type === "unresponsive").length, bound);
  }
});

Deno.test("what onEvent throws is uncaught, and does not end the client", async () => {
  const transport = new ScriptedTransport(new TextEncoder().encode("say on\n"));
  await using client = await connected(transport, {
    framing: { type: "lines" },
    sharedMemory: true,
  });
  const handler = workerHandler(moduleUrl("commands"), {
    onEvent() {
      throw new Error("of the listener");
    },
  });
  const [thrown] = await uncaught(async () => {
    const running = client.run(handler);
    await until(() => client.stats().framesDelivered === 1, "frame");
    transport.give(null);
    await within(running, "end");
  });
  assert(thrown.includes("of the listener"), thrown);
  assertEquals(client.stats().framesDelivered, 1);
});

Deno.test("a worker that exits is noticed by its heartbeat", async () => {
  await using it = await scene("commands", {
    heartbeatTimeoutMs: 1000,
    connect: { bufferBytes: 8 * 256 * 1024 },
  });
  it.say("exit", "say on");
  await it.heard(3);
  assertEquals(it.lines(), ["open", "open", "on"]);
  assertEquals(it.events.map(({ type }) => type), ["started", "unresponsive", "started"]);
});
