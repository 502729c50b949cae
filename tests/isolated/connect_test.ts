/** Isolated mode: the contract, over real sockets and real workers. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { DisconnectError, HandlerError, OptionError, WriteQueueFullError } from "../../mod.ts";
import { connectIsolated, GrantError, HandlerModuleError } from "../../isolation.ts";
import { serve, until, within } from "../client/harness.ts";
import { handlerOf, scene } from "./harness.ts";

Deno.test("connectIsolated() opens its handler, hands it frames in order and closes", async () => {
  await using it = await scene({ handler: handlerOf("commands") });
  await it.say("say a", "say b", "say c");
  assertEquals(await it.heard(4), ["open", "a", "b", "c"]);
  it.hangUp();
  const end = await within(it.client.closed, "end");
  assertInstanceOf(end, DisconnectError);
  assertEquals([end.reason, end.report.frames], ["eof", 3]);
  assertEquals(it.client.stats().framesDelivered, 3);
  const { handler } = it.client.statsByHandler();
  assertEquals([handler.framesDelivered, handler.framesUnanswered], [3, 0]);
  assertEquals(it.events.map(({ type }) => type), ["connected", "started", "disconnected"]);
});

Deno.test("connectIsolated() gives every frame to several handlers, each with its own rights", async () => {
  const directory = await Deno.makeTempDir();
  await using it = await scene({
    handlers: {
      store: handlerOf("granted", { grants: { write: [`${directory}/one`] } }),
      other: handlerOf("granted", { grants: { write: [`${directory}/two`] } }),
      none: handlerOf("granted"),
    },
  });
  await it.say(`${directory}/one`);
  assertEquals((await it.heard(3)).toSorted(), ["NotCapable", "NotCapable", "written"]);
  assertEquals(await Deno.readTextFile(`${directory}/one`), "granted");
  assertEquals(Object.keys(it.client.statsByHandler()), ["store", "other", "none"]);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("connectIsolated() answers, writes and bounds what is written", async () => {
  await using it = await scene({
    handler: handlerOf("commands"),
    hello: "hello\n",
    respond: [{ match: "PING", send: "PONG\n" }],
  });
  await it.client.write("from here\n");
  await it.say("PING");
  assertEquals((await it.heard(4)).toSorted(), ["PONG", "from here", "hello", "open"]);
  const error = await it.client.write(new Uint8Array(2 ** 20 + 1)).catch((error) => error);
  assertInstanceOf(error, WriteQueueFullError);
  assertStringIncludes(error.message, "at most 1048576 bytes");
});

Deno.test("an isolated client says which limit a write is beyond", async () => {
  await using it = await scene({ handler: handlerOf("commands") });
  const writes = Array.from({ length: 1025 }, () => it.client.write("ab"));
  const ends = await within(Promise.allSettled(writes), "writes");
  const refused = ends.flatMap((end) => end.status === "rejected" ? [end.reason] : []);
  assertEquals(refused.length, 1);
  assertInstanceOf(refused[0], WriteQueueFullError);
  assertStringIncludes(refused[0].message, "at most 1024 writes");
  assertStringIncludes(refused[0].message, "1024 wait and 1 came");
});

Deno.test("connectIsolated() comes back, and tells each connection", async () => {
  await using it = await scene({
    handler: handlerOf("witness"),
    reconnect: { initialDelayMs: 10 },
  });
  await it.say("one");
  await it.heard(1);
  it.hangUp();
  await until(() => it.events.filter(({ type }) => type === "connected").length === 2, "return");
  await it.say("two");
  const seen = (await it.heard(2)).map((line) => JSON.parse(line));
  assertEquals(seen.map(({ text, epoch }) => [text, epoch]), [["one", 1], ["two", 2]]);
  const told = it.events.find(({ type }) => type === "disconnected");
  assert(told?.type === "disconnected" && told.error instanceof DisconnectError);
  assertEquals([told.error.reason, told.error.report.verdict.kind], ["eof", "not_this_side"]);
});

Deno.test("connectIsolated() ends by what a handler threw, with its place in the stream", async () => {
  await using it = await scene({ handlers: { a: handlerOf("commands"), b: handlerOf("spin") } });
  await it.say("say first");
  await it.heard(2);
  await it.say("throw oops");
  const end = await within(it.client.closed, "end");
  assertInstanceOf(end, HandlerError);
  assertEquals([end.handler, end.epoch, end.offset], ["a", 1, "say first\n".length]);
  const cause = end.cause as Error;
  assertEquals([cause.name, cause.message], ["TypeError", "oops"]);
  assert(cause.stack?.includes("commands.ts"), cause.stack);
});

Deno.test("connectIsolated() skips what a handler throws at, where that is the policy", async () => {
  await using it = await scene({ handler: handlerOf("commands", { onFailure: "skip" }) });
  await it.say("throw oops");
  await until(() => it.events.some(({ type }) => type === "skipped"), "skipped batch");
  await it.say("say on");
  assertEquals(await it.heard(2), ["open", "on"]);
  await until(() => it.client.statsByHandler().handler.skippedFrames === 1, "counters");
});

for (const deed of ["uncaught", "reject"]) {
  Deno.test(`connectIsolated() ends when a handler's worker dies (${deed})`, async () => {
    await using it = await scene({ handler: handlerOf("commands") });
    await it.say(`${deed} oops`);
    const end = await within(it.client.closed, "end");
    assertInstanceOf(end, HandlerError);
    assert((end.cause as Error).message.includes("oops"), end.message);
  });
}

Deno.test("connectIsolated() leaves a handler behind that never answers, and starts another", async () => {
  await using it = await scene({
    handler: handlerOf("commands", { batchTimeoutMs: 500 }),
    bufferBytes: 8 * 256 * 1024,
  });
  await it.say("hang");
  await it.say("say on");
  assertEquals(await it.heard(3), ["open", "open", "on"]);
  const told = it.events.find(({ type }) => type === "unresponsive");
  assertEquals(told, {
    type: "unresponsive",
    name: "handler",
    handler: "handler",
    frames: 1,
    epoch: 1,
    offset: 0,
    slabsQuarantined: 1,
  });
  await until(() => it.client.statsByHandler().handler.framesUnanswered === 1, "counters");
});

Deno.test("connectIsolated() rejects with what is wrong, before or while it starts", async () => {
  const error = await assertRejects(() => scene({ handler: handlerOf("missing") }), HandlerError);
  assertInstanceOf(error.cause, HandlerModuleError);
  const handler = handlerOf("commands");
  const wrong: [string, () => Promise<unknown>][] = [
    ["target", () => connectIsolated({ dial: () => Promise.resolve(null) }, options)],
    ["handshake", () => scene({ handler, handshake: async () => {} } as never)],
    ["tap", () => scene({ handler, tap: () => {} } as never)],
    ["options", () => scene({ handler, hello: (() => {}) as never })],
    ["handlers", () => scene({})],
    ["handlers", () => scene({ handler, handlers: { handler } })],
    ["handler.module", () => scene({ handler: { module: "./handler.ts" } })],
    [
      "handlers.a.whenFull.spill",
      () => scene({ handlers: { a: { ...handler, whenFull: {} as never } } }),
    ],
    ["grants", () => scene({ handler: { ...handler, grants: { ffi: true } as never } })],
    ["batchTimeoutMs", () => scene({ handler: { ...handler, batchTimeoutMs: 0 } })],
    ["framing.type", () => scene({ handler, framing: { type: "unknown" } as never })],
    ["bufferBytes", () => scene({ handler, bufferBytes: 1 })],
  ];
  const options = { framing: { type: "lines" }, handler } as const;
  for (const [option, attempt] of wrong) {
    assertEquals((await assertRejects(attempt, OptionError)).option, option);
  }
});

Deno.test("connectIsolated() connects when all modules are loaded, and not before", async () => {
  let accepted = 0;
  await using server = serve(() => Promise.resolve(void (accepted += 1)));
  const attempt = connectIsolated(server.target, {
    framing: { type: "lines" },
    handlers: { commands: handlerOf("commands"), missing: handlerOf("missing") },
  });
  const error = await assertRejects(() => within(attempt, "end"), HandlerError);
  assertInstanceOf(error.cause, HandlerModuleError);
  assertEquals([error.handler, accepted], ["missing", 0]);
});

Deno.test("connectIsolated() tells why there is no connection", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const attempt = connectIsolated(`127.0.0.1:${port}`, {
    framing: { type: "lines" },
    handler: handlerOf("commands"),
  });
  assertEquals((await assertRejects(() => attempt, DisconnectError)).reason, "refused");
});

Deno.test("connectIsolated() closes by its signal, also while it starts", async () => {
  const abort = new AbortController();
  await using it = await scene({ handler: handlerOf("commands"), signal: abort.signal });
  abort.abort();
  const end = await within(it.client.closed, "end");
  assertEquals((end as DisconnectError).reason, "aborted");
  const error = await assertRejects(
    () => scene({ handler: handlerOf("commands"), signal: AbortSignal.abort() }),
    DisconnectError,
  );
  assertEquals(error.reason, "aborted");
});

Deno.test({
  name: "connectIsolated() grants nothing that this program may not do itself",
  permissions: { net: true, read: true, write: ["/tmp"], run: false, env: false },
  fn: async () => {
    const grants = { write: ["/etc"], run: true };
    const error = await assertRejects(
      () => scene({ handlers: { store: handlerOf("commands", { grants }) } }),
      GrantError,
    );
    assertEquals(error.handler, "store");
    assert(error.message.endsWith("run again with --allow-write=/etc --allow-run"), error.message);
  },
});

Deno.test({
  name: "connectIsolated() names the flag for a server it may not connect to",
  permissions: { net: ["127.0.0.1:1"], read: true },
  fn: async () => {
    const attempt = connectIsolated("127.0.0.1:2", {
      framing: { type: "lines" },
      handler: handlerOf("commands"),
    });
    const error = await assertRejects(() => attempt, DisconnectError);
    assertEquals(error.reason, "permission");
    assert(error.message.includes("--allow-net=127.0.0.1:2"), error.message);
  },
});
