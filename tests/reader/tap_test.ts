/** The tap: sees every byte before it is framed, may take its time, and may end the feed. */
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { type Chunk, type ClientEvent, type Duplex, TapError, type Transport } from "../../mod.ts";
import {
  assertEnds,
  assertSums,
  collect,
  collectNumbers,
  connected,
  numbered,
  refusal,
  send,
  serve,
  until,
  upTo,
  within,
} from "../client/harness.ts";
import { join } from "../framing/bytes.ts";
import { ScriptedTransport } from "../transport/scripted.ts";

const ESCAPED = Uint8Array.of(0xc0, 1, 0xdb, 0xdc, 2, 0xc0);

Deno.test("tap sees chunks as they came, with their offsets, before escapes are undone", async () => {
  const transport = new ScriptedTransport(ESCAPED.slice(0, 3), ESCAPED.slice(3), null);
  const seen: Chunk[] = [];
  const tap = (chunk: Chunk) => void seen.push({ ...chunk, bytes: chunk.bytes.slice() });
  await using client = await connected(transport, { framing: { type: "slip" }, tap });
  const before = (performance.timeOrigin + performance.now()) * 1000;
  const { frames } = await collect(client);
  assertEquals(frames, [Uint8Array.of(1, 0xc0, 2)]);
  assertEquals(seen.map(({ bytes }) => bytes), [ESCAPED.slice(0, 3), ESCAPED.slice(3)]);
  assertEquals(seen.map(({ streamOffset, epoch }) => [streamOffset, epoch]), [[0, 1], [3, 1]]);
  for (const { timeMicros } of seen) {
    assert(Number.isInteger(timeMicros) && Math.abs(timeMicros - before) < 20e6, `${timeMicros}`);
  }
});

Deno.test("tap that takes its time pauses reading, and nothing is lost or framed before", async () => {
  const stream = numbered(1000);
  const transport = new ScriptedTransport(stream.slice(0, 4001), stream.slice(4001), null);
  const events: ClientEvent["type"][] = [];
  const held = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const seen: Uint8Array[] = [];
  await using client = await connected(transport, {
    onEvent: ({ type }) => events.push(type),
    tap: async ({ bytes }) => {
      await held[seen.length]?.promise;
      seen.push(bytes.slice());
    },
  });
  const numbers = collectNumbers(client);
  await until(() => events.includes("paused"), "pause");
  assertEquals([client.stats().bytesRead, client.stats().pauses], [0, 1]);
  held[0].resolve();
  await until(() => client.stats().bytesRead === 4001, "first chunk");
  held[1].resolve();
  assertEquals(await within(numbers, "end"), upTo(1000));
  assertEquals(join(...seen), stream);
  assertEquals(events, ["connected", "paused", "resumed", "disconnected"]);
});

Deno.test("tap that throws ends the client for good, behind the chunk's frames", async () => {
  await using server = serve((conn) => send(conn, numbered(10)));
  for (const asynchronous of [false, true]) {
    const failure = new Error("no more");
    await using client = await connected(server.target, {
      reconnect: true,
      tap: () => {
        if (asynchronous) return Promise.reject(failure);
        throw failure;
      },
    });
    const { frames, end } = await collect(client);
    assertEquals([frames.length, end.reason, end.report.verdict.kind], [10, "tap", "this_side"]);
    assertInstanceOf(end.cause, TapError);
    assertEquals(end.cause.cause, failure);
    assertStringIncludes(end.message, "80 bytes at offset 0 of connection 1: no more");
  }
  assertEquals(server.accepted, 2);
});

Deno.test("close() ends a client whose tap never settles", async () => {
  const transport = new ScriptedTransport(numbered(10));
  const client = await connected(transport, { tap: () => new Promise(() => {}) });
  await until(() => client.stats().pauses === 1, "pause");
  await within(client.close(), "end");
  await assertEnds(client, "aborted");
  assertSums(client);
});

/** Gives one connection after the other, then none. */
function dialer(...connections: (Transport | Duplex | Error)[]) {
  return {
    dials: 0,
    dial(): Promise<Transport | Duplex | null> {
      this.dials += 1;
      const next = connections.shift();
      if (next instanceof Error) return Promise.reject(next);
      return Promise.resolve(next ?? null);
    },
  };
}

Deno.test("connect() goes through a dialer's connections and ends when there is none any more", async () => {
  const target = dialer(
    new ScriptedTransport(numbered(3), null),
    new Error("busy"),
    { readable: ReadableStream.from([numbered(2, 4, 3)]), writable: new WritableStream() },
  );
  await using client = await connected(target, { reconnect: { initialDelayMs: 0 } });
  assertEquals(await collectNumbers(client), upTo(5));
  const end = await assertEnds(client, "exhausted");
  assertStringIncludes(end.message, "the dialer has come to its end: there is no further one");
  assertEquals([target.dials, client.stats().epoch], [4, 2]);
});

Deno.test("connect() rejects when a dialer has nothing at all", async () => {
  assertEquals((await refusal(dialer(), { reconnect: true })).reason, "exhausted");
});

Deno.test("connect() gives a dialer's late connection back when it was given up", async () => {
  const late = Promise.withResolvers<Transport>();
  const transport = new ScriptedTransport();
  const target = { dial: () => late.promise };
  assertEquals((await refusal(target, { connectTimeoutMs: 1 })).reason, "connect_timeout");
  late.resolve(transport);
  await until(() => transport.closed, "close");
});
