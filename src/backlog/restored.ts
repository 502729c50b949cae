/**
 * Batches that were on disk, in the two buffers they are read back into.
 *
 * @module
 */

import type { FrameStore } from "../batch.ts";
import type { FrameRange } from "./backlog.ts";

/** Memory that a record was read back into, and that other threads can be given. */
export interface SharedRoom {
  memory: SharedArrayBuffer;
  /** Bytes of the record, from 0 on. */
  bytes: number;
  /** Keeps it from ever being used again: somebody who does not answer may still look at it. */
  abandon(): void;
}

const rooms = new WeakMap<FrameStore, SharedRoom>();

/** Where the frames of a record lie; `undefined` if not in memory to share. */
export function roomOf(store: FrameStore): SharedRoom | undefined {
  return rooms.get(store);
}

/** One is handed out while the next one is read. */
const BUFFERS = 2;

/** A record that was read back. */
export interface RestoredBatch {
  store: FrameStore;
  /** Frames in it. */
  frames: number;
  /** Its sequence on disk. */
  sequence: number;
  /** And length. */
  bytes: number;
  /** Its memory. */
  buffer: Uint8Array;
}

interface Loan {
  batch: RestoredBatch;
  /** Frames not taken yet begin here. */
  first: number;
  references: number;
  /** A handler threw on some of it. */
  failed: boolean;
}

/** Batches in the order of their records; each knows when its last frame was given up. */
export class RestoredBatches {
  /** Frames not taken yet. */
  frames = 0;
  /** Sequence of the last record all of whose frames were taken, 0 before the first. */
  takenSequence = 0;
  /** Ranges that are out. */
  #out = 0;
  #onReturned: (() => void) | undefined;
  readonly #queue: Loan[] = [];
  readonly #buffers: Uint8Array[] = Array.from({ length: BUFFERS }, () => new Uint8Array());
  readonly #abandoned = new WeakSet<Uint8Array>();
  readonly #onHandled: (sequence: number, bytes: number) => void;

  /** `onHandled` is called with the sequence and length of each record all of whose frames were handled. */
  constructor(onHandled: (sequence: number, bytes: number) => void) {
    this.#onHandled = onHandled;
  }

  /** Takes a buffer to read into, if one is free. */
  takeBuffer(): Uint8Array | undefined {
    return this.#buffers.pop();
  }

  /** Gives a buffer back. */
  freeBuffer(buffer: Uint8Array): void {
    this.#buffers.push(this.#abandoned.has(buffer) ? new Uint8Array() : buffer);
  }

  /** Queues a batch. */
  push(batch: RestoredBatch): void {
    this.frames += batch.frames;
    const { store, bytes, buffer } = batch;
    const { buffer: memory } = buffer;
    if (memory instanceof SharedArrayBuffer) {
      rooms.set(store, { memory, bytes, abandon: () => this.#abandoned.add(buffer) });
    }
    this.#queue.push({ batch, first: 0, references: 1, failed: false });
  }

  /** Takes up to `most` frames of the oldest batch. */
  take(most: number): FrameRange | undefined {
    const loan = this.#queue[0];
    if (loan === undefined) return undefined;
    const { store, frames } = loan.batch;
    const first = loan.first;
    const end = Math.min(frames, first + most);
    this.frames -= end - first;
    loan.first = end;
    loan.references += 1;
    if (end === frames) {
      this.#queue.shift();
      this.takenSequence = loan.batch.sequence;
      this.#release(loan, true);
    }
    this.#out += 1;
    const release = (handled: boolean) => {
      this.#release(loan, handled);
      this.#out -= 1;
      if (this.#out === 0) this.#onReturned?.();
    };
    return { store, first, end, release };
  }

  /** A range is out. */
  get lent(): boolean {
    return this.#out > 0;
  }

  /** Resolves when no range is out. */
  returned(): Promise<void> {
    return this.#out === 0
      ? Promise.resolve()
      : new Promise((resolve) => this.#onReturned = resolve);
  }

  /** Drops what was not taken; returns how many frames that were. */
  clear(): number {
    const dropped = this.frames;
    this.#queue.length = 0;
    this.frames = 0;
    return dropped;
  }

  #release(loan: Loan, handled: boolean): void {
    loan.references -= 1;
    loan.failed ||= !handled;
    if (loan.references > 0) return;
    this.freeBuffer(loan.batch.buffer);
    if (!loan.failed) this.#onHandled(loan.batch.sequence, loan.batch.bytes);
  }
}
