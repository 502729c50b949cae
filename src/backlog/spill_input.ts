/**
 * The way back from disk: records are read ahead, handed out in order, small ones
 * together, and acknowledged when their last frame is given up. What becomes of a
 * record is told by its sequence, so that none counts twice:
 *
 * ```text
 *   … handed out │ restored │ of a process that died │ unread, of this one │ being written …
 *              oldest     next                      own                   end
 * ```
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
import { ReadAhead } from "./read_ahead.ts";
import type { HandledPart, LostRecords } from "./restored.ts";
import { RETRY_MS, type SpillParts } from "./spill_parts.ts";

/** After so many refusals in a row a record is given up as lost: a feed must not wait for a bad sector for ever. */
const READ_ATTEMPTS = 10;

/** Reads what a spill backlog has on disk. */
export class SpillInput {
  readonly #parts: Pick<
    SpillParts,
    | "store"
    | "codec"
    | "cursor"
    | "next"
    | "handledFrames"
    | "segmentBytes"
    | "sharedMemory"
    | "tell"
  >;
  readonly #counts: BacklogCounts;
  readonly #onRead: () => void;
  readonly #reader: RecordReader;
  readonly #ahead: ReadAhead;
  readonly #readRefusal: Refusal<SpillEvent>;
  readonly #syncRefusal: Refusal<SpillEvent>;
  /** Sequences: of the next record, of this process's first one, and behind the last that is known to be there. */
  #next: number;
  readonly #own: number;
  #end: number;
  /** Frames of each record written by this process and not yet read, oldest first. */
  readonly #unread: number[] = [];
  #unreadFrames = 0;
  /** Damage may go beyond what is known to be there: records that were just written, up to before `to`. */
  #damage: { to: number; message: string } | undefined;
  #handledBytes = 0;
  #reading: Promise<void> | undefined;
  #syncing: Promise<boolean> | undefined;
  /** It was asked for again since it began. */
  #syncAgain = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #failing = false;
  /** Refusals in a row. */
  #failures = 0;
  #closed = false;
  /** Nothing is acknowledged any more. */
  #over = false;
  readonly #onHandled: () => void;

  /**
   * `onRead` is called when frames have become available, or room on disk;
   * `onHandled` when more was handled than before.
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
    this.#next = this.#reader.sequence;
    this.#own = this.#end = parts.store.last.sequence + 1;
    this.#ahead = new ReadAhead(parts.codec, parts.sharedMemory, {
      onHandled: (sequence, bytes) => this.#handled(sequence, bytes),
      onPartHandled: () => this.#onHandled(),
      onLost: (lost) => this.#count(lost),
    });
    const records = this.recoverable;
    if (records > 0) parts.tell({ type: "spill_recovered", records });
  }

  /** Records a process that died left here: how many frames they have is not known before they are read. */
  get recoverable(): number {
    return Math.max(0, this.#own - this.#next);
  }

  /** Frames on disk and read back, as far as they are known. */
  get frames(): number {
    return this.#ahead.frames + this.#unreadFrames;
  }

  /** Nothing is on disk that was not handed out. */
  get empty(): boolean {
    return this.#next >= this.#end && this.#ahead.empty;
  }

  /** {@linkcode take} would give some. */
  get ready(): boolean {
    return this.#ahead.ready;
  }

  /** The next record was written, of `frames` frames. */
  appended(frames: number): void {
    this.#end += 1;
    this.#unread.push(frames);
    this.#unreadFrames += frames;
    const { to, message } = this.#damage ?? { to: 0, message: "" };
    if (this.#end <= to) this.#lose(this.#end, message);
  }

  /** Takes up to `most` of the oldest frames that were read back. */
  take(most: number): FrameRange | undefined {
    return this.#ahead.take(most);
  }

  /** Reads ahead, if there is something to read and room for it. */
  read(): void {
    const nothing = this.#next >= this.#end;
    if (nothing || this.#closed || this.#failing || this.#reading !== undefined) return;
    if (!this.#ahead.mayRead()) return;
    this.#reading = this.#readOne().finally(() => {
      this.#reading = undefined;
      this.read();
      this.#onRead();
    });
  }

  /** Drops what was not handed out; returns how many frames that were. */
  clear(): number {
    const dropped = this.frames;
    this.#ahead.clear();
    this.#unread.length = 0;
    this.#unreadFrames = 0;
    this.#next = this.#end;
    return dropped;
  }

  /** Ends reading; what is out may still be handled. */
  async stop(): Promise<void> {
    this.#closed = true;
    await this.#reading;
    clearTimeout(this.#retry);
    await this.#syncing;
    this.#reader[Symbol.dispose]();
    const records = this.recoverable;
    if (records > 0) this.#parts.tell({ type: "spill_left", records });
  }

  /**
   * Behind {@linkcode stop}: has nothing come back that was handed out, and if `all`
   * nothing that is on disk. Resolves with whether the next start will see it so.
   */
  async pass(all: boolean): Promise<boolean> {
    const taken = all ? undefined : this.#ahead.taken;
    const next = all ? this.#parts.store.last.sequence + 1 : this.#next;
    this.#acknowledge(taken ?? { sequence: next, handledFrames: 0 });
    return await this.end();
  }

  /** A batch is out. */
  get lent(): boolean {
    return this.#ahead.lent;
  }

  /** Resolves when no batch is out. */
  returned(): Promise<void> {
    return this.#ahead.returned();
  }

  /** Puts what was acknowledged on disk, for good; resolves with whether the next start will see it. */
  async end(): Promise<boolean> {
    this.#over = true;
    this.#acknowledge(this.#ahead.part);
    const result = await this.#parts.store.sync();
    this.#told(result);
    return result.type === "synced" || result.acknowledged;
  }

  async #readOne(): Promise<void> {
    const result = await this.#reader.next((bytes) => this.#ahead.place(bytes));
    if (result.type === "record") {
      this.#readRefusal.worked();
      this.#failures = 0;
      this.#restore(result.header, result.payload);
      return;
    }
    this.#ahead.giveUp();
    switch (result.type) {
      case "lost":
        return this.#lose(this.#reader.sequence, findingSentence(result.finding));
      case "end":
        // Only if somebody else removed files.
        return this.#lose(
          this.#end,
          "the directory has fewer records than were written to it",
        );
      case "failed":
        this.#readRefusal.refused({ type: "spill_failed", error: result.error });
        this.#failures += 1;
        if (this.#failures === READ_ATTEMPTS) {
          this.#failures = 0;
          this.#reader.skip();
          return this.#lose(this.#reader.sequence, result.error.message);
        }
        this.#failing = true;
        this.#retry = setTimeout(() => {
          this.#failing = false;
          this.read();
        }, RETRY_MS);
    }
  }

  #restore(header: RecordHeader, payload: Uint8Array): void {
    const { frameCount: frames, sequence, payloadBytes: bytes } = header;
    const found = sequence < this.#own;
    const { next, handledFrames: known } = this.#parts;
    // One comes again rather than none: of a whole one the cursor would say more.
    const handledFrames = sequence === next ? Math.max(0, Math.min(known, frames - 1)) : 0;
    if (found) this.#counts.recovered += frames - handledFrames;
    try {
      if (header.kind !== RecordKind.batch) {
        throw new SpillFormatError(`record ${sequence}`, "a batch", "a recorded chunk");
      }
      const store = this.#parts.codec.decode(header, payload);
      this.#goTo(sequence + 1);
      this.#ahead.add({ store, frames, handledFrames, sequence, bytes });
    } catch (error) {
      if (!(error instanceof SpillFormatError)) throw error;
      this.#ahead.giveUp();
      this.#lose(sequence + 1, error.message, found ? frames - handledFrames : 0);
    }
  }

  /** Records up to before `to` can't be read back; `found` are the frames of one that a dead process left. */
  #lose(to: number, message: string, found = 0): void {
    // Who looks at the file may see more than those who write have been told of.
    if (to > this.#end) this.#damage = { to, message };
    const known = Math.min(to, this.#end);
    const records = known - this.#next;
    const frames = found + this.#goTo(known);
    if (records > 0) this.#ahead.addLost({ sequence: known - 1, records, frames, message });
  }

  /** The next record is the one of sequence `to`; returns the frames in between, as far as they were known. */
  #goTo(to: number): number {
    const unread = this.#unread.splice(0, Math.max(0, to - Math.max(this.#next, this.#own)));
    const frames = unread.reduce((sum, count) => sum + count, 0);
    this.#next = Math.max(this.#next, to);
    this.#unreadFrames -= frames;
    return frames;
  }

  #count({ records, frames, message }: LostRecords): void {
    this.#counts.lostRecords += records;
    this.#counts.lost += frames;
    this.#parts.tell({ type: "spill_lost", records, frames, message });
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

  /** All before a record is handled, and so many frames of it. */
  #acknowledge(part: HandledPart | undefined): void {
    if (part === undefined) return;
    const { store, cursor } = this.#parts;
    store.acknowledge(cursor, { epoch: store.last.epoch, ...part, sequence: part.sequence - 1 });
  }

  /** Puts the acknowledged position on disk, and what that has passed is deleted; resolves with whether the disk did it. */
  sync(): Promise<boolean> {
    this.#handledBytes = 0;
    this.#syncAgain = true;
    return this.#syncing ??= this.#syncAll();
  }

  async #syncAll(): Promise<boolean> {
    let result: SyncResult;
    // What came since one began may be none of what it puts on disk.
    do {
      this.#syncAgain = false;
      // Within a record, too: with a slow handler one may be minutes of a feed.
      this.#acknowledge(this.#ahead.part);
      result = await this.#parts.store.sync();
      this.#told(result);
    } while (this.#syncAgain);
    this.#syncing = undefined;
    if (!this.#closed) this.#onRead();
    return result.type === "synced";
  }
}
