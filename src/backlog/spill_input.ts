/**
 * The way back from disk: records are read ahead into two buffers, handed out in
 * order, and acknowledged when their last frame is given up.
 *
 * @module
 */

import { SpillFormatError } from "../spill/errors.ts";
import { findingSentence } from "../spill/finding.ts";
import { type RecordHeader, RecordKind } from "../spill/format.ts";
import type { RecordReader } from "../spill/record_store.ts";
import type { SyncResult } from "../spill/result.ts";
import type { BacklogCounts, FrameRange, SpillEvent } from "./backlog.ts";
import { Refusal } from "./refusal.ts";
import { RestoredBatches } from "./restored.ts";
import { RETRY_MS, type SpillParts } from "./spill_parts.ts";

/** After so many refusals in a row a record is given up as lost: a feed must not wait for a bad sector for ever. */
const READ_ATTEMPTS = 10;
/** Room is allocated in steps, so that records of about one size use one buffer. */
const ROOM_STEP_BYTES = 64 * 1024;

/** Reads what a spill backlog has on disk. */
export class SpillInput {
  /** Records a process that died left here: how many frames they have is not known before they are read. */
  recoverable: number;
  readonly #parts: Pick<
    SpillParts,
    "store" | "codec" | "cursor" | "segmentBytes" | "sharedMemory" | "tell"
  >;
  readonly #counts: BacklogCounts;
  readonly #onRead: () => void;
  readonly #reader: RecordReader;
  readonly #restored: RestoredBatches;
  readonly #readRefusal: Refusal<SpillEvent>;
  readonly #syncRefusal: Refusal<SpillEvent>;
  /** Frames of each record written by this process and not yet read, oldest first. */
  readonly #unread: number[] = [];
  #unreadFrames = 0;
  #handledBytes = 0;
  #reading: Promise<void> | undefined;
  #syncing: Promise<void> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #failing = false;
  /** Refusals in a row. */
  #failures = 0;
  /** What was on disk was dropped and counted. */
  #cleared = false;
  #closed = false;
  /** Nothing is acknowledged any more. */
  #over = false;
  readonly #onHandled: () => void;

  /**
   * `onRead` is called when frames have become available, or room on disk;
   * `onHandled` when all of a record was handled.
   */
  constructor(
    parts: SpillParts,
    counts: BacklogCounts,
    onRead: () => void,
    onHandled: () => void = () => {},
  ) {
    this.#onHandled = onHandled;
    this.#parts = parts;
    this.#counts = counts;
    this.#onRead = onRead;
    this.#readRefusal = new Refusal(parts.tell);
    this.#syncRefusal = new Refusal(parts.tell);
    this.#reader = parts.store.reader(parts.next);
    this.recoverable = parts.store.last.sequence - this.#reader.sequence + 1;
    this.#restored = new RestoredBatches((sequence, bytes) => this.#handled(sequence, bytes));
    const records = this.recoverable;
    if (records > 0) parts.tell({ type: "spill_recovered", records });
  }

  /** Frames on disk and read back, as far as they are known. */
  get frames(): number {
    return this.#restored.frames + this.#unreadFrames;
  }

  /** Nothing is on disk that was not handed out. */
  get empty(): boolean {
    return this.recoverable === 0 && this.#unread.length === 0 && this.#restored.frames === 0;
  }

  /** {@linkcode take} would give some. */
  get ready(): boolean {
    return this.#restored.frames > 0;
  }

  /** A record of `frames` frames was written. */
  appended(frames: number): void {
    this.#unread.push(frames);
    this.#unreadFrames += frames;
  }

  /** Takes up to `most` of the oldest frames that were read back. */
  take(most: number): FrameRange | undefined {
    return this.#restored.take(most);
  }

  /** Reads ahead, if there is something to read and a buffer for it. */
  read(): void {
    const nothing = this.recoverable === 0 && this.#unread.length === 0;
    if (nothing || this.#closed || this.#failing || this.#reading !== undefined) return;
    const buffer = this.#restored.takeBuffer();
    if (buffer === undefined) return;
    this.#reading = this.#readOne(buffer).finally(() => {
      this.#reading = undefined;
      this.read();
      this.#onRead();
    });
  }

  /**
   * Drops what was not handed out; returns how many frames that were. While
   * nobody knows how many a dead process left, nothing is dropped: all that is on
   * disk comes back at the next start, and counts as waiting until then.
   */
  clear(): number {
    if (this.recoverable > 0) return 0;
    this.#cleared = true;
    const dropped = this.#restored.clear() + this.#unreadFrames;
    this.#unread.length = 0;
    this.#unreadFrames = 0;
    return dropped;
  }

  /** Ends reading; what is out may still be handled. */
  async stop(): Promise<void> {
    this.#closed = true;
    await this.#reading;
    clearTimeout(this.#retry);
    await this.#syncing;
    this.#reader[Symbol.dispose]();
  }

  /** What was dropped and counted is not to come back, and neither is what was handed out. */
  passDropped(): void {
    const { store, cursor } = this.#parts;
    const { epoch, sequence } = store.last;
    const handledSequence = this.#cleared ? sequence : this.#restored.takenSequence;
    store.acknowledge(cursor, { epoch, sequence: handledSequence });
  }

  /** A batch is out. */
  get lent(): boolean {
    return this.#restored.lent;
  }

  /** Resolves when no batch is out. */
  returned(): Promise<void> {
    return this.#restored.returned();
  }

  /** Puts what was acknowledged on disk, for good. */
  async end(): Promise<void> {
    this.#over = true;
    this.#told(await this.#parts.store.sync());
  }

  async #readOne(buffer: Uint8Array): Promise<void> {
    let room = buffer;
    const result = await this.#reader.next((bytes) => {
      if (room.length < bytes) {
        // At least twice the last: a worker that is told of each keeps them all.
        const whole = Math.ceil(bytes / ROOM_STEP_BYTES) * ROOM_STEP_BYTES;
        room = this.#newRoom(Math.max(whole, 2 * room.length));
      }
      return room.subarray(0, bytes);
    });
    if (result.type === "record") {
      this.#readRefusal.worked();
      this.#failures = 0;
      this.#restore(result.header, result.payload, room);
      return;
    }
    this.#restored.freeBuffer(room);
    switch (result.type) {
      case "lost":
        return this.#lose(result.finding.records, findingSentence(result.finding));
      case "end":
        // Only if somebody else removed files.
        return this.#lose(
          this.recoverable + this.#unread.length,
          "the directory has fewer records than were written to it",
        );
      case "failed":
        this.#readRefusal.refused({ type: "spill_failed", error: result.error });
        this.#failures += 1;
        if (this.#failures === READ_ATTEMPTS) {
          this.#failures = 0;
          this.#reader.skip();
          return this.#lose(1, result.error.message);
        }
        this.#failing = true;
        this.#retry = setTimeout(() => {
          this.#failing = false;
          this.read();
        }, RETRY_MS);
    }
  }

  #newRoom(bytes: number): Uint8Array {
    return new Uint8Array(
      this.#parts.sharedMemory ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes),
    );
  }

  #restore(header: RecordHeader, payload: Uint8Array, buffer: Uint8Array): void {
    const { frameCount: frames, sequence } = header;
    if (this.#cleared) return this.#restored.freeBuffer(buffer);
    try {
      if (header.kind !== RecordKind.batch) {
        throw new SpillFormatError(`record ${sequence}`, "a batch", "a recorded chunk");
      }
      const store = this.#parts.codec.decode(header, payload);
      if (this.recoverable > 0) this.#counts.recovered += frames;
      this.#takeUnread();
      this.#restored.push({ store, frames, sequence, buffer, bytes: header.payloadBytes });
    } catch (error) {
      if (!(error instanceof SpillFormatError)) throw error;
      this.#restored.freeBuffer(buffer);
      if (this.recoverable > 0) this.#counts.recovered += frames;
      this.#lose(1, error.message, frames);
    }
  }

  /** `known` frames are in a record of a dead process that was read, and could not be used. */
  #lose(records: number, message: string, known = 0): void {
    let frames = this.recoverable > 0 ? known : 0;
    for (let i = 0; i < records; i++) frames += this.#takeUnread();
    this.#counts.lostRecords += records;
    this.#counts.lost += frames;
    this.#parts.tell({ type: "spill_lost", records, frames, message });
  }

  /** The next record is not unread any more; returns its frames, as far as they were known. */
  #takeUnread(): number {
    if (this.recoverable > 0) {
      this.recoverable -= 1;
      return 0;
    }
    const frames = this.#unread.shift() ?? 0;
    this.#unreadFrames -= frames;
    return frames;
  }

  #told(result: SyncResult): void {
    if (result.type === "synced") this.#syncRefusal.worked();
    else this.#syncRefusal.refused({ type: "spill_failed", error: result.error });
  }

  #handled(sequence: number, bytes: number): void {
    const { store, cursor } = this.#parts;
    if (this.#over) return;
    store.acknowledge(cursor, { epoch: store.last.epoch, sequence });
    this.#onHandled();
    if (this.#closed) return;
    this.#handledBytes += bytes;
    this.read();
    if (this.#handledBytes >= this.#parts.segmentBytes) this.sync();
  }

  /** Puts the acknowledged position on disk, and what that has passed is deleted. */
  sync(): Promise<void> {
    this.#handledBytes = 0;
    return this.#syncing ??= this.#parts.store.sync().then((result) => {
      this.#syncing = undefined;
      this.#told(result);
      if (!this.#closed) this.#onRead();
    });
  }
}
