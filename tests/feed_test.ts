/** The duty cycle: drains and handler calls in turn, pauses, and every way a feed can end meanwhile. */
import { assert, assertEquals, assertGreater, assertGreaterOrEqual } from "@std/assert";
import type { Batch, ClientEvent } from "../mod.ts";
import {
  assertEnds,
  collectNumbers,
  connected,
  delay,
  FRAMING,
  numbered,
  numbersOf,
  serveThenWait,
  until,
  upTo,
  within,
} from "./client/harness.ts";
import { linesOf } from "./servers/lines.ts";
import { turn } from "../src/turn.ts";
import { ScriptedTransport } from "./transport/scripted.ts";

const SLAB_BYTES = 256 * 1024;

Deno.test("drains of one byte never exhaust the slabs under a slow asynchronous handler", async () => {
  const transport = new ScriptedTransport();
  await using client = await connected(transport, { bufferBytes: 2 * 256 * 1024 });
  const numbers: number[] = [];
  const held = Promise.withResolvers<void>();
  const running = client.run({
    async batch(batch) {
      await held.promise;
      numbers.push(...numbersOf(batch));
    },
  });
  const stream = numbered(2000);
  for (let at = 0; at < stream.length; at++) {
    while (!transport.starved) await turn();
    transport.give(stream.subarray(at, at + 1));
  }
  transport.give(null);
  held.resolve();
  await within(running, "end");
  const { pauses, chunks, drainsEmpty, framesDelivered } = client.stats();
  assertEquals([pauses, chunks, framesDelivered], [0, stream.length, 2000]);
  assertGreaterOrEqual(drainsEmpty, stream.length);
  assertEquals(numbers, upTo(2000));
});

Deno.test("a full pool pauses reading, says so once, and resumes when the handler is done", async () => {
  const transport = new ScriptedTransport(numbered(100_000, 60));
  const events: ClientEvent["type"][] = [];
  await using client = await connected(transport, {
    bufferBytes: 2 * 256 * 1024,
    onEvent: ({ type }) => events.push(type),
  });
  const numbers: number[] = [];
  const held = Promise.withResolvers<void>();
  const running = client.run({
    async batch(batch) {
      await held.promise;
      numbers.push(...numbersOf(batch));
    },
  });
  await until(() => events.includes("paused"), "pause");
  const { bytesRead, pauses } = client.stats();
  assert(bytesRead <= 2 * SLAB_BYTES, `${bytesRead} bytes in two slabs`);
  assertEquals(pauses, 1);
  const { reads } = transport;
  await delay(20);
  assertEquals(transport.reads, reads);
  transport.give(null);
  held.resolve();
  await within(running, "end");
  assertEquals(numbers, upTo(100_000));
  const told = events.filter((type) => type === "paused" || type === "resumed");
  assertEquals(told.length, 2 * client.stats().pauses);
  assert(told.every((type, i) => type === (i % 2 === 0 ? "paused" : "resumed")), told.join());
});

Deno.test("a full pool that a synchronous handler empties at once does not stall the feed", async () => {
  const transport = new ScriptedTransport(numbered(50_000, 60), null);
  await using client = await connected(transport, {
    bufferBytes: 2 * 256 * 1024,
    drainBytes: 1e9,
    drainMs: 1e9,
  });
  assertEquals(await collectNumbers(client), upTo(50_000));
  assertGreater(client.stats().pauses, 0);
});

Deno.test("a full pool that settles while nobody waits does not stall the feed", async () => {
  const transport = new ScriptedTransport(numbered(50_000, 60), null);
  await using client = await connected(transport, {
    bufferBytes: 2 * 256 * 1024,
    drainBytes: 1e9,
    drainMs: 1e9,
  });
  const numbers: number[] = [];
  const running = client.run({
    async batch(batch) {
      numbers.push(...numbersOf(batch));
      for (let i = 0; i < numbers.length % 7; i++) await undefined;
    },
  });
  await within(running, "end");
  assertEquals(numbers, upTo(50_000));
});

Deno.test("frames wait for a handler that is attached after the end", async () => {
  const transport = new ScriptedTransport(numbered(10), null);
  await using client = await connected(transport);
  await until(() => client.stats().framesPending === 10, "frames");
  assertEquals(await collectNumbers(client), upTo(10));
});

Deno.test("a handler that holds the loop gets batches cut to the duty cycle", async () => {
  const transport = new ScriptedTransport(numbered(400), null);
  await using client = await connected(transport, { dutyCycleMs: 4 });
  const counts: number[] = [];
  await within(
    client.run({
      batch({ count }) {
        counts.push(count);
        const end = performance.now() + count;
        while (performance.now() < end);
      },
    }),
    "end",
  );
  // A millisecond a frame allows 4; nothing near the 400 that wait.
  assertEquals(counts[0], 1);
  assert(counts.every((count) => count <= 32), counts.join());
});

Deno.test("batches grow as long as they are cheap", async () => {
  const transport = new ScriptedTransport(numbered(4000), null);
  await using client = await connected(transport, { dutyCycleMs: 1e6 });
  const counts: number[] = [];
  await within(client.run({ batch: ({ count }) => void counts.push(count) }), "end");
  assertEquals(counts.slice(0, 6), [1, 2, 4, 8, 16, 32]);
});

Deno.test("the socket is read between two calls of a handler", async () => {
  const transport = new ScriptedTransport(numbered(4));
  await using client = await connected(transport, { dutyCycleMs: 1, drainMs: 1e6 });
  const waiting: number[] = [];
  let given = 4;
  const running = client.run({
    batch({ count, pending }) {
      if (given < 40) waiting.push(count + pending);
      const end = performance.now() + 2;
      while (performance.now() < end);
      for (let i = 0; i < count; i++) transport.give(++given > 40 ? null : numbered(1));
    },
  });
  await within(running, "end");
  assertEquals(client.stats().framesDelivered, 40);
  // What came during a call waits for the next one already.
  assertEquals(waiting, waiting.map(() => 4));
});

Deno.test("calls of a handler never overlap", async () => {
  await using server = serveThenWait(numbered(20_000, 60));
  await using client = await connected(server.target);
  let out = 0;
  const seen: number[] = [];
  const all = Promise.withResolvers<void>();
  client.run({
    async batch(batch) {
      assertEquals(++out, 1);
      await delay(1);
      seen.push(...numbersOf(batch));
      out--;
      if (seen.length === 20_000) all.resolve();
    },
  });
  await within(all.promise, "frames");
  assertEquals(seen, upTo(20_000));
});

Deno.test("idleTimeoutMs ends a silent connection after its frames were delivered", async () => {
  await using server = serveThenWait(numbered(3));
  await using client = await connected(server.target, { idleTimeoutMs: 40 });
  assertEquals(await collectNumbers(client), upTo(3));
  const end = await assertEnds(client, "idle_timeout");
  assertEquals(end.report.verdict.kind, "this_side");
});

Deno.test("idleTimeoutMs passes while an asynchronous handler is busy", async () => {
  await using server = serveThenWait(numbered(3));
  const events: ClientEvent["type"][] = [];
  await using client = await connected(server.target, {
    idleTimeoutMs: 20,
    onEvent: ({ type }) => events.push(type),
  });
  const held = Promise.withResolvers<void>();
  const numbers: number[] = [];
  const running = client.run({
    async batch(batch) {
      await held.promise;
      numbers.push(...numbersOf(batch));
    },
  }).catch(() => {});
  await delay(100);
  held.resolve();
  await within(running, "end");
  assertEquals(numbers, upTo(3));
  await assertEnds(client, "idle_timeout");
});

Deno.test("close() ends a feed whose idle timeout passed while the handler is busy", async () => {
  await using server = serveThenWait(numbered(3));
  await using client = await connected(server.target, { idleTimeoutMs: 20 });
  const held = Promise.withResolvers<void>();
  const running = client.run({ batch: () => held.promise }).catch(() => {});
  await delay(100);
  await within(client.close(), "close");
  held.resolve();
  await within(running, "end");
  await assertEnds(client, "aborted");
});

Deno.test("idleTimeoutMs does not count the time in which a handler held the loop", async () => {
  // A process of its own: it must send while this one is held.
  const server = new Deno.Command(Deno.execPath(), {
    args: ["eval", TWO_FRAMES],
    stdout: "piped",
  }).spawn();
  const lines = linesOf(server.stdout);
  const port = Number((await within(lines.next(), "port")).value);
  await using client = await connected(`127.0.0.1:${port}`, { idleTimeoutMs: 100 });
  const seen: number[] = [];
  await within(
    client.run({
      batch(batch: Batch) {
        seen.push(...numbersOf(batch));
        const end = performance.now() + (seen.length === 1 ? 500 : 0);
        while (performance.now() < end);
      },
    }).catch(() => {}),
    "end",
  );
  assertEquals(seen, [0, 1]);
  await assertEnds(client, "eof");
  await lines.return();
  await server.status;
});

/** Sends a frame, 250 ms later another, and ends. */
const TWO_FRAMES = `
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  console.log(listener.addr.port);
  const conn = await listener.accept();
  await conn.write(new Uint8Array([0, 0, 0, 4, 0, 0, 0, 0]));
  setTimeout(() => conn.write(new Uint8Array([0, 0, 0, 4, 0, 0, 0, 1])), 250);
`;

Deno.test("idleTimeoutMs counts no time in which reading was paused", async () => {
  const transport = new ScriptedTransport(numbered(20_000, 60));
  await using client = await connected(transport, {
    bufferBytes: 2 * 256 * 1024,
    idleTimeoutMs: 40,
  });
  const held = Promise.withResolvers<void>();
  const numbers: number[] = [];
  const running = client.run({
    async batch(batch) {
      await held.promise;
      numbers.push(...numbersOf(batch));
    },
  });
  await until(() => client.stats().pauses === 1, "pause");
  await delay(120);
  transport.give(null);
  held.resolve();
  await within(running, "end");
  assertEquals(numbers, upTo(20_000));
  await assertEnds(client, "eof");
});

Deno.test("framing errors end the feed behind the frames before them", async () => {
  const bad = new Uint8Array([0xff, 0xff, 0xff, 0xff]);
  const transport = new ScriptedTransport(numbered(5), bad);
  await using client = await connected(transport, { framing: { ...FRAMING, maxFrameLength: 100 } });
  assertEquals(await collectNumbers(client), upTo(5));
  const end = await assertEnds(client, "invalid_frame");
  assertEquals(client.stats().partialBytesDropped, 4);
  assert(end.message.includes("at offset 40"), end.message);
});
