/** Batches that went to disk and back, against those that did not. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { FrameStore, SlabBatch } from "../../src/batch.ts";
import { BatchCodec } from "../../src/spill/batch_codec.ts";
import { describeBatch } from "../../src/spill/batch_head.ts";
import { SpillFormatError } from "../../src/spill/errors.ts";
import { Core } from "../../src/core/core.ts";
import type { Framing } from "../../src/framing.ts";
import { openSpill } from "../../src/spill/open.ts";
import { type Slab, SlabPool } from "../../src/slab.ts";
import { framingsOf, TYPES } from "../framing/cases.ts";
import { assertHolds } from "../framing/property.ts";
import { chunkings, cut, streams } from "../framing/streams.ts";
import { FaultDisk } from "./fault_disk.ts";
import { COLUMNS, Framed, headerOf, lent, NAMES, payloadOf, seen } from "./framed.ts";
import { random } from "./random.ts";

/** How much is compared of one stream: everything that can be seen of every frame takes its time. */
const RANGES_MAX = 4;
const FRAMES_MAX = 40;

/** Raw bytes of frame `i`, as they lie around it. */
function rawOf(batch: SlabBatch, store: FrameStore, i: number): Uint8Array {
  const from = batch.streamOffset(i) - store.streamOffset;
  return store.bytes.slice(from, from + batch.rawLength(i));
}

function assertSame(slab: Slab, core: Core, first: number, count: number, shift: number): void {
  const codec = new BatchCodec(COLUMNS, core);
  const encoded = codec.encode(slab, first, count);
  const payload = payloadOf(encoded, shift);
  const { data, descriptor } = describeBatch(payload.slice());
  const store = codec.decode(headerOf(encoded, payload), payload);
  const original = lent(slab, core, first, count);
  const back = lent(store, core, 0, count);
  assertEquals(seen(back), seen(original));
  assertEquals(seen(back.copy()), seen(original.copy()));
  for (let i = 0; i < count; i++) assertEquals(rawOf(back, store, i), rawOf(original, slab, i));
  assertEquals(encoded.info.streamOffset, store.streamOffset);
  assertEquals(encoded.info.frameCount, count);
  assertEquals(data, store.bytes.slice());
  assertEquals(descriptor.columns.map(({ name }) => name), NAMES);
}

for (const type of TYPES) {
  Deno.test(`BatchCodec gives back any range of ${type} frames as it was`, () => {
    const cases = framingsOf(type).map((framing) => ({
      framed: new Framed(framing),
      streams: streams(framing),
    }));
    const inputs = fc.nat(cases.length - 1).chain((which) =>
      fc.tuple(fc.constant(which), cases[which].streams, chunkings, fc.nat(), fc.nat(), fc.nat(8))
    );
    let batches = 0;
    assertHolds(
      TYPES.length * 12,
      fc.property(inputs, ([which, stream, lengths, from, size, shift]) => {
        const { framed } = cases[which];
        let compared = 0;
        framed.run(cut(stream, lengths), (slab, _, end) => {
          // A few ranges of a stream, each of any frames of the slab, whenever they came.
          if (++compared > RANGES_MAX) return;
          const first = from % end;
          const count = 1 + size % Math.min(end - first, FRAMES_MAX);
          assertSame(slab, framed.core, first, count, shift);
          batches += 1;
        });
      }),
    );
    assert(batches > 10, `${batches} batches`);
  });
}

/** A slab of 100 lines, and the codec for it. */
function lines(visit: (slab: Slab, core: Core, codec: BatchCodec, count: number) => void): void {
  const framed = new Framed({ type: "lines" });
  const text = Array.from({ length: 100 }, (_, i) => "x".repeat(i) + "\r\n").join("");
  let visits = 0;
  framed.run([new TextEncoder().encode(text)], (slab, first, end) => {
    assertEquals([first, end], [0, 100]);
    visits += 1;
    visit(slab, framed.core, new BatchCodec(COLUMNS, framed.core), end);
  });
  assertEquals(visits, 1);
}

Deno.test("encode() copies no frame", () => {
  lines((slab, _, codec, count) => {
    const { parts } = codec.encode(slab, 0, count);
    const inSlab = parts.filter((part) => part.buffer === slab.bytes.buffer);
    // Columns, index and data; lines have no raw positions of their own.
    assertEquals(inSlab.length, COLUMNS.length + 2 + 1);
    assertEquals(inSlab.at(-1)!.byteOffset, slab.bytes.byteOffset);
  });
});

Deno.test("fitting() gives the most frames a record has room for", () => {
  lines((slab, _, codec, count) => {
    assertEquals(codec.fitting(slab, 0, count), count);
    for (const maxBytes of [0, 500, 1000, 2000, 5000, 1e6]) {
      const fits = codec.fitting(slab, 3, count - 3, maxBytes);
      const length = (frames: number) => payloadOf(codec.encode(slab, 3, frames)).length;
      assert(fits === 1 || length(fits) <= maxBytes);
      assert(fits === count - 3 || length(fits + 1) > maxBytes);
    }
  });
});

Deno.test("decode() refuses a payload of other columns or of another framing", () => {
  lines((slab, core, codec, count) => {
    const encoded = codec.encode(slab, 0, count);
    const payload = payloadOf(encoded);
    const others = [
      new BatchCodec(COLUMNS.slice(1), core),
      new BatchCodec(COLUMNS, { storesRaw: true, strippedBytes: 0, delimiterBytes: 0 }),
      new BatchCodec(COLUMNS.map((column) => ({ ...column, at: 9 })), core),
    ];
    for (const other of others) {
      const error = assertThrows(
        () => other.decode(headerOf(encoded, payload), payload.slice()),
        SpillFormatError,
      );
      assert(error.message.includes('"name":"price"'), error.message);
    }
  });
});

Deno.test("decode() and describeBatch() refuse what is no batch, whatever its lengths say", () => {
  lines((slab, _, codec, count) => {
    const encoded = codec.encode(slab, 0, count);
    const payload = payloadOf(encoded);
    const header = headerOf(encoded, payload);
    for (let length = 0; length < payload.length; length += 7) {
      assertThrows(() => codec.decode(header, payload.slice(0, length)), SpillFormatError);
    }
    for (const at of [0, 4, 8, 12]) {
      for (const value of [0, 1, 99, 2 ** 31, 2 ** 32 - 1]) {
        const forged = payload.slice();
        const view = new DataView(forged.buffer);
        if (view.getUint32(at, true) === value) continue;
        view.setUint32(at, value, true);
        assertThrows(() => codec.decode(header, forged), SpillFormatError);
      }
    }
    // A frame that ends behind the data.
    const forged = payload.slice();
    new DataView(forged.buffer).setUint32(
      payload.length - encoded.parts.at(-1)!.length - 4,
      9999,
      true,
    );
    assertThrows(() => codec.decode(header, forged), SpillFormatError, "frame 99 between");
    assertThrows(() => describeBatch(new Uint8Array(15)), SpillFormatError, "at least 16 bytes");
    const noText = payload.slice();
    noText[16] = 0x7c;
    assertThrows(() => describeBatch(noText), SpillFormatError, "a descriptor in JSON");
  });
});

Deno.test("a batch goes through a store", async () => {
  await using store = await openSpill(new FaultDisk(random(1)));
  const expected: unknown[] = [];
  const appending: Promise<unknown>[] = [];
  let core!: Core;
  lines((slab, of, codec, count) => {
    core = of;
    const { info, parts } = codec.encode(slab, 0, count);
    expected.push(seen(lent(slab, of, 0, count)));
    // The slab is filled again before the disk has it.
    const kept = parts.map((part) => part.slice());
    appending.push(store.append({ ...info, timeMicros: 5 }, kept));
  });
  await Promise.all(appending);
  using reader = store.reader();
  const result = await reader.next();
  assert(result.type === "record");
  const codec = new BatchCodec(COLUMNS, core);
  const back = codec.decode(result.header, result.payload);
  assertEquals(back.bytes.buffer, result.payload.buffer);
  assertEquals([seen(lent(back, core, 0, 100))], expected);
});

const OVERWRITTEN: readonly Framing[] = [
  { type: "lines" },
  { type: "length_field", initialBytesToStrip: 4 },
  { type: "slip" },
];

for (const framing of OVERWRITTEN) {
  Deno.test(`encode() makes a record of an index that another thread overwrote, and decode() refuses it (${framing.type})`, async () => {
    const draw = random(7);
    const core = new Core({ framing, columns: COLUMNS });
    const codec = new BatchCodec(core.columns, core);
    const [slab] = new SlabPool(core).slabs;
    await using store = await openSpill(new FaultDisk(random(1)));
    for (let i = 0; i < 200; i++) {
      for (const array of [slab.offsets, slab.lengths, slab.rawOffsets, slab.rawLengths]) {
        for (let at = 0; at < 16; at++) array[at] = [draw() * 2 ** 32, 0xffffffff, 0][at % 3];
        array[0] = i % 3 === 0 ? 0 : draw() * 2 ** 32;
      }
      const count = codec.fitting(slab, 0, 16);
      const encoded = codec.encode(slab, 0, count);
      const info = { ...encoded.info, timeMicros: 0 };
      const { type } = await store.append(info, encoded.parts);
      assertEquals(type, "appended");
      const payload = payloadOf(encoded);
      const header = { ...info, sequence: 1, payloadBytes: payload.length };
      assertThrows(() => codec.decode(header, payload), SpillFormatError);
    }
  });
}
