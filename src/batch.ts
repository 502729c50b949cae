/**
 * Batches: what a handler is given. A range of frames within one slab, without
 * an object per frame.
 *
 * @module
 */

import type { Column, ColumnArray, ColumnValues } from "./columns.ts";
import { utf8 } from "./utf8.ts";
import { FrameFields, released } from "./frame_fields.ts";
import { gatherPieces } from "./gathering.ts";
import type { Slab } from "./slab.ts";

/**
 * Frames in the order they came. Positions are relative to `bytes`; a frame's
 * number `i` runs from 0 to `count - 1`.
 *
 * **A batch is on loan.** When the handler's `batch()` returns or its promise
 * settles (in `for await`: at the next iteration) its memory is filled again:
 * accessors, `columns` and the iterator then throw a `RangeError`, and views made
 * before show other bytes. Keep {@linkcode Batch.copy} or what you read.
 *
 * @example
 * ```ts no-assert ignore
 * let sum = 0;
 * for (let i = 0; i < batch.count; i++) sum += batch.u32(i, 0);
 * ```
 */
export interface Batch<C extends readonly Column[] = readonly Column[]> {
  /** Number of frames, at least 1. */
  readonly count: number;
  /** Frames that wait behind this batch; 0: all there is has been handed out, a good moment to flush. */
  readonly pending: number;
  /** Which connection the frames came from: 1, 2, …, with `spillTo()` or `journalTo()` from behind the last one in the directory. */
  readonly epoch: number;
  /** The memory frames lie in. */
  readonly bytes: Uint8Array;
  /** Where each frame begins in `bytes`. */
  readonly offsets: Uint32Array;
  /** Length of each frame in bytes. */
  readonly lengths: Uint32Array;
  /** Declared columns as typed arrays, one value a frame; frames too short have 0, or NaN for floats. */
  readonly columns: ColumnValues<C>;
  /** Unsigned byte of frame `i` at offset `at`. Accessors throw a `RangeError` behind the frame's end. */
  u8(i: number, at: number): number;
  /** Signed byte. */
  i8(i: number, at: number): number;
  /** Unsigned 16-bit integer, big-endian unless `littleEndian`. */
  u16(i: number, at: number, littleEndian?: boolean): number;
  /** Signed 16-bit integer. */
  i16(i: number, at: number, littleEndian?: boolean): number;
  /** Unsigned 32-bit integer. */
  u32(i: number, at: number, littleEndian?: boolean): number;
  /** Signed 32-bit integer. */
  i32(i: number, at: number, littleEndian?: boolean): number;
  /** Unsigned 64-bit integer. */
  u64(i: number, at: number, littleEndian?: boolean): bigint;
  /** Signed 64-bit integer. */
  i64(i: number, at: number, littleEndian?: boolean): bigint;
  /** 32-bit float. */
  f32(i: number, at: number, littleEndian?: boolean): number;
  /** 64-bit float. */
  f64(i: number, at: number, littleEndian?: boolean): number;
  /** View of frame `i`: costs an object, about 60 ns. */
  frame(i: number): Uint8Array;
  /** Frame `i` as UTF-8; wrong bytes become U+FFFD. */
  text(i: number): string;
  /** Offset of the frame's first raw byte (header and escapes included) in the connection's stream, from 0 behind what the handshake read. */
  streamOffset(i: number): number;
  /** Bytes the frame took in the stream. */
  rawLength(i: number): number;
  /** The same frames in memory of their own, valid for good. */
  copy(): Batch<C>;
  /** Views of all frames: comfort at the price of an object a frame (16 against 56 million frames/s). */
  [Symbol.iterator](): IterableIterator<Uint8Array>;
}

const CARRIAGE_RETURN = 13;

/** Where a batch's frames lie: a slab, or a copy of what is needed of one. */
export interface FrameStore extends
  Pick<
    Slab,
    | "bytes"
    | "view"
    | "offsets"
    | "lengths"
    | "rawOffsets"
    | "rawLengths"
    | "columns"
    | "streamOffset"
    | "epoch"
    | "scattered"
  > {
  /** Bytes of the stream that lay before each frame and are not here; none are missing if there is none. */
  readonly gaps?: Uint32Array | undefined;
}

/** How raw positions follow from the index. */
export interface RawRule {
  /** The framing stores them. */
  storesRaw: boolean;
  /** Else: bytes cut from the front of each frame. */
  strippedBytes: number;
  /** And bytes cut from its end: of a delimiter, or of a line's end, which the bytes themselves tell. */
  delimiterBytes: number | "line_end";
}

/** What a batch shows, for who takes it to another process. */
export interface Loan {
  /** Where the frames lie. */
  store: FrameStore;
  /** Number of the first one there. */
  first: number;
  /** Names of the store's columns. */
  names: readonly string[];
  /** How raw positions follow from the index. */
  raw: RawRule;
}

/** Columns by name, in objects of one shape. */
class ColumnSet {
  [name: string]: ColumnArray;
}
// A column may have any name, also one that all objects have.
Object.setPrototypeOf(ColumnSet.prototype, null);

/** The only implementation of {@linkcode Batch}. */
export class SlabBatch extends FrameFields implements Batch {
  pending = 0;
  readonly #store: FrameStore;
  readonly #raw: RawRule;
  readonly #names: readonly string[];
  #first = 0;
  #columns: ColumnSet | undefined;

  constructor(store: FrameStore, names: readonly string[], raw: RawRule) {
    super(store.view);
    this.#store = store;
    this.#names = names;
    this.#raw = raw;
  }

  /** Lends frames `first` to `first + count` of the slab. */
  lend(first: number, count: number, pending: number): void {
    this.#first = first;
    this.pending = pending;
    const { offsets, lengths } = this.#store;
    const end = first + count;
    this.setIndex(offsets.subarray(first, end), lengths.subarray(first, end));
    this.#columns = undefined;
  }

  override revoke(): void {
    super.revoke();
    this.#columns = undefined;
  }

  /** What is lent, while it is. */
  get loan(): Loan {
    return { store: this.#store, first: this.#first, names: this.#names, raw: this.#raw };
  }

  get epoch(): number {
    return this.#store.epoch;
  }

  get bytes(): Uint8Array {
    return this.#store.bytes;
  }

  // deno-lint-ignore no-explicit-any -- the names are known to the type parameter of Batch only
  get columns(): any {
    if (this.#columns === undefined) {
      if (this.isReleased) throw released();
      this.#columns = new ColumnSet();
      for (let i = 0; i < this.#names.length; i++) {
        this.#columns[this.#names[i]] = this.#store.columns[i].subarray(
          this.#first,
          this.#first + this.count,
        );
      }
    }
    return this.#columns;
  }

  frame(i: number): Uint8Array {
    const offset = this.offsetOf(i);
    return this.#store.bytes.subarray(offset, offset + this.lengths[i]);
  }

  text(i: number): string {
    const frame = this.frame(i);
    // Not every runtime decodes what another thread may change meanwhile.
    return utf8.decode(frame.buffer instanceof ArrayBuffer ? frame : frame.slice());
  }

  streamOffset(i: number): number {
    const { streamOffset, gaps } = this.#store;
    const offset = streamOffset + this.#rawOffset(i);
    return gaps === undefined ? offset : offset + gaps[this.#first + i];
  }

  rawLength(i: number): number {
    const offset = this.offsetOf(i);
    const { storesRaw, strippedBytes, delimiterBytes } = this.#raw;
    if (storesRaw) return this.#store.rawLengths[this.#first + i];
    const behind = delimiterBytes === "line_end"
      ? this.#lineEnd(offset + this.lengths[i])
      : delimiterBytes;
    return strippedBytes + this.lengths[i] + behind;
  }

  copy(): Batch {
    if (this.isReleased) throw released();
    const store = this.#store;
    if (store.scattered) return this.gathered();
    const { start, end } = this.extent;
    const bytes = store.bytes.slice(start, end);
    const moved = (index: Uint32Array) => this.#cut(index).map((offset) => offset - start);
    return this.#copied(
      bytes,
      moved,
      store.streamOffset + start,
      store.gaps && this.#cut(store.gaps),
    );
  }

  /** A copy without the bytes between the frames. */
  gathered(): SlabBatch {
    const store = this.#store;
    const starts = new Uint32Array(this.count);
    const ends = new Uint32Array(this.count);
    for (let i = 0; i < this.count; i++) {
      starts[i] = this.#start(i);
      ends[i] = this.#end(i);
    }
    const { bytes, moved } = gatherPieces(store.bytes, starts, ends);
    const near = (index: Uint32Array) => this.#cut(index).map((offset, i) => offset - moved[i]);
    return this.#copied(bytes, near, store.streamOffset, moved);
  }

  /** Where the raw bytes of all frames begin and end, others between them included. */
  get extent(): { start: number; end: number } {
    return { start: this.#start(0), end: this.#end(this.count - 1) };
  }

  *[Symbol.iterator](): IterableIterator<Uint8Array> {
    for (let i = 0; i < this.count; i++) yield this.frame(i);
  }

  /** Length of the line end at `end`: `\n` or `\r\n`. */
  #lineEnd(end: number): number {
    return this.#store.bytes[end] === CARRIAGE_RETURN ? 2 : 1;
  }

  /** Where the first byte of frame `i` lies, raw or not. */
  #start(i: number): number {
    return Math.min(this.#rawOffset(i), this.offsets[i]);
  }

  /** And where its last one ends. */
  #end(i: number): number {
    return Math.max(
      this.#rawOffset(i) + this.rawLength(i),
      this.offsets[i] + this.lengths[i],
    );
  }

  #cut<T extends ColumnArray>(index: T): T {
    return index.slice(this.#first, this.#first + this.count) as T;
  }

  #copied(
    bytes: Uint8Array<ArrayBuffer>,
    moved: (index: Uint32Array) => Uint32Array,
    streamOffset: number,
    gaps: Uint32Array | undefined,
  ): SlabBatch {
    const store = this.#store;
    const copy = new SlabBatch(
      {
        bytes,
        view: new DataView(bytes.buffer),
        offsets: moved(store.offsets),
        lengths: this.#cut(store.lengths),
        rawOffsets: moved(store.rawOffsets),
        rawLengths: this.#cut(store.rawLengths),
        columns: store.columns.map((column) => this.#cut(column)),
        streamOffset,
        epoch: store.epoch,
        scattered: false,
        gaps,
      },
      this.#names,
      this.#raw,
    );
    copy.lend(0, this.count, this.pending);
    return copy;
  }

  #rawOffset(i: number): number {
    const offset = this.offsetOf(i);
    return this.#raw.storesRaw
      ? this.#store.rawOffsets[this.#first + i]
      : offset - this.#raw.strippedBytes;
  }
}
