/**
 * Batches that were on disk, in the two buffers they are read back into.
 *
 * @module
 */

import type { FrameStore } from "../batch.ts";
import type { FrameRange } from "./backlog.ts";

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
  buffer: Uint8Array<ArrayBuffer>;
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
  readonly #buffers: Uint8Array<ArrayBuffer>[] = Array.from(
    { length: BUFFERS },
    () => new Uint8Array(),
  );
  readonly #onHandled: (sequence: number, bytes: number) => void;

  /** `onHandled` is called with the sequence and length of each record all of whose frames were handled. */
  constructor(onHandled: (sequence: number, bytes: number) => void) {
    this.#onHandled = onHandled;
  }

  /** Takes a buffer to read into, if one is free. */
  takeBuffer(): Uint8Array<ArrayBuffer> | undefined {
    return this.#buffers.pop();
  }

  /** Gives a buffer back. */
  freeBuffer(buffer: Uint8Array<ArrayBuffer>): void {
    this.#buffers.push(buffer);
  }

  /** Queues a batch. */
  push(batch: RestoredBatch): void {
    this.frames += batch.frames;
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
