/**
 * Batches over memory that the client shares: its slabs, and the rooms that
 * records on disk are read back into.
 *
 * @module
 */

import { type FrameStore, SlabBatch } from "../../batch.ts";
import { withResolvers } from "../../deferred.ts";
import { Slab } from "../../slab.ts";
import { BatchCodec } from "../../spill/batch_codec.ts";
import type { HandedRange } from "./control.ts";
import type { FeedDescription } from "./messages.ts";

/** Makes batches. */
export class Lender {
  readonly #slabs: readonly Slab[];
  readonly #names: readonly string[];
  readonly #raw: FeedDescription["raw"];
  readonly #codec: BatchCodec;
  readonly #rooms = new Map<number, SharedArrayBuffer>();
  /** Settles when this side is told of another room. */
  #roomTold = withResolvers<void>();

  constructor({ memory, layout, columns, raw }: FeedDescription) {
    const shared = { memory: { buffer: memory }, layout, columns };
    this.#slabs = layout.slabs.map((_, number) => new Slab(shared, number));
    this.#names = columns.map((column) => column.name);
    this.#raw = raw;
    this.#codec = new BatchCodec(columns, raw);
  }

  /** The client reads records into this memory. */
  addRoom(number: number, memory: SharedArrayBuffer): void {
    this.#rooms.set(number, memory);
    this.#roomTold.resolve();
    this.#roomTold = withResolvers();
  }

  /** Resolves when this side knows the room of a record: a message may be later than a batch. */
  async knows(range: HandedRange): Promise<void> {
    while (!this.#rooms.has(range.slab)) await this.#roomTold.promise;
  }

  /** Frames `done` to `done + count` of what was handed over. A new batch each time: who kept an old one must not find other frames in it. */
  lend(range: HandedRange, done: number, count: number): SlabBatch {
    const batch = new SlabBatch(this.#storeOf(range), this.#names, this.#raw);
    batch.lend(range.first + done, count, range.pending + range.count - done - count);
    return batch;
  }

  #storeOf(range: HandedRange): FrameStore {
    if (range.recordBytes > 0) {
      // INVARIANT: this side was told of the room.
      const memory = this.#rooms.get(range.slab)!;
      return this.#codec.attach(range, new Uint8Array(memory, 0, range.recordBytes));
    }
    const slab = this.#slabs[range.slab];
    slab.epoch = range.epoch;
    slab.streamOffset = range.streamOffset;
    return slab;
  }
}
