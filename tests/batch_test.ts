/** Batches against a DataView and a naive reader; what of them outlives the loan, and what does not. */
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import type { Batch, Column, ColumnType, Framing } from "../mod.ts";
import {
  assertSums,
  connected,
  delay,
  frame,
  numbered,
  numbersOf,
  serveBytes,
  until,
  upTo,
  within,
} from "./client/harness.ts";
import { join } from "./framing/bytes.ts";
import { columnValue } from "./framing/oracle/columns.ts";
import { ScriptedTransport } from "./transport/scripted.ts";

/** Bytes that look random and are the same each time. */
function noise(size: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: size }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

const PAYLOADS = [
  ...Array.from({ length: 300 }, (_, i) => noise((i * 7) % 41, i + 1)),
  new TextEncoder().encode("\uFEFFa byte order mark is text"),
];
const STREAM = join(...PAYLOADS.map((payload) => frame(payload)));
const TYPES: ColumnType[] = ["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64"];

/** Every frame of `bytes` with its batch. */
async function eachFrame(
  bytes: Uint8Array,
  columns: readonly Column[],
  visit: (batch: Batch, i: number, number: number) => void,
): Promise<void> {
  await using server = serveBytes(bytes);
  await using client = await connected(server.target, { columns });
  let number = 0;
  await within(
    client.run({
      batch(batch) {
        for (let i = 0; i < batch.count; i++) visit(batch, i, number++);
      },
    }),
    "end",
  );
  assertSums(client);
}

Deno.test("accessors equal a DataView's at every offset, in both byte orders", async () => {
  let frames = 0;
  await eachFrame(STREAM, [], (batch, i, number) => {
    frames += 1;
    const payload = PAYLOADS[number];
    const view = new DataView(payload.buffer);
    for (const type of TYPES) {
      const width = Number(type.slice(1)) / 8;
      for (const littleEndian of [false, true]) {
        for (let at = 0; at + width <= payload.length; at++) {
          const column = { name: type, type, at, byteOrder: littleEndian ? "little" : "big" };
          const expected = columnValue(column as Column, payload);
          const actual = batch[type](i, at, littleEndian);
          if (!Object.is(actual, expected)) assertEquals(actual, expected, `${type} at ${at}`);
        }
        assertThrows(
          () => batch[type](i, payload.length - width + 1, littleEndian),
          RangeError,
          `which has ${payload.length} bytes`,
        );
      }
    }
    assertEquals(batch.frame(i), payload);
    assertEquals(view.byteLength, batch.lengths[i]);
    const offset = batch.offsets[i];
    assertEquals(batch.bytes.slice(offset, offset + batch.lengths[i]), payload);
    assertEquals(batch.text(i), new TextDecoder("utf-8", { ignoreBOM: true }).decode(payload));
  });
  assertEquals(frames, PAYLOADS.length);
});

Deno.test("accessors throw for frames and offsets that are none", async () => {
  await eachFrame(numbered(1), [], (batch) => {
    for (const i of [-1, 1, 0.5, NaN, undefined as never]) {
      assertThrows(() => batch.u8(i, 0), RangeError);
      assertThrows(() => batch.frame(i), RangeError);
      assertThrows(() => batch.streamOffset(i), RangeError);
      assertThrows(() => batch.rawLength(i), RangeError);
    }
    for (const at of [-1, 4, 1e9, 2 ** 31, 2 ** 32, -(2 ** 32), NaN, undefined as never]) {
      assertThrows(() => batch.u8(0, at), RangeError);
    }
    assertThrows(() => batch.u32(0, 1), RangeError);
  });
});

Deno.test("columns equal a naive reader's, also of frames too short for them", async () => {
  const columns: Column[] = TYPES.flatMap((type, i) => [
    { name: `${type}_be`, type, at: i },
    { name: `${type}_le`, type, at: 21 - i, byteOrder: "little" as const },
  ]).slice(0, 16);
  let frames = 0;
  await eachFrame(STREAM, columns, (batch, i, number) => {
    frames += 1;
    const values = batch.columns as unknown as Record<string, ArrayLike<number | bigint>>;
    for (const column of columns) {
      const expected = columnValue(column, PAYLOADS[number]);
      assert(Object.is(values[column.name][i], expected), `${column.name} of frame ${number}`);
      assertEquals(values[column.name].length, batch.count);
    }
  });
  assertEquals(frames, PAYLOADS.length);
});

Deno.test("a column may have any name", async () => {
  const columns = [{ name: "__proto__", type: "u8", at: 3 }] as const;
  await eachFrame(numbered(2), columns, (batch, i, number) => {
    const values = Object.getOwnPropertyDescriptor(batch.columns, "__proto__")?.value;
    assertEquals(values[i], number);
  });
});

Deno.test("streamOffset() and rawLength() name the bytes a frame took", async () => {
  let at = 0;
  await eachFrame(STREAM, [], (batch, i, number) => {
    assertEquals([batch.streamOffset(i), batch.rawLength(i)], [at, PAYLOADS[number].length + 4]);
    at += batch.rawLength(i);
  });
  assertEquals(at, STREAM.length);
});

Deno.test("a batch that is held keeps its bytes while the reader fills other slabs", async () => {
  const count = 30_000;
  const transport = new ScriptedTransport(numbered(100, 60));
  await using client = await connected(transport, { bufferBytes: 4 * 256 * 1024 });
  const numbers: number[] = [];
  const running = client.run({
    async batch(batch) {
      const before = batch.bytes.slice(batch.offsets[0], batch.offsets[0] + 60);
      const { bytesRead, pauses } = client.stats();
      if (numbers.length === 1) {
        transport.give(numbered(count - 100, 60, 100));
        // Until there is no room left.
        await until(() => client.stats().pauses > pauses, "pause");
        // Two slabs and more, beside the one that is held.
        assert(client.stats().bytesRead > bytesRead + 2 * 256 * 1024);
      } else await undefined;
      assertEquals(batch.frame(0), before);
      numbers.push(...numbersOf(batch));
      if (numbers.length === count) transport.give(null);
    },
  });
  await within(running, "end");
  assertEquals(numbers, upTo(count));
});

Deno.test("a batch that was given back throws for good, whatever its slab is used for", async () => {
  const transport = new ScriptedTransport(numbered(1));
  await using client = await connected(transport, { columns: [{ name: "n", type: "u32", at: 0 }] });
  const kept: Batch[] = [];
  const running = client.run({
    batch(batch) {
      for (const old of kept) {
        // A loop that goes on must not end as if it had seen them all.
        assertEquals(old.count, 1);
        for (
          const access of [
            () => old.u32(0, 0),
            () => old.frame(0),
            () => old.text(0),
            () => old.streamOffset(0),
            () => old.rawLength(0),
            () => old.copy(),
            () => old.columns.n,
            () => [...old],
          ]
        ) assertThrows(access, RangeError, "copy() what you keep");
        assertEquals([old.offsets.length, old.lengths.length], [0, 0]);
      }
      kept.push(batch);
      transport.give(kept.length < 50 ? numbered(1) : null);
    },
  });
  await within(running, "end");
  assertEquals(kept.length, 50);
});

const LINES = ["", "a", "☃ snow", "x".repeat(100), "last"];
const copied: [string, Framing, Uint8Array][] = [
  ["length_field", { type: "length_field", initialBytesToStrip: 4 }, STREAM],
  ["lines", { type: "lines" }, new TextEncoder().encode(LINES.join("\r\n") + "\n")],
  ["slip", { type: "slip" }, Uint8Array.of(1, 0xdb, 0xdc, 2, 0xc0, 0xc0, 3, 0xdb, 0xdd, 0xc0)],
  ["raw", { type: "raw" }, noise(5000, 7)],
];
for (const [name, framing, bytes] of copied) {
  Deno.test(`copy() of ${name} stays valid, with offsets, raw offsets and columns`, async () => {
    const columns = [{ name: "first", type: "u8", at: 0 }, {
      name: "f",
      type: "f64",
      at: 1,
    }] as const;
    const transport = new ScriptedTransport(bytes);
    await using client = await connected(transport, { framing, columns });
    type Seen = ReturnType<typeof describe>;
    const copies: { copy: Batch<typeof columns>; seen: Seen }[] = [];
    const describe = (batch: Batch<typeof columns>) => ({
      count: batch.count,
      pending: batch.pending,
      epoch: batch.epoch,
      frames: [...batch].map((view) => view.slice()),
      offsets: Array.from({ length: batch.count }, (_, i) => batch.streamOffset(i)),
      raw: Array.from({ length: batch.count }, (_, i) => batch.rawLength(i)),
      first: [...batch.columns.first],
      f: [...batch.columns.f],
    });
    const running = client.run({
      batch(batch) {
        copies.push({ copy: batch.copy(), seen: describe(batch) });
        assert(copies.at(-1)!.copy.bytes.buffer !== batch.bytes.buffer);
      },
    });
    await until(() => client.stats().framesPending === 0 && copies.length > 0, "batches");
    await delay(1);
    // The slab is used again, for other bytes.
    transport.give(new Uint8Array(4000).fill(0x0a), null);
    await within(running.catch(() => {}), "end");
    for (const { copy, seen } of copies) {
      assertEquals(describe(copy), seen);
      assertEquals(describe(copy.copy()), seen);
      if (seen.count > 0) assertThrows(() => copy.u8(seen.count, 0), RangeError);
    }
  });
}

Deno.test("a copy is unshared memory of its own size", async () => {
  await eachFrame(numbered(3), [], (batch, i) => {
    if (i > 0) return;
    const copy = batch.copy();
    assertInstanceOf(copy.bytes.buffer, ArrayBuffer);
    assertEquals(copy.bytes.byteLength, batch.count * 8);
  });
});
