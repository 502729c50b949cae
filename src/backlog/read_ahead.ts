/**
 * What was read back from disk and not taken yet, oldest first:
 *
 * ```text
 *  taken ◀── batches ◀── small records ◀── one record, or a gap ◀── read
 *            in two        in memory       until there is a buffer
 *            buffers       of their own    for what is before it
 * ```
 *
 * Small records go on gathering while all buffers are with the handler, and become
 * one batch when it asks for the next: a slow one would else get a few frames a
 * call, as many as once were written at a time, and never catch up.
 *
 * @module
 */

import type { BatchCodec } from "../spill/batch_codec.ts";
import type { FrameRange } from "./backlog.ts";
import {
  type HandledPart,
  type LostRecords,
  type ReadRecord,
  RestoredBatches,
  type RestoredListener,
} from "./restored.ts";
import { joined, SmallRecords } from "./small_records.ts";

/** Room is allocated in steps, so that records of about one size use one buffer. */
const ROOM_STEP_BYTES = 64 * 1024;

/** What waits behind the small records. */
interface Held {
  part: HandledPart;
  frames: number;
  /** Queues it, if there is a buffer for it. */
  queue(): boolean;
}

/** See above. */
export class ReadAhead {
  readonly #codec: BatchCodec;
  readonly #sharedMemory: boolean;
  readonly #batches: RestoredBatches;
  readonly #small: SmallRecords;
  /** Oldest first; nothing is read while there is one. */
  readonly #held: Held[] = [];
  /** Of the record that is being read: its buffer, or that it is small. */
  #buffer: Uint8Array | undefined;
  #isSmall = false;

  /** Frames lie in memory that other threads can be given if it is `sharedMemory`. */
  constructor(codec: BatchCodec, sharedMemory: boolean, listener: RestoredListener) {
    this.#codec = codec;
    this.#sharedMemory = sharedMemory;
    this.#batches = new RestoredBatches(listener);
    this.#small = new SmallRecords(codec, (bytes) => this.#newRoom(bytes));
  }

  /** Frames not taken yet, and those of records that are lost between them. */
  get frames(): number {
    const held = this.#held.reduce((sum, { frames }) => sum + frames, 0);
    return this.#batches.frames + this.#small.frames + held;
  }

  /** There is nothing. */
  get empty(): boolean {
    return !this.#batches.ready && this.#small.empty && this.#held.length === 0;
  }

  /** {@linkcode take} would give some. */
  get ready(): boolean {
    return this.#batches.ready || this.#batches.hasBuffer && !this.empty;
  }

  /** The oldest record of which not all was taken, as far as it was. */
  get taken(): HandledPart | undefined {
    return this.#batches.taken ?? this.#small.oldest ?? this.#held[0]?.part;
  }

  /** The oldest record of which not all was handled, if some of it was. */
  get part(): HandledPart | undefined {
    return this.#batches.part;
  }

  /** A batch is out. */
  get lent(): boolean {
    return this.#batches.lent;
  }

  /** Resolves when no batch is out. */
  returned(): Promise<void> {
    return this.#batches.returned();
  }

  /** Takes up to `most` of the oldest frames. */
  take(most: number): FrameRange | undefined {
    this.#queueHeld();
    if (!this.#batches.ready) this.#join();
    return this.#batches.take(most);
  }

  /** Whether one more record may be read. Without a free buffer only if it will be small, as the last one was. */
  mayRead(): boolean {
    this.#queueHeld();
    return this.#held.length === 0 && (this.#small.hasRoom || this.#join()) &&
      (this.#batches.hasBuffer || this.#isSmall);
  }

  /** Where a record of that length is to be read to; `undefined` if there is no memory for it here. */
  place(bytes: number): Uint8Array | undefined {
    const small = this.#small.place(bytes);
    this.#isSmall = small !== undefined;
    if (this.#isSmall || !this.#batches.hasBuffer) return small;
    this.#buffer = this.#roomFor(bytes);
    return this.#buffer.subarray(0, bytes);
  }

  /** Nothing came of the record that was being read. */
  giveUp(): void {
    if (this.#buffer !== undefined) this.#batches.freeBuffer(this.#buffer);
    this.#buffer = undefined;
  }

  /** Queues the record that was read. Where there was no place for it, it lies where it is until the next one is read. */
  add(record: ReadRecord): void {
    if (this.#held.length === 0 && this.#isSmall && this.#small.add(record)) return;
    const { sequence, frames, handledFrames } = record;
    const buffer = this.#buffer;
    this.#buffer = undefined;
    const queue = this.#isSmall ? () => this.#small.add(record) : () => this.#queue(record, buffer);
    this.#hold({ part: { sequence, handledFrames }, frames: frames - handledFrames, queue });
  }

  /** Queues what there is in place of records. */
  addLost(lost: LostRecords): void {
    const { sequence, frames } = lost;
    const queue = () => {
      this.#batches.pushLost(lost);
      return true;
    };
    this.#hold({ part: { sequence, handledFrames: 0 }, frames, queue });
  }

  /** Drops what was not taken. */
  clear(): void {
    this.#batches.clear();
    this.#small.clear();
    this.#held.length = 0;
  }

  #hold(held: Held): void {
    this.#held.push(held);
    this.#queueHeld();
  }

  /** Each in its turn, behind the small records. */
  #queueHeld(): void {
    while (this.#held.length > 0 && this.#join() && this.#held[0].queue()) this.#held.shift();
  }

  #queue(record: ReadRecord, buffer: Uint8Array | undefined): boolean {
    const { store, sequence, frames, handledFrames, bytes } = record;
    if (buffer !== undefined) {
      const records = [{ sequence, end: frames }];
      this.#batches.push({ store, records, handledFrames, bytes, payloadBytes: bytes, buffer });
      return true;
    }
    if (!this.#batches.hasBuffer) return false;
    this.#batches.push(joined(this.#codec, [record], (bytes) => this.#roomFor(bytes)));
    return true;
  }

  /** Makes the small records one batch; false if there is no buffer for it. */
  #join(): boolean {
    if (this.#small.empty) return true;
    if (!this.#batches.hasBuffer) return false;
    this.#batches.push(this.#small.take((bytes) => this.#roomFor(bytes)));
    return true;
  }

  /** A buffer that is free, or a longer one in its place. */
  #roomFor(bytes: number): Uint8Array {
    const buffer = this.#batches.takeBuffer();
    if (buffer.length >= bytes) return buffer;
    // At least twice the last: a worker that is told of each keeps them all.
    const whole = Math.ceil(bytes / ROOM_STEP_BYTES) * ROOM_STEP_BYTES;
    return this.#newRoom(Math.max(whole, 2 * buffer.length));
  }

  #newRoom(bytes: number): Uint8Array {
    return new Uint8Array(
      this.#sharedMemory ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes),
    );
  }
}
