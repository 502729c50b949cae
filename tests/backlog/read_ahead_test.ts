/** Records that are read back, in any order of reading, taking and giving back. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import { type FrameStore, SlabBatch } from "../../src/batch.ts";
import type { FrameRange } from "../../src/backlog/backlog.ts";
import { ReadAhead } from "../../src/backlog/read_ahead.ts";
import { BatchCodec } from "../../src/spill/batch_codec.ts";
import { assertHolds } from "../framing/property.ts";
import { headerOf, payloadOf } from "../spill/framed.ts";

const RAW = { storesRaw: false, strippedBytes: 0, delimiterBytes: 0 };
const CODEC = new BatchCodec([], RAW);
const LARGE_BYTES = 80_000;
const MISSING_BYTES = 100;

/** A record on disk: of so many frames of so many bytes, or one that can't be read. */
interface OnDisk {
  frames: number;
  frameBytes: number;
  /** It comes from another connection than the one before. */
  reconnected: boolean;
  /** Bytes of the stream are missing before it. */
  missing: boolean;
  lost: boolean;
}

const small = fc.record({
  frames: fc.integer({ min: 1, max: 6 }),
  frameBytes: fc.constantFrom(4, 9, 3000, 12_000),
  reconnected: fc.constant(false),
  missing: fc.boolean(),
  lost: fc.constant(false),
});
const records = fc.oneof(
  { weight: 8, arbitrary: small },
  { weight: 1, arbitrary: small.map((record) => ({ ...record, reconnected: true })) },
  { weight: 1, arbitrary: small.map((record) => ({ ...record, frameBytes: LARGE_BYTES })) },
  { weight: 1, arbitrary: small.map((record) => ({ ...record, lost: true })) },
);
/** Read one, take so many frames, or give back what was taken so many takes ago. */
const steps = fc.oneof(
  fc.constant({ read: true } as const),
  fc.record({ take: fc.constantFrom(1, 3, 50, Infinity) }),
  fc.record({ release: fc.nat(3) }),
);

/** Numbered frames, and where each is in its connection's stream. */
class Disk {
  readonly #records: readonly OnDisk[];
  readonly frames: { number: number; epoch: number; streamOffset: number }[] = [];
  #stores: (FrameStore | undefined)[] = [];
  next = 0;

  constructor(records: readonly OnDisk[]) {
    this.#records = records;
    let [epoch, streamOffset, number] = [1, 0, 0];
    for (const { frames, frameBytes, reconnected, missing, lost } of records) {
      if (reconnected) [epoch, streamOffset] = [epoch + 1, 0];
      if (missing) streamOffset += MISSING_BYTES;
      const bytes = new Uint8Array(frames * frameBytes);
      const view = new DataView(bytes.buffer);
      const offsets = Uint32Array.from({ length: frames }, (_, i) => i * frameBytes);
      const lengths = new Uint32Array(frames).fill(frameBytes);
      for (const offset of offsets) {
        view.setUint32(offset, number);
        const at = streamOffset + offset;
        if (!lost) this.frames.push({ number, epoch, streamOffset: at });
        number += 1;
      }
      const index = { offsets, lengths, rawOffsets: offsets, rawLengths: lengths };
      this.#stores.push(
        lost
          ? undefined
          : { bytes, view, ...index, columns: [], streamOffset, epoch, scattered: false },
      );
      streamOffset += bytes.length;
    }
  }

  /** Reads the next record, if one may be read now. */
  read(ahead: ReadAhead): boolean {
    const { next } = this;
    if (next >= this.#stores.length || !ahead.mayRead()) return false;
    this.next += 1;
    const store = this.#stores[next];
    const { frames } = this.#records[next];
    if (store === undefined) {
      ahead.place(1000);
      ahead.giveUp();
      ahead.addLost({ sequence: next + 1, records: 1, frames, message: "bad" });
      return true;
    }
    const encoded = CODEC.encode(store, 0, frames);
    const payload = payloadOf(encoded);
    const header = { ...headerOf(encoded, payload), sequence: next + 1 };
    const place = ahead.place(payload.length) ?? new Uint8Array(payload.length);
    place.set(payload);
    const restored = CODEC.decode(header, place);
    const bytes = payload.length;
    ahead.add({ store: restored, frames, handledFrames: 0, sequence: next + 1, bytes });
    return true;
  }
}

Deno.test("ReadAhead gives every frame once and in order, and never stands still", () => {
  let most = 0;
  assertHolds(
    40,
    fc.property(
      fc.array(records, { minLength: 1, maxLength: 60 }),
      fc.array(steps, { maxLength: 200 }),
      (onDisk, play) => {
        const disk = new Disk(onDisk);
        const handled: number[] = [];
        const lost: number[] = [];
        const ahead = new ReadAhead(CODEC, false, {
          onHandled: (sequence) => handled.push(sequence),
          onPartHandled: () => {},
          onLost: ({ sequence }) => lost.push(sequence),
        });
        const taken: Disk["frames"] = [];
        const out: FrameRange[] = [];
        const take = (frames: number): boolean => {
          const { ready } = ahead;
          const range = ahead.take(frames);
          assertEquals(range !== undefined, ready);
          if (range === undefined) return false;
          out.push(range);
          const { store, first, end } = range;
          const batch = new SlabBatch(store, [], RAW);
          batch.lend(first, end - first, 0);
          most = Math.max(most, batch.count);
          for (let i = 0; i < batch.count; i++) {
            const { epoch } = batch;
            taken.push({ number: batch.u32(i, 0), epoch, streamOffset: batch.streamOffset(i) });
          }
          return true;
        };
        const release = (i: number) => out.splice(Math.min(i, out.length - 1), 1)[0]?.release(true);
        for (const step of play) {
          if ("read" in step) disk.read(ahead);
          else if ("take" in step) take(step.take);
          else release(step.release);
        }
        // Whatever came before: who reads, takes and gives back comes to the end.
        for (let turns = 0; disk.next < onDisk.length || !ahead.empty || out.length > 0; turns++) {
          const moved = [disk.read(ahead), take(Infinity), out.length > 0];
          assert(moved.includes(true), "nothing can be read, taken or given back");
          release(0);
        }
        assertEquals(taken, disk.frames);
        assertEquals(ahead.frames, 0);
        assertEquals(handled.at(-1), onDisk.length);
        const bad = onDisk.flatMap((record, i) => record.lost ? [i + 1] : []);
        assertEquals(lost, bad);
      },
    ),
  );
  assertGreater(most, 12, "records were taken together");
});

/** Records of three numbered frames, one behind the other. */
function onDisk(count: number, frameBytes = 9): Disk {
  const record = { frames: 3, frameBytes, reconnected: false, missing: false, lost: false };
  return new Disk(Array.from({ length: count }, () => record));
}

function quiet(): ReadAhead {
  const listener = { onHandled: () => {}, onPartHandled: () => {}, onLost: () => {} };
  return new ReadAhead(CODEC, false, listener);
}

Deno.test("small records gather while all buffers are with the handler, up to a bound", () => {
  const ahead = quiet();
  const disk = onDisk(100_000);
  const out: FrameRange[] = [];
  for (let i = 0; i < 2; i++) {
    disk.read(ahead);
    out.push(ahead.take(Infinity)!);
  }
  while (disk.read(ahead));
  assertGreater(disk.next, 500);
  assert(disk.next < 5000, `${disk.next} records are in memory`);
  assertEquals([ahead.ready, ahead.frames], [false, 3 * (disk.next - 2)]);
  assertEquals(ahead.taken, { sequence: 3, handledFrames: 0 });
  out[0].release(true);
  const { first, end } = ahead.take(Infinity)!;
  assertEquals([first, end], [0, 3 * (disk.next - 2)]);
});

Deno.test("large records are read into the two buffers, and none while both are in use", () => {
  const ahead = quiet();
  const disk = onDisk(5, LARGE_BYTES);
  assertEquals([disk.read(ahead), disk.read(ahead), disk.read(ahead)], [true, true, false]);
  const range = ahead.take(Infinity)!;
  assertEquals(disk.read(ahead), false);
  range.release(true);
  assertEquals([disk.read(ahead), disk.next], [true, 3]);
});
