/** What the reader's worker may do, and what becomes of a client whose parts fail. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { CorruptMemoryError, DisconnectError, SpillwayError } from "../../mod.ts";
import { type IsolatedEvent, type IsolatedOptions, ReaderError } from "../../isolation.ts";
import { sharedCoreModule } from "../../src/core/module.ts";
import { planOf } from "../../src/isolated/plan.ts";
import { Supervisor } from "../../src/isolated/supervisor.ts";
import { serveThenWait, until, within } from "../client/harness.ts";
import { handlerOf, scene } from "./harness.ts";

/** A client with another program in place of the reader's. */
async function withReader(
  name: string,
  target: string,
  more: Partial<IsolatedOptions> = {},
): Promise<Supervisor> {
  const options: IsolatedOptions = {
    framing: { type: "lines" },
    handler: handlerOf("commands"),
    ...more,
  };
  const plan = planOf(target, options);
  const reader = import.meta.resolve(`./programs/${name}.ts`);
  return await Supervisor.start(plan, options, await sharedCoreModule(), { reader }).opened();
}

Deno.test("the reader may connect to its one server, and do nothing else", async () => {
  await using server = serveThenWait();
  const attempts: Record<string, string> = {};
  const onEvent = (event: IsolatedEvent) => {
    const { attempt, outcome } = event as unknown as { attempt: string; outcome: string };
    attempts[attempt] = outcome;
  };
  await using _client = await withReader("curious_reader", server.target, { onEvent });
  const { own, import: imported, ...others } = attempts;
  assertEquals(own, "done");
  assertEquals(imported, "TypeError");
  assertEquals(new Set(Object.values(others)), new Set(["NotCapable"]), JSON.stringify(others));
  assertEquals(Object.keys(others).length, 9);
});

Deno.test("a handler has no rights but its grants, and no way to the reader but the handler's own", async () => {
  await using it = await scene({
    handlers: {
      escapes: handlerOf("escapes"),
      thief: { module: import.meta.resolve("./modules/thief.ts") },
    },
  });
  await it.say("go");
  await until(() => it.lines().includes("end"), "end of the attempts");
  await until(() => it.lines().some((line) => line.startsWith("stolen")), "the thief");
  assert(it.lines().includes("stolen 0"), it.lines().join());
  const outcomes = it.lines().filter((line) => !/^(stolen|end)/.test(line));
  assertEquals(outcomes.length, 25);
  const refused =
    /^(\w+ (NotCapable|gone)|(fetch|import(Remote)?) TypeError|request (Error|NotGranted))$/;
  assertEquals(outcomes.filter((line) => !refused.test(line)), []);
});

Deno.test("a reader that dies ends the client with a typed error", async () => {
  await using client = await withReader("failing_reader", "127.0.0.1:9");
  const writing = assertRejects(() => client.write("oops"), ReaderError);
  const end = await within(client.closed, "end");
  assertInstanceOf(end, ReaderError);
  assertEquals(end.failure, "died");
  assert(end.message.includes("oops"), end.message);
  assertEquals(await writing, end);
  assertEquals(await client.write("more").catch((error) => error), end);
});

Deno.test("a reader that does not end is ended after closeTimeoutMs", async () => {
  const client = await withReader("failing_reader", "127.0.0.1:9", { closeTimeoutMs: 300 });
  await within(client.close(), "end");
  const end = await client.closed;
  assertInstanceOf(end, ReaderError);
  assertEquals(end.failure, "unresponsive");
});

Deno.test("a reader that can't be loaded is a typed error", async () => {
  const error = await assertRejects(() => withReader("missing", "127.0.0.1:9"), ReaderError);
  assertEquals(error.failure, "start");
});

for (const deed of ["fill 255", "fill 0", "fillForever 1500"]) {
  Deno.test(`a handler that overwrites the shared memory can neither crash nor hang the client (${deed})`, async () => {
    const directory = await Deno.makeTempDir();
    const it = await scene({
      handlers: {
        hostile: handlerOf("commands", { heartbeatTimeoutMs: 3000 }),
        other: handlerOf("commands", { whenFull: "drop_oldest" }),
        // What it overwrites is being written as well.
        durable: handlerOf("commands", { whenFull: { journal: directory } }),
      },
      bufferBytes: 1024 * 1024,
    });
    await it.say("say before", deed, "say a", "say b");
    for (let i = 0; i < 200 && (it.client.stats().bytesRead < 100_000); i++) {
      await it.say(`say ${"x".repeat(1000)}`).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await it[Symbol.asyncDispose]();
    const end = await it.client.closed;
    assertInstanceOf(end, SpillwayError);
    if (end instanceof DisconnectError && end.reason === "corrupt_memory") {
      assertInstanceOf(end.cause, CorruptMemoryError);
    }
    await Deno.remove(directory, { recursive: true });
  });
}

Deno.test("a handler that computes without end is left behind, and the client closes in time", async () => {
  const it = await scene({ handler: handlerOf("commands", { heartbeatTimeoutMs: 500 }) });
  await it.say("spin 4000");
  await until(() => it.events.some(({ type }) => type === "unresponsive"), "event");
  const started = performance.now();
  await it[Symbol.asyncDispose]();
  assert(performance.now() - started < 2000);
});
