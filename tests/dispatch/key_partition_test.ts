/** Handlers that share a feed by a key: what belongs together stays together, in order. */
import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { type Column, connect, type ConnectOptions, OptionError } from "../../mod.ts";
import { connected, until, within } from "../client/harness.ts";
import { ScriptedTransport } from "../transport/scripted.ts";
import { between } from "../spill/random.ts";
import {
  assertComplete,
  assertShared,
  dawdling,
  drawn,
  each,
  FRAMINGS,
  KEY,
  keyedFeed,
  pieces,
  Recorder,
} from "./keyed.ts";

const SLAB_BYTES = 256 * 1024;
const FRAMING = { type: "length_field", initialBytesToStrip: 4 } as const;
const PARTITION = { columns: [KEY], partition: { key: "symbol" } } as const;

for (const framing of FRAMINGS) {
  for (const count of [1, 2, 3, 4, 5]) {
    Deno.test(`${count} handlers share ${framing.type} by key, all of it once and in order`, () =>
      drawn(async (draw) => {
        const feed = keyedFeed(draw, framing, between(draw, 1000, 8000));
        const longest = draw() < 0.3 ? 300 : 200_000;
        const transport = new ScriptedTransport(...pieces(draw, feed.bytes, longest), null);
        const recorders = each(count, () => dawdling(draw, 3));
        await using client = await connected(transport, {
          ...PARTITION,
          framing,
          handlers: each(count, () => ({})),
          bufferBytes: 2 * SLAB_BYTES,
        });
        await within(client.run(recorders), "end");
        const lists = Object.values(recorders).map(({ frames }) => frames.get(1) ?? []);
        assertShared(lists);
        assertComplete(lists, feed);
        assert(lists.every(({ length }) => length > 0), "a handler has nothing to do");
        const stats = client.statsByHandler();
        for (const [name, { count }] of Object.entries(recorders)) {
          assertEquals(stats[name].framesDelivered, count);
        }
        const short = feed.frames.filter(({ key }) => key === 0).length;
        assertEquals(client.stats().missingFields, short);
      }, count));
  }
}

Deno.test("far more frames than an index takes, each shorter than its entry", () =>
  drawn(async (draw) => {
    const feed = keyedFeed(draw, FRAMING, 100_000, 8);
    const transport = new ScriptedTransport(...pieces(draw, feed.bytes, 150_000), null);
    const recorders = each(2, () => dawdling(draw, 1));
    await using client = await connected(transport, {
      ...PARTITION,
      framing: FRAMING,
      handlers: each(2, () => ({})),
    });
    await within(client.run(recorders), "end");
    const lists = Object.values(recorders).map(({ frames }) => frames.get(1) ?? []);
    assertShared(lists);
    assertComplete(lists, feed);
  }, 8));

Deno.test("connections follow each other, and each is in order", () =>
  drawn(async (draw) => {
    const feeds = [1, 2, 3].map(() => keyedFeed(draw, FRAMING, 500));
    await using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const serving = (async () => {
      for (const { bytes } of feeds) {
        using conn = await server.accept();
        for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
      }
    })();
    const recorders = each(3, () => dawdling(draw, 2));
    await using client = await connect(`127.0.0.1:${(server.addr as Deno.NetAddr).port}`, {
      ...PARTITION,
      framing: FRAMING,
      handlers: each(3, () => ({})),
      reconnect: { initialDelayMs: 1 },
    });
    const running = client.run(recorders);
    const total = feeds.reduce((sum, { frames }) => sum + frames.length, 0);
    await until(() => client.stats().framesDelivered === total, "all frames");
    await client.close();
    await within(running, "end");
    await serving;
    for (const [i, feed] of feeds.entries()) {
      const lists = Object.values(recorders).map(({ frames }) => frames.get(i + 1) ?? []);
      assertShared(lists);
      assertComplete(lists, feed);
    }
  }, 0));

Deno.test("what trickles in while a handler is busy is one batch for it", async () => {
  const transport = new ScriptedTransport();
  await using client = await connected(transport, {
    ...PARTITION,
    framing: { type: "lines" },
    handlers: { a: {}, b: {} },
  });
  const held = Promise.withResolvers<void>();
  const quick = new Recorder();
  const slow: Recorder = new Recorder(() => slow.batches.length === 0 ? held.promise : undefined);
  const lines = Array.from({ length: 200 }, (_, i) => `key${i % 10} ${i}\n`);
  // Which is whose is not said here: whoever is not held has seen all of its own.
  const running = client.run({ a: slow, b: quick });
  for (const line of lines) {
    transport.give(new TextEncoder().encode(line));
    await until(() => transport.starved, "reading");
  }
  await until(() => client.statsByHandler().b.framesPending === 0, "quick handler");
  held.resolve();
  await until(() => client.statsByHandler().a.framesPending === 0, "slow handler");
  transport.give(null);
  await within(running, "end");
  assertEquals(slow.count + quick.count, lines.length);
  // The first is one frame, then batches double until the rest is one.
  assertGreater(Math.max(...slow.batches), 10, slow.batches.join());
  assert(slow.batches.length < 12, slow.batches.join());
});

Deno.test("copy() keeps a lane's frames, and not the bytes between them", () =>
  drawn(async (draw) => {
    const feed = keyedFeed(draw, { type: "lines" }, 2000);
    const copies: { bytes: number; raw: number; text: string }[] = [];
    const recorder = () =>
      new Recorder((batch) => {
        const copy = batch.copy();
        const again = copy.copy();
        let raw = 0;
        for (let i = 0; i < batch.count; i++) {
          raw += batch.rawLength(i);
          for (const one of [copy, again]) {
            assertEquals(one.text(i), batch.text(i));
            assertEquals(one.streamOffset(i), batch.streamOffset(i));
            assertEquals(one.rawLength(i), batch.rawLength(i));
          }
        }
        copies.push({ bytes: copy.bytes.length, raw, text: copy.text(0) });
      });
    const transport = new ScriptedTransport(feed.bytes, null);
    await using client = await connected(transport, {
      ...PARTITION,
      framing: { type: "lines" },
      handlers: each(4, () => ({})),
    });
    await within(client.run(each(4, recorder)), "end");
    assertGreater(copies.length, 4);
    for (const { bytes, raw } of copies) assertEquals(bytes, raw);
  }, 0));

/** What each of `count` handlers gets of frames with these keys. */
async function shareOf(column: Column, keys: readonly bigint[], count: number): Promise<number[]> {
  const bytes = new Uint8Array(keys.length * 12);
  const view = new DataView(bytes.buffer);
  for (const [i, key] of keys.entries()) {
    view.setUint32(12 * i, 8);
    view.setBigUint64(12 * i + 4, BigInt.asUintN(64, key));
  }
  const transport = new ScriptedTransport(bytes, null);
  await using client = await connected(transport, {
    framing: FRAMING,
    columns: [column],
    partition: { key: column.name },
    handlers: each(count, () => ({})),
  });
  await within(client.run(each(count, () => ({ batch() {} }))), "end");
  return Object.values(client.statsByHandler()).map(({ framesDelivered }) => framesDelivered);
}

Deno.test("numbers in a row and multiples of the number of handlers spread, whatever the type", async () => {
  const types = { u16: 6, i16: 6, u32: 4, i32: 4, u64: 0, i64: 0 } as const;
  for (const [type, at] of Object.entries(types)) {
    for (const step of [1n, 4n, 7n, 64n]) {
      const keys = Array.from({ length: 1000 }, (_, i) => BigInt(i) * step);
      const shares = await shareOf({ name: "k", type: type as "u16", at }, keys, 4);
      for (const share of shares) assert(share > 180 && share < 320, `${type} ${step}: ${shares}`);
    }
  }
  const high = Array.from({ length: 1000 }, (_, i) => BigInt(i) << 32n);
  for (const share of await shareOf({ name: "k", type: "u64", at: 0 }, high, 4)) {
    assert(share > 180 && share < 320, `${share}`);
  }
});

Deno.test("the handler of a key is the same in every version", async () => {
  const handlerOf = async (type: "u8" | "u32" | "i32" | "u64", at: number, key: bigint) =>
    (await shareOf({ name: "k", type, at }, [key], 5)).indexOf(1);
  const keys = [0n, 1n, 2n, 3n, 4n, 5n, 42n, 255n];
  const expected = await Promise.all(keys.map((key) => handlerOf("u64", 0, key)));
  assertEquals(expected, [0, 1, 0, 2, 0, 3, 0, 2]);
  for (const [type, at] of [["u8", 7], ["u32", 4], ["i32", 4]] as const) {
    const same = await Promise.all(keys.map((key) => handlerOf(type, at, key)));
    assertEquals(same, expected, type);
  }
  assertEquals(await handlerOf("u64", 0, 2n ** 63n + 12345n), 3);
});

Deno.test("a key must be a declared column of integers", async () => {
  const columns: Column[] = [KEY, { name: "price", type: "f64", at: 8 }];
  const cases: [Partial<ConnectOptions>, string][] = [
    [
      { columns, partition: { key: "sym" } },
      'partition.key takes the name of a column of integers, "symbol", got "sym"',
    ],
    [
      { columns, partition: { key: "price" } },
      'partition.key takes the name of a column of integers, "symbol", got "price"',
    ],
    [
      { partition: { key: "symbol" } },
      'partition.key takes the name of a column of integers, and none is declared, got "symbol"',
    ],
    [
      { columns, partition: { key: 3 as never } },
      'partition.key takes the name of a column of integers, "symbol", got 3',
    ],
    [
      { columns, partition: 3 as never },
      'partition takes "all", "round_robin" or { key: column }, got 3',
    ],
  ];
  for (const [options, message] of cases) {
    const connecting = connect(new ScriptedTransport(), {
      framing: FRAMING,
      handlers: { a: {}, b: {} },
      ...options,
    });
    const error = await assertRejects(() => connecting, OptionError);
    assertEquals(error.message, message);
  }
});
