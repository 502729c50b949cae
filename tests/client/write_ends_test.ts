/** What `write()` is rejected with when the connection ends while it waits. */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { DisconnectError } from "../../mod.ts";
import { connected, numbered, send, serve, until, within } from "./harness.ts";

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
