/** Streams framed into slabs, and all that can be seen of a batch. */
import { assertThrows } from "@std/assert";
import { type FrameStore, SlabBatch } from "../../src/batch.ts";
import type { Column } from "../../src/columns.ts";
import { Core } from "../../src/core/core.ts";
import { FramingError } from "../../src/errors.ts";
import type { Framing } from "../../src/framing.ts";
import { Filler, type FrameSink } from "../../src/reader/filler.ts";
import type { EncodedBatch } from "../../src/spill/batch_codec.ts";
import { SlabPool } from "../../src/slab.ts";
import { newStats } from "../../src/status.ts";

/** Of several widths, where frames are long enough for them. */
export const COLUMNS: readonly Column[] = [
  { name: "first", type: "u8", at: 0 },
  { name: "small", type: "i16", at: 1, byteOrder: "little" },
  { name: "price", type: "f64", at: 2 },
  { name: "__proto__", type: "u64", at: 0 },
  { name: "size", type: "f32", at: 3 },
];
/** Enough for the slabs of every framing here. */
const SLAB_BYTES = 2 * 1024 * 1024;
/** Their names. */
export const NAMES = COLUMNS.map(({ name }) => name);
const WIDTHS = { u8: 1, i8: 1, u16: 2, i16: 2, u32: 4, i32: 4, u64: 8, i64: 8, f32: 4, f64: 8 };

/** A core with slabs; what it frames goes to `visit` while it lies there. */
export class Framed {
  readonly core: Core;
  readonly pool: SlabPool;

  constructor(framing: Framing, columns: readonly Column[] = COLUMNS, keyLanes = 0) {
    this.core = new Core({ framing, columns, bufferBytes: 3 * SLAB_BYTES, keyLanes });
    this.pool = new SlabPool(this.core);
  }

  run(chunks: Iterable<Uint8Array>, visit: FrameSink["push"]): void {
    const filler = new Filler(
      this.core,
      this.pool,
      { push: visit, makeRoom: () => false },
      newStats(),
    );
    filler.begin(7);
    try {
      for (const chunk of chunks) {
        filler.room()!.set(chunk);
        filler.commit(chunk.length);
      }
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
    }
    filler.begin(8);
  }
}

/** The payload as a reader gives it: all parts in one piece of memory. */
export function payloadOf({ parts }: EncodedBatch, at = 0): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const payload = new Uint8Array(at + length).subarray(at);
  let end = 0;
  for (const part of parts) {
    payload.set(part, end);
    end += part.length;
  }
  return payload;
}

/** What is on disk beside it. */
export function headerOf({ info }: EncodedBatch, payload: Uint8Array) {
  return { ...info, timeMicros: 0, sequence: 1, payloadBytes: payload.length };
}

/** Frames of a store on loan. */
export function lent(store: FrameStore, core: Core, first: number, count: number): SlabBatch {
  const batch = new SlabBatch(store, NAMES, core);
  batch.lend(first, count, 3);
  return batch;
}

/** All a handler can see of a batch but where it lies. */
export function seen(batch: SlabBatch | ReturnType<SlabBatch["copy"]>): unknown {
  return {
    count: batch.count,
    pending: batch.pending,
    epoch: batch.epoch,
    lengths: [...batch.lengths],
    columns: NAMES.map((name) => [...batch.columns[name]]),
    views: [...batch].map((view) => [...view]),
    frames: Array.from({ length: batch.count }, (_, i) => ({
      text: batch.text(i),
      bytes: [...batch.frame(i)],
      inMemory: [...batch.bytes.subarray(batch.offsets[i], batch.offsets[i] + batch.lengths[i])],
      streamOffset: batch.streamOffset(i),
      rawLength: batch.rawLength(i),
      accessed: accessed(batch, i),
    })),
  };
}

function accessed(batch: SlabBatch | ReturnType<SlabBatch["copy"]>, i: number): unknown[] {
  const values: unknown[] = [];
  for (const [type, width] of Object.entries(WIDTHS)) {
    for (let at = 0; at + width <= batch.lengths[i]; at += width) {
      values.push(batch[type as keyof typeof WIDTHS](i, at), batch[type as "u16"](i, at, true));
    }
    const behind = batch.lengths[i] - width + 1;
    assertThrows(() => batch[type as keyof typeof WIDTHS](i, behind), RangeError);
  }
  return values;
}

interface Seen {
  columns: unknown[][];
  lengths: number[];
  frames: { streamOffset: number }[];
}

/** All that can be seen of each frame, in the order of the stream. */
export function inOrder(batches: SlabBatch[]): unknown[] {
  const frames = batches.flatMap((batch) => {
    const { columns, frames, lengths } = seen(batch) as Seen;
    return frames.map((frame, i) => ({
      ...frame,
      length: lengths[i],
      values: columns.map((values) => values[i]),
    }));
  });
  return frames.sort((a, b) => a.streamOffset - b.streamOffset);
}
