/**
 * Batches that were on disk, in the two buffers they are read back into.
 *
 * @module
 */

import type { FrameStore } from "../batch.ts";
import type { FrameRange } from "./backlog.ts";

/** Memory that records were read back into, and that other threads can be given. */
export interface SharedRoom {
  memory: SharedArrayBuffer;
  /** Bytes of the payload, from 0 on. */
  bytes: number;
  /** Keeps it from ever being used again: somebody who does not answer may still look at it. */
  abandon(): void;
}

const rooms = new WeakMap<FrameStore, SharedRoom>();

/** Where the frames of a restored batch lie; `undefined` if not in memory to share. */
export function roomOf(store: FrameStore): SharedRoom | undefined {
  return rooms.get(store);
}

/** One is handed out while the next one is read. */
const BUFFERS = 2;

/** A record that was read back. */
export interface ReadRecord {
  store: FrameStore;
  /** Its sequence on disk. */
  sequence: number;
  /** Frames in it, and how many of them, the first, were handled before. */
  frames: number;
  handledFrames: number;
  /** Length of its payload. */
  bytes: number;
}

/** A record that was read back, or several, in one of the buffers. */
export interface RestoredBatch {
  store: FrameStore;
  /** The sequence of each on disk, and behind which of the batch's frames it ends. */
  records: readonly { sequence: number; end: number }[];
  /** Of the first one, so many frames were handled before. */
  handledFrames: number;
  /** Length of their payloads on disk, and of what is in memory. */
  bytes: number;
  payloadBytes: number;
  /** Its memory. */
  buffer: Uint8Array;
}

/** Records that can't be read back. */
export interface LostRecords {
  /** Sequence of the last one. */
  sequence: number;
  /** How many they are. */
  records: number;
  /** Frames in them, as far as they are known. */
  frames: number;
  message: string;
}

/** Up to the record of this sequence all is handled, once nothing refers to it and to what is before. */
interface Entry {
  sequence: number;
  bytes: number;
  /** The queue's, until it is behind it, and those of ranges that are out. */
  references: number;
  /** A handler threw on some of it, or gave it back unhandled. */
  failed: boolean;
}

interface Loan extends Entry {
  batch: RestoredBatch;
  /** Frames not taken yet begin here. */
  first: number;
  /** Ranges that were taken, in order, the oldest of them not handled yet. */
  ranges: { end: number; handled: boolean }[];
  /** Frames before them, all of which were handled. */
  handledFrames: number;
}

/** How far a record is handled that is not handled whole. */
export interface HandledPart {
  sequence: number;
  handledFrames: number;
}

interface Gap extends Entry {
  lost: LostRecords;
}

/** Who is told of what became of the records, in their order. */
export interface RestoredListener {
  /** All up to the record of this sequence was handled or is lost, `bytes` of it since the last call. */
  onHandled(sequence: number, bytes: number): void;
  /** More of a record was handled than before, but not all of it. */
  onPartHandled(): void;
  /** All before these was taken: what is lost counts only now, since till then it stays for the next start. */
  onLost(lost: LostRecords): void;
}

/** Batches in the order of their records; each knows when its last frame was given up. */
export class RestoredBatches {
  /** Frames not taken yet, and those of records that are lost between them. */
  frames = 0;
  /** Ranges that are out. */
  #out = 0;
  #onReturned: (() => void) | undefined;
  /** Not all of which was taken; begins with a loan. */
  readonly #queue: (Loan | Gap)[] = [];
  /** Not all of which was handled, oldest first. */
  readonly #unhandled: (Loan | Gap)[] = [];
  readonly #buffers: Uint8Array[] = Array.from({ length: BUFFERS }, () => new Uint8Array());
  readonly #abandoned = new WeakSet<Uint8Array>();
  readonly #listener: RestoredListener;

  constructor(listener: RestoredListener) {
    this.#listener = listener;
  }

  /** {@linkcode takeBuffer} would give one. */
  get hasBuffer(): boolean {
    return this.#buffers.length > 0;
  }

  /** Takes a buffer to read into. */
  takeBuffer(): Uint8Array {
    // INVARIANT: whoever takes one has seen that there is one.
    return this.#buffers.pop()!;
  }

  /** Gives a buffer back. */
  freeBuffer(buffer: Uint8Array): void {
    this.#buffers.push(this.#abandoned.has(buffer) ? new Uint8Array() : buffer);
  }

  /** Queues a batch. */
  push(batch: RestoredBatch): void {
    const { store, bytes, payloadBytes, buffer, handledFrames } = batch;
    const { buffer: memory } = buffer;
    if (memory instanceof SharedArrayBuffer) {
      rooms.set(store, { memory, bytes: payloadBytes, abandon: () => this.#abandoned.add(buffer) });
    }
    const { sequence, end } = lastOf(batch);
    const loan = { batch, first: handledFrames, ranges: [], handledFrames };
    this.#queued({ ...loan, sequence, bytes, references: 1, failed: false }, end - handledFrames);
  }

  /** Queues what there is in place of batches. */
  pushLost(lost: LostRecords): void {
    const { sequence } = lost;
    this.#queued({ lost, sequence, bytes: 0, references: 1, failed: false }, lost.frames);
    this.#passLost();
  }

  /** Takes up to `most` frames of the oldest batch. */
  take(most: number): FrameRange | undefined {
    const loan = this.#queue[0];
    if (loan === undefined || "lost" in loan) return undefined;
    const { store } = loan.batch;
    const frames = lastOf(loan.batch).end;
    const first = loan.first;
    const end = Math.min(frames, first + most);
    this.frames -= end - first;
    loan.first = end;
    const range = { end, handled: false };
    loan.ranges.push(range);
    loan.references += 1;
    this.#out += 1;
    if (end === frames) {
      this.#queue.shift();
      this.#release(loan, true);
      this.#passLost();
    }
    const release = (handled: boolean) => {
      range.handled = handled;
      this.#passHandled(loan);
      this.#release(loan, handled);
      this.#out -= 1;
      if (this.#out === 0) this.#onReturned?.();
    };
    return { store, first, end, release };
  }

  /** {@linkcode take} would give some. */
  get ready(): boolean {
    return this.#queue.length > 0;
  }

  /** The oldest record of which not all was taken, as far as it was. */
  get taken(): HandledPart | undefined {
    const oldest = this.#queue[0];
    if (oldest === undefined) return undefined;
    return "batch" in oldest
      ? partOf(oldest.batch, oldest.first)
      : { sequence: oldest.sequence, handledFrames: 0 };
  }

  /** The oldest record of which not all was handled, if some of it was. */
  get part(): HandledPart | undefined {
    const oldest = this.#unhandled[0];
    if (oldest === undefined || !("batch" in oldest) || oldest.handledFrames === 0) {
      return undefined;
    }
    return partOf(oldest.batch, oldest.handledFrames);
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

  #queued(entry: Loan | Gap, frames: number): void {
    this.frames += frames;
    this.#queue.push(entry);
    this.#unhandled.push(entry);
  }

  #passLost(): void {
    for (let gap; (gap = this.#queue[0]) !== undefined && "lost" in gap;) {
      this.#queue.shift();
      this.frames -= gap.lost.frames;
      this.#listener.onLost(gap.lost);
      this.#release(gap, true);
    }
  }

  /** In order, too: a range that is handled counts when all before it are. */
  #passHandled(loan: Loan): void {
    const { ranges } = loan;
    const before = loan.handledFrames;
    while (ranges[0]?.handled) loan.handledFrames = ranges.shift()!.end;
    if (loan.handledFrames > before) this.#listener.onPartHandled();
  }

  #release(entry: Loan | Gap, handled: boolean): void {
    entry.references -= 1;
    entry.failed ||= !handled;
    if (entry.references > 0) return;
    if ("batch" in entry) this.freeBuffer(entry.batch.buffer);
    // In order: what is acknowledged stands for all before it.
    for (let first; (first = this.#unhandled[0]) !== undefined;) {
      if (first.references > 0 || first.failed) return;
      this.#unhandled.shift();
      this.#listener.onHandled(first.sequence, first.bytes);
    }
  }
}

function lastOf({ records }: RestoredBatch): { sequence: number; end: number } {
  // INVARIANT: a batch is of one record at least.
  return records.at(-1)!;
}

/** How far the records are handled when the first `frames` frames of the batch are. */
function partOf({ records }: RestoredBatch, frames: number): HandledPart {
  const found = records.findIndex(({ end }) => frames < end);
  const i = found < 0 ? records.length - 1 : found;
  return { sequence: records[i].sequence, handledFrames: frames - (records[i - 1]?.end ?? 0) };
}
