/** Records joined to one batch, against what the stream had. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { FrameStore } from "../../src/batch.ts";
import { KeyPartition } from "../../src/dispatch/key_partition.ts";
import { BatchCodec } from "../../src/spill/batch_codec.ts";
import { framingsOf, TYPES } from "../framing/cases.ts";
import { assertHolds } from "../framing/property.ts";
import { chunkings, cut, streams } from "../framing/streams.ts";
import { COLUMNS, Framed, headerOf, inOrder, lent, payloadOf } from "./framed.ts";

const LANES = 2;
/** Looking at all that can be seen of a frame takes its time. */
const FRAMES_MAX = 60;

/** A range as it comes back from disk. */
function restored(store: FrameStore, codec: BatchCodec, first: number, count: number): FrameStore {
  const encoded = codec.encode(store, first, count);
  const payload = payloadOf(encoded);
  return codec.decode(headerOf(encoded, payload), payload);
}

/** All frames of the stores, as one batch and as another isolate finds them. */
function assertJoins(stores: FrameStore[], codec: BatchCodec, { core }: Framed): void {
  const whole = (store: FrameStore) => lent(store, core, 0, store.offsets.length);
  let payload = new Uint8Array();
  const joined = codec.join(stores, (bytes) => payload = new Uint8Array(bytes));
  assertEquals(inOrder([whole(joined)]), inOrder(stores.map(whole)));
  const { streamOffset, epoch } = joined;
  assertEquals(
    inOrder([whole(codec.attach({ streamOffset, epoch }, payload))]),
    inOrder([whole(joined)]),
  );
  // As a process is sent it.
  const again = restored(joined, codec, 0, joined.offsets.length);
  assertEquals(inOrder([whole(again)]), inOrder([whole(joined)]));
}

for (const type of TYPES) {
  Deno.test(`BatchCodec joins any records of ${type} frames, with and without bytes between them`, () => {
    const cases = framingsOf(type).flatMap((framing) =>
      [0, LANES].map((lanes) => ({
        lanes,
        framed: new Framed(framing, COLUMNS, lanes),
        streams: streams(framing),
      }))
    );
    const inputs = fc.nat(cases.length - 1).chain((which) =>
      fc.tuple(fc.constant(which), cases[which].streams, chunkings, fc.integer({ min: 1, max: 9 }))
    );
    let together = 0;
    assertHolds(
      TYPES.length * 12,
      fc.property(inputs, ([which, stream, lengths, size]) => {
        const { framed, lanes } = cases[which];
        const { core, pool } = framed;
        const partition = lanes > 0 && new KeyPartition(core, pool.slabs, "first", lanes);
        const codec = new BatchCodec(COLUMNS, core);
        const byLane: FrameStore[][] = [[], []];
        let left = FRAMES_MAX;
        framed.run(cut(stream, lengths), (slab, first, end) => {
          left -= end - first;
          if (left < 0) return;
          if (partition) {
            partition.split(slab, first, end);
            partition.firsts.forEach((from, lane) => {
              const count = partition.ends[lane] - from;
              if (count > 0) byLane[lane].push(restored(slab, codec, from, count));
            });
            return;
          }
          // Every second record goes to the other lane: bytes are missing between the rest.
          for (let at = first, i = 0; at < end; at += size, i++) {
            byLane[i % 2].push(restored(slab, codec, at, Math.min(size, end - at)));
          }
        });
        for (const stores of byLane) {
          if (stores.length > 0) assertJoins(stores, codec, framed);
          together += Math.max(0, stores.length - 1);
        }
        if (partition) return;
        const all = byLane.flat().sort((a, b) => a.streamOffset - b.streamOffset);
        if (all.length > 0) assertJoins(all, codec, framed);
      }),
    );
    assert(together > 3, `${together} records were joined to others`);
  });
}
