/** What `write()` is rejected with when the connection ends while it waits. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { DisconnectError, WriteQueueFullError } from "../../mod.ts";
import { ScriptedTransport } from "../transport/scripted.ts";
import {
  connected,
  delay,
  numbered,
  refusal,
  send,
  serve,
  unheard,
  until,
  within,
} from "./harness.ts";

/** More than any kernel takes for a server that does not read. */
const TOO_MUCH = new Uint8Array(32 * 1024 * 1024);
const ROOM = { writeQueueBytes: 4 * TOO_MUCH.length };

Deno.test("a server that closes rejects writes with a DisconnectError, before and behind", async () => {
  const hangUp = Promise.withResolvers<void>();
  await using server = serve(() => hangUp.promise);
  await using client = await connected(server.target, ROOM);
  const writes = [1, 2, 3].map(() => client.write(TOO_MUCH).catch((error) => error));
  await until(() => client.stats().bytesWritten > 0, "bytes the kernel took");
  hangUp.resolve();
  for (const error of await within(Promise.all(writes), "rejections")) {
    assertInstanceOf(error, DisconnectError);
    assert(["broken_pipe", "reset"].includes(error.reason), error.message);
    assertInstanceOf(error.cause, Error);
  }
  assertInstanceOf(await client.write("x").catch((error) => error), DisconnectError);
  await client.close();
});

Deno.test("a handler that waits for its write does not keep a connection from ending", async () => {
  await using server = serve(async (conn) => {
    await send(conn, numbered(1));
    // Whoever closes with bytes that were not read resets.
    await conn.read(new Uint8Array(1));
  });
  await using client = await connected(server.target, ROOM);
  let rejected: unknown;
  const running = client.run({
    async batch(_, { write }) {
      rejected = await write(TOO_MUCH).catch((error) => error);
    },
  });
  await within(running.catch(() => {}), "end");
  assertInstanceOf(rejected, DisconnectError);
});

for (const count of [0, -1, 1.5, 1e9, NaN]) {
  Deno.test(`a transport whose write() gives ${count} is not written to for ever`, async () => {
    const transport = new ScriptedTransport();
    transport.onWrite = () => Promise.resolve(count);
    const said = `expected write() to give 1 to 5 bytes, got ${count}`;
    {
      await using client = await connected(transport);
      const error = await assertRejects(() => client.write("hello"), DisconnectError);
      assertEquals((error.cause as Error).message, said);
      assertEquals(client.stats().bytesWritten, 0);
    }
    assertStringIncludes((await refusal(transport, { hello: "hello" })).message, said);
  });
}

Deno.test("a write that a silent server did not take says that the client gave up", async () => {
  const done = Promise.withResolvers<void>();
  await using server = serve(async (conn) => {
    await send(conn, numbered(1));
    await done.promise;
  });
  await using client = await connected(server.target, { ...ROOM, idleTimeoutMs: 100 });
  let rejected: unknown;
  const running = client.run({
    async batch(_, { write }) {
      rejected = await write(TOO_MUCH).catch((error) => error);
    },
  });
  await within(running.catch(() => {}), "end");
  done.resolve();
  assertInstanceOf(rejected, DisconnectError);
  assertEquals(rejected.reason, "idle_timeout");
});

Deno.test("writes that nobody waits for may find the connection ended, before and behind", async () => {
  const rejected = await unheard(async () => {
    const transport = new ScriptedTransport();
    const taking = Promise.withResolvers<number>();
    transport.onWrite = () => taking.promise;
    await using client = await connected(transport);
    client.write("under way");
    client.write("waits");
    taking.reject(new Deno.errors.BrokenPipe("cut"));
    await assertRejects(() => client.write("behind"), DisconnectError);
    transport.give(null);
    await within(client.run({ batch() {} }).catch(() => {}), "end");
    client.write("behind the end");
    await assertRejects(() => client.write("behind the end"), DisconnectError);
  });
  assertEquals(rejected, []);
});

Deno.test("a write that the queue has no room for is told, waited for or not", async () => {
  const [rejected, ...others] = await unheard(async () => {
    await using client = await connected(new ScriptedTransport(), { writeQueueBytes: 4 });
    client.write("hello");
    await delay(0);
  });
  assertInstanceOf(rejected, WriteQueueFullError);
  assertEquals(others, []);
});
