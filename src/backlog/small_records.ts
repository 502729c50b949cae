/**
 * Small records that were read back and that nobody has taken yet, in memory of
 * their own. They are taken as one batch.
 *
 * @module
 */

import type { FrameStore } from "../batch.ts";
import type { BatchCodec } from "../spill/batch_codec.ts";
import { roundUp } from "../spill/batch_head.ts";
import type { HandledPart, ReadRecord, RestoredBatch } from "./restored.ts";

/** Records with longer payloads are batches of their own: copying them would cost more than a call. */
const SMALL_BYTES = 64 * 1024;
/** Payloads that are taken together: as much as a slab has. */
const TOGETHER_BYTES = 256 * 1024;
/** Where a frame is in the stream is told in 32 bits from the first one on. */
const STREAM_BYTES_MAX = 2 ** 32 - 1;

/** See above. */
export class SmallRecords {
  readonly #codec: BatchCodec;
  readonly #newRoom: (bytes: number) => Uint8Array;
  #memory: Uint8Array | undefined;
  /** Behind the payloads, and one that is being read. */
  #filled = 0;
  #records: ReadRecord[] = [];
  /** Of all of them; frames are those not handled before. */
  #dataBytes = 0;
  #frames = 0;

  /** `newRoom` makes the memory, when it is needed. */
  constructor(codec: BatchCodec, newRoom: (bytes: number) => Uint8Array) {
    this.#codec = codec;
    this.#newRoom = newRoom;
  }

  /** Frames not handled before. */
  get frames(): number {
    return this.#frames;
  }

  /** There are none. */
  get empty(): boolean {
    return this.#records.length === 0;
  }

  /** There is memory for one more, whatever its length. */
  get hasRoom(): boolean {
    return this.empty || this.#filled + SMALL_BYTES <= TOGETHER_BYTES;
  }

  /** The oldest of them, as far as it was handled before. */
  get oldest(): HandledPart | undefined {
    const oldest = this.#records[0];
    return oldest && { sequence: oldest.sequence, handledFrames: oldest.handledFrames };
  }

  /** Where a record of that length is to be read to; `undefined` if it is not small. */
  place(bytes: number): Uint8Array | undefined {
    if (bytes > SMALL_BYTES) return undefined;
    if (this.empty) this.#filled = 0;
    const memory = this.#memory ??= this.#newRoom(TOGETHER_BYTES);
    const begin = this.#filled;
    this.#filled += roundUp(bytes);
    return memory.subarray(begin, begin + bytes);
  }

  /** Adds one, unless it comes from another connection or from too far behind to be of one batch with the others. */
  add(record: ReadRecord): boolean {
    const { store, frames, handledFrames } = record;
    if (!this.#precede(store)) return false;
    this.#records.push(record);
    this.#dataBytes += store.bytes.length;
    this.#frames += frames - handledFrames;
    return true;
  }

  #precede({ epoch, streamOffset, bytes, gaps }: FrameStore): boolean {
    const oldest = this.#records[0]?.store;
    if (oldest === undefined) return true;
    const behind = streamOffset - oldest.streamOffset;
    const reach = behind + bytes.length + (gaps?.at(-1) ?? 0);
    return epoch === oldest.epoch && behind >= this.#dataBytes && reach <= STREAM_BYTES_MAX;
  }

  /** Gives them all as one batch, in what `roomFor` gives for so many bytes. */
  take(roomFor: (bytes: number) => Uint8Array): RestoredBatch {
    const records = this.#records;
    this.clear();
    return joined(this.#codec, records, roomFor);
  }

  /** Drops them. */
  clear(): void {
    this.#records = [];
    this.#dataBytes = 0;
    this.#frames = 0;
  }
}

/** Records, of which there is one at least, as one batch in what `roomFor` gives for so many bytes. */
export function joined(
  codec: BatchCodec,
  records: readonly ReadRecord[],
  roomFor: (bytes: number) => Uint8Array,
): RestoredBatch {
  let buffer: Uint8Array = new Uint8Array();
  let [payloadBytes, end] = [0, 0];
  const store = codec.join(records.map(({ store }) => store), (bytes) => {
    buffer = roomFor(bytes);
    payloadBytes = bytes;
    return buffer.subarray(0, bytes);
  });
  return {
    store,
    records: records.map(({ sequence, frames }) => ({ sequence, end: end += frames })),
    handledFrames: records[0].handledFrames,
    bytes: records.reduce((sum, { bytes }) => sum + bytes, 0),
    payloadBytes,
    buffer,
  };
}
