/** What the reader answers by itself, and what waits to be written. */
import { Buffer } from "node:buffer";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { DisconnectError, WriteQueueFullError } from "../../mod.ts";
import { ascii, join } from "../framing/bytes.ts";
import {
  assertEnds,
  connected,
  delay,
  frame,
  numbered,
  receive,
  send,
  serve,
  serveThenWait,
  until,
  within,
} from "../client/harness.ts";
import { ScriptedTransport } from "../transport/scripted.ts";

Deno.test("respond answers while an asynchronous handler is busy", async () => {
  const answers = Promise.withResolvers<string>();
  await using server = serve(async (conn) => {
    await send(conn, join(frame("PING"), frame("data")));
    const first = await receive(conn, 4);
    await send(conn, join(frame("PING"), frame("ping"), frame("PINGS"), frame("PING")));
    answers.resolve(first + await receive(conn, 8));
  });
  await using client = await connected(server.target, {
    respond: [{ match: "PING", send: "PONG" }, { match: ascii("data!"), send: "never" }],
  });
  const held = Promise.withResolvers<void>();
  const texts: string[] = [];
  const running = client.run({
    async batch(batch) {
      await held.promise;
      for (let i = 0; i < batch.count; i++) texts.push(batch.text(i));
    },
  });
  // The handler has not returned once.
  assertEquals(await within(answers.promise, "answers"), "PONGPONGPONG");
  held.resolve();
  await within(running, "end");
  assertEquals(texts, ["PING", "data", "PING", "ping", "PINGS", "PING"]);
  assertEquals(client.stats().responses, 3);
});

Deno.test("respond matches a line with its end as well as without", async () => {
  const transport = new ScriptedTransport(ascii("PING\r\nPING\nPINGPING\r\n"), null);
  await using _client = await connected(transport, {
    framing: { type: "lines" },
    respond: [{ match: "PING\r\n", send: "a" }, { match: "PING", send: "b" }],
  });
  const sent = () => new TextDecoder().decode(join(...transport.written));
  await until(() => sent().length === 3, "answers");
  assertEquals([...sent()].sort().join(""), "abb");
});

Deno.test("heartbeat beats while nothing else happens, and stops with the client", async () => {
  const transport = new ScriptedTransport();
  const client = await connected(transport, { heartbeat: { everyMs: 2, bytes: "♥" } });
  await until(() => transport.written.length >= 3, "heartbeats");
  await client.close();
  const beats = transport.written.length;
  await delay(20);
  assertEquals(transport.written.length, beats);
  assert(transport.written.every((bytes) => new TextDecoder().decode(bytes) === "♥"));
});

Deno.test("what is sent later is what was given, whatever becomes of its memory", async () => {
  const transport = new ScriptedTransport(new TextEncoder().encode("PING\n"));
  const [match, send] = ["PING", "PONG"].map((text) => new TextEncoder().encode(text));
  const beat = Buffer.from("beat");
  const connecting = connected(transport, {
    framing: { type: "lines" },
    respond: [{ match, send }],
    heartbeat: { everyMs: 2, bytes: beat },
  });
  for (const bytes of [match, send, beat]) bytes.fill(0);
  await using _client = await connecting;
  const sent = () => new TextDecoder().decode(join(...transport.written));
  await until(() => sent().includes("PONG") && sent().includes("beat"), "answer and beat");
  assert(!sent().includes("\0"));
});

Deno.test("writes are complete and in order, however little the connection takes", async () => {
  const transport = new ScriptedTransport();
  const sent: number[] = [];
  transport.onWrite = async (bytes) => {
    await undefined;
    const taken = Math.min(bytes.length, 3);
    sent.push(...bytes.subarray(0, taken));
    return taken;
  };
  await using client = await connected(transport);
  const parts = Array.from({ length: 20 }, (_, i) => new Uint8Array(i).fill(i));
  await within(Promise.all(parts.map((part) => client.write(part))), "writes");
  assertEquals(Uint8Array.from(sent), join(...parts));
  assertEquals(client.stats().bytesWritten, sent.length);
});

Deno.test("writes of all lengths are joined and cut without a byte out of place", async () => {
  const transport = new ScriptedTransport();
  const sent: Uint8Array[] = [];
  transport.onWrite = async (bytes) => {
    await undefined;
    const taken = Math.min(bytes.length, 1 + sent.length * 7919 % 50_000);
    sent.push(bytes.slice(0, taken));
    return taken;
  };
  await using client = await connected(transport, { writeQueueBytes: 4e6 });
  const joined = 64 * 1024;
  const lengths = [1, joined - 1, 2, joined, 0, joined + 1, 0, 0, 3, 3 * joined, 30_000, 40_000, 0];
  const parts = lengths.map((length, i) => new Uint8Array(length).fill(i));
  await within(Promise.all(parts.map((part) => client.write(part))), "writes");
  const [expected, actual] = [join(...parts), join(...sent)];
  assertEquals(actual.length, expected.length);
  assert(actual.every((byte, at) => byte === expected[at]));
});

Deno.test("write() takes a copy: what a batch lent may be gone when its turn comes", async () => {
  const transport = new ScriptedTransport(numbered(1, 4, 0x61626364));
  const first = Promise.withResolvers<void>();
  const { onWrite } = transport;
  transport.onWrite = async (bytes) => {
    await first.promise;
    return await onWrite(bytes);
  };
  await using client = await connected(transport);
  const writes = [client.write("begin ")];
  client.run({ batch: (batch, { write }) => void writes.push(write(batch.frame(0))) });
  await until(() => writes.length === 2, "first frame");
  transport.give(numbered(1, 4, 0x78787878));
  await until(() => writes.length === 3, "second frame");
  first.resolve();
  await within(Promise.all(writes), "writes");
  assertEquals(new TextDecoder().decode(join(...transport.written)), "begin abcdxxxx");
});

Deno.test("the write queue is bounded, and refuses whole writes", async () => {
  const transport = new ScriptedTransport();
  const blocked = Promise.withResolvers<void>();
  const { onWrite } = transport;
  transport.onWrite = async (bytes) => {
    await blocked.promise;
    return await onWrite(bytes);
  };
  await using client = await connected(transport, { writeQueueBytes: 10 });
  const writes = [client.write("12345"), client.write("67890")];
  const refused = await client.write("x").catch((error) => error);
  assertInstanceOf(refused, WriteQueueFullError);
  assert(refused.message.includes("10 wait and 1 came"), refused.message);
  blocked.resolve();
  await within(Promise.all(writes), "writes");
  await within(client.write("again"), "write");
  assertEquals(new TextDecoder().decode(join(...transport.written)), "1234567890again");
});

Deno.test("writes that wait are rejected with the end of the connection", async () => {
  const transport = new ScriptedTransport();
  transport.onWrite = () => new Promise(() => {});
  await using client = await connected(transport);
  const writes = [client.write("a"), client.write("b")].map((write) => write.catch((e) => e));
  await client.close();
  for (const error of await within(Promise.all(writes), "rejections")) {
    assertInstanceOf(error, DisconnectError);
    assertEquals(error.reason, "aborted");
  }
});

Deno.test("write() refuses what are no bytes", async () => {
  await using server = serveThenWait();
  await using client = await connected(server.target);
  for (const wrong of [5, null, undefined, {}, [1], new ArrayBuffer(4)]) {
    const error = await client.write(wrong as never).catch((error) => error);
    assertInstanceOf(error, TypeError);
  }
});

Deno.test("half a megabyte of writes arrives as it was sent", async () => {
  const size = 512 * 1024;
  const heard = Promise.withResolvers<string>();
  await using server = serve(async (conn) => heard.resolve(await receive(conn, size)));
  await using client = await connected(server.target);
  const text = Array.from({ length: size / 8 }, (_, i) => i.toString(16).padStart(8, "0"));
  for (let i = 0; i < text.length; i += 64) client.write(text.slice(i, i + 64).join(""));
  assert(await within(heard.promise, "bytes") === text.join(""));
  await assertEnds(client, "eof");
});
