/** Frames shared by a key: each lane's are where the core put them, and all of them go to disk and back. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { SlabBatch } from "../../src/batch.ts";
import { gatherPieces } from "../../src/gathering.ts";
import { KeyPartition } from "../../src/dispatch/key_partition.ts";
import { BatchCodec } from "../../src/spill/batch_codec.ts";
import { describeBatch } from "../../src/spill/batch_head.ts";
import { framingsOf, TYPES } from "../framing/cases.ts";
import { assertHolds } from "../framing/property.ts";
import { chunkings, cut, streams } from "../framing/streams.ts";
import { COLUMNS, Framed, headerOf, inOrder, lent, payloadOf, seen } from "./framed.ts";

const LANES = 3;
/** Looking at all that can be seen of a frame takes its time. */
const FRAMES_MAX = 60;

function assertRestored(batch: SlabBatch, codec: BatchCodec, framed: Framed): void {
  const { store, first } = batch.loan;
  const encoded = codec.encode(store, first, batch.count);
  const payload = payloadOf(encoded);
  const raw = Array.from({ length: batch.count }, (_, i) => batch.rawLength(i));
  const { data, descriptor } = describeBatch(payload.slice());
  assert(data.length <= raw.reduce((sum, length) => sum + length), "bytes of others are written");
  assertEquals(descriptor.gaps, true);
  const header = headerOf(encoded, payload);
  assertEquals(header.streamOffset, batch.streamOffset(0));
  const back = lent(codec.decode(header, payload), framed.core, 0, batch.count);
  assertEquals(seen(back), seen(batch));
  assertEquals(seen(back.copy()), seen(batch));
}

Deno.test("gatherPieces() copies what it is told, and never more than there is", () => {
  const bytes = Uint8Array.from({ length: 20 }, (_, i) => i);
  const { bytes: copy, moved } = gatherPieces(
    bytes,
    Uint32Array.of(2, 4, 9, 9, 15),
    Uint32Array.of(4, 5, 9, 12, 20),
  );
  assertEquals([...copy], [2, 3, 4, 9, 10, 11, 15, 16, 17, 18, 19]);
  assertEquals([...moved], [2, 2, 6, 6, 9]);
  const anything = fc.array(fc.tuple(fc.nat(2 ** 32 - 1), fc.nat(2 ** 32 - 1)));
  fc.assert(fc.property(anything, (pieces) => {
    const [starts, ends] = [0, 1].map((i) => Uint32Array.from(pieces, (piece) => piece[i]));
    assert(gatherPieces(bytes, starts, ends).bytes.length <= bytes.length);
  }));
});

for (const type of TYPES) {
  Deno.test(`lanes of ${type} get each frame once, in order, and it survives copies and disk`, () => {
    const cases = framingsOf(type).map((framing) => ({
      framed: new Framed(framing, COLUMNS, LANES),
      streams: streams(framing),
    }));
    const inputs = fc.nat(cases.length - 1).chain((which) =>
      fc.tuple(fc.constant(which), cases[which].streams, chunkings, fc.constantFrom(...COLUMNS))
    );
    let shared = 0;
    assertHolds(
      TYPES.length * 12,
      fc.property(inputs, ([which, stream, lengths, { name, type }]) => {
        const { framed } = cases[which];
        const { core, pool } = framed;
        const key = type.startsWith("f") ? "first" : name;
        const partition = new KeyPartition(core, pool.slabs, key, LANES);
        const codec = new BatchCodec(COLUMNS, core);
        let left = FRAMES_MAX;
        framed.run(cut(stream, lengths), (slab, first, end) => {
          partition.split(slab, first, end);
          const ranges = Array.from(partition.firsts, (from, i) => [from, partition.ends[i]]);
          const batches = ranges.filter(([from, to]) => from < to)
            .map(([from, to]) => lent(slab, core, from, to - from));
          left -= end - first;
          if (left < 0) return;
          shared += batches.length - 1;
          assertEquals(inOrder(batches), inOrder([lent(slab, core, first, end - first)]));
          for (const batch of batches) {
            const copy = batch.copy() as SlabBatch;
            assertEquals(seen(copy), seen(batch));
            assertRestored(batch, codec, framed);
            // As dead letters are written that are too long for one record.
            const { store } = copy.loan;
            const half = batch.count >> 1;
            const rest = batch.count - half;
            assertRestored(lent(store, core, half, rest), codec, framed);
            assertEquals(
              seen(lent(store, core, half, rest)),
              seen(lent(slab, core, batch.loan.first + half, rest)),
            );
          }
        });
      }),
    );
    // A scan of raw frames finds a single one.
    assert(type === "raw" || shared > 3, `${shared} scans were shared`);
  });
}
