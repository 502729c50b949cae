/**
 * A range of a slab's frames as the payload of a record, and back. All arrays
 * begin at multiples of 8, so they are used where they were read.
 *
 * ```text
 * 0        4      8            12                 16
 * │ frames │ base │ data bytes │ descriptor bytes │ descriptor │ columns … │
 *
 *   offsets │ lengths │ raw offsets │ raw lengths │ gaps │ data │
 *                       only where the framing stores them
 * ```
 *
 * _Data_ is what lies in the slab from the first frame's first raw byte to the
 * last one's last, written from where it is. Positions are written as they
 * are too, relative to the slab; taking `base`, where data began, off them is
 * left to the reader. The _descriptor_ is JSON: columns, and how raw positions
 * follow from the others. Where frames of other handlers lay between these, it
 * says `gaps`: data is these frames' raw bytes only, and each frame has the bytes
 * of the stream that are missing before it.
 *
 * @module
 */

import { type FrameStore, type Loan, type RawRule, SlabBatch } from "../batch.ts";
import { type Column, COLUMN_ARRAYS, type ColumnArray, type ColumnType } from "../columns.ts";
import {
  ALIGN_BYTES,
  descriptorBytes,
  PREFIX_BYTES,
  prefixOf,
  readPrefix,
  RECORD_OF_FRAMES,
  roundUp,
  textOf,
} from "./batch_head.ts";
import { SpillFormatError } from "./errors.ts";
import { PAYLOAD_BYTES_MAX, type RecordHeader, type RecordInfo, RecordKind } from "./format.ts";

const ZEROS = new Uint8Array(ALIGN_BYTES);

/** A range of frames, ready to be appended. */
export interface EncodedBatch {
  /** What is said of it; when it came is left to the caller. */
  info: Omit<RecordInfo, "timeMicros">;
  /** The payload, in views of the slab: valid as long as that is held. */
  parts: Uint8Array[];
}

/** Encodes and decodes the batches of one client. */
export class BatchCodec {
  readonly #columns: readonly Column[];
  readonly #raw: RawRule;
  readonly #names: readonly string[];
  readonly #descriptor: Uint8Array;
  /** Made when it is needed. */
  #gapsDescriptor: Uint8Array | undefined;

  /** All batches have these columns and this rule. */
  constructor(columns: readonly Column[], raw: RawRule) {
    this.#columns = columns;
    this.#raw = raw;
    this.#names = columns.map((column) => column.name);
    this.#descriptor = descriptorBytes({ columns, raw });
  }

  /** How many of `count` frames from `first` on fit into one record; at least 1. */
  fitting(store: FrameStore, first: number, count: number, maxBytes = PAYLOAD_BYTES_MAX): number {
    const fit = (frames: number) => {
      // Of scattered frames that is more than will be written.
      const { start, end } = this.#extent(store, this.#lent(store, first, frames));
      return this.#payloadBytes(frames, end - start, hasGaps(store)) <= maxBytes;
    };
    if (fit(count)) return count;
    let [fits, tooMany] = [1, count];
    while (tooMany - fits > 1) {
      const middle = fits + tooMany >> 1;
      if (fit(middle)) fits = middle;
      else tooMany = middle;
    }
    return fits;
  }

  /**
   * Frames `first` to `first + count` of a slab. Nothing is copied, unless frames
   * of others lie between them. Where other threads can write the slab, what they
   * wrote is found when it is decoded.
   */
  encode(store: FrameStore, first: number, count: number): EncodedBatch {
    const batch = this.#lent(store, first, count);
    if (store.scattered) return this.encode(batch.gathered().loan.store, 0, count);
    const { start, end } = this.#extent(store, batch);
    const descriptor = this.#descriptorOf(hasGaps(store));
    const prefix = prefixOf(count, start, end - start, descriptor);
    const parts = [prefix, ...padded(descriptor)];
    for (const array of this.#arraysOf(store)) {
      const range = array.subarray(first, first + count);
      parts.push(...padded(new Uint8Array(range.buffer, range.byteOffset, range.byteLength)));
    }
    parts.push(store.bytes.subarray(start, end));
    return {
      info: {
        kind: RecordKind.batch,
        epoch: store.epoch,
        streamOffset: store.streamOffset + start + (store.gaps?.[first] ?? 0),
        frameCount: count,
      },
      parts,
    };
  }

  /**
   * The frames of a record, all of them from 0 on. They lie in `payload`, which
   * is changed, unless it does not begin at a multiple of 8. Throws a
   * `SpillFormatError` for a payload that is none, or of other columns.
   */
  decode(header: RecordHeader, payload: Uint8Array): FrameStore {
    const aligned = payload.byteOffset % ALIGN_BYTES === 0 ? payload : payload.slice();
    const { frames, base, dataBytes, descriptor } = readPrefix(aligned);
    if (frames !== header.frameCount) {
      throw new SpillFormatError(RECORD_OF_FRAMES, `${header.frameCount} frames`, `${frames}`);
    }
    const gaps = !equal(descriptor, this.#descriptor);
    if (gaps && !equal(descriptor, this.#descriptorOf(true))) {
      throw new SpillFormatError(RECORD_OF_FRAMES, textOf(this.#descriptor), textOf(descriptor));
    }
    const expected = this.#payloadBytes(frames, dataBytes, gaps);
    if (aligned.length !== expected) {
      throw new SpillFormatError(RECORD_OF_FRAMES, `${expected} bytes`, `${aligned.length}`);
    }
    const store = this.#storeOf(header, aligned, { frames, dataBytes, gaps });
    rebase(store.offsets, store.lengths, base, dataBytes);
    if (store.gaps !== undefined) subtract(store.gaps, store.gaps[0]);
    if (this.#raw.storesRaw) rebase(store.rawOffsets, store.rawLengths, base, dataBytes);
    return store;
  }

  /** The frames of a payload that another isolate has decoded where it lies, which begins at a multiple of 8. */
  attach(at: Pick<RecordHeader, "streamOffset" | "epoch">, payload: Uint8Array): FrameStore {
    const { frames, dataBytes, descriptor } = readPrefix(payload);
    const gaps = !equal(descriptor, this.#descriptor);
    return this.#storeOf(at, payload, { frames, dataBytes, gaps });
  }

  /**
   * The frames of several stores of one connection, one behind the other, as
   * {@linkcode attach} finds them in the memory that `place` gives for so many bytes.
   */
  join(stores: readonly FrameStore[], place: (bytes: number) => Uint8Array): FrameStore {
    const [oldest] = stores;
    let [frames, dataBytes, hasGaps] = [0, 0, false];
    for (const { streamOffset, gaps, offsets, bytes } of stores) {
      hasGaps ||= gaps !== undefined || streamOffset !== oldest.streamOffset + dataBytes;
      frames += offsets.length;
      dataBytes += bytes.length;
    }
    const descriptor = this.#descriptorOf(hasGaps);
    const payload = place(this.#payloadBytes(frames, dataBytes, hasGaps));
    payload.set(prefixOf(frames, 0, dataBytes, descriptor));
    payload.set(descriptor, PREFIX_BYTES);
    const joined = this.#storeOf(oldest, payload, { frames, dataBytes, gaps: hasGaps });
    let [frame, position] = [0, 0];
    for (const store of stores) {
      this.#copy(store, joined, frame, position);
      frame += store.offsets.length;
      position += store.bytes.length;
    }
    return joined;
  }

  /** What `payload` says of itself, if that is not what this codec's batches say. */
  stranger(payload: Uint8Array): string | undefined {
    const { descriptor } = readPrefix(payload);
    const known = [false, true].some((gaps) => equal(descriptor, this.#descriptorOf(gaps)));
    return known ? undefined : textOf(descriptor);
  }

  #storeOf(
    at: Pick<RecordHeader, "streamOffset" | "epoch">,
    payload: Uint8Array,
    { frames, dataBytes, gaps: hasGaps }: { frames: number; dataBytes: number; gaps: boolean },
  ): FrameStore {
    const { buffer } = payload;
    let position = payload.byteOffset + PREFIX_BYTES +
      roundUp(this.#descriptorOf(hasGaps).length);
    const take = <T>(array: ArrayOf<T>): T => {
      const taken = new array(buffer, position, frames);
      position += roundUp(frames * array.BYTES_PER_ELEMENT);
      return taken;
    };
    const columns = this.#columns.map(({ type }) => take<ColumnArray>(COLUMN_ARRAYS[type]));
    const offsets = take<Uint32Array>(Uint32Array);
    const lengths = take<Uint32Array>(Uint32Array);
    const rawOffsets = this.#raw.storesRaw ? take<Uint32Array>(Uint32Array) : offsets;
    const rawLengths = this.#raw.storesRaw ? take<Uint32Array>(Uint32Array) : lengths;
    const gaps = hasGaps ? take<Uint32Array>(Uint32Array) : undefined;
    return {
      bytes: new Uint8Array(buffer, position, dataBytes),
      view: new DataView(buffer, position, dataBytes),
      offsets,
      lengths,
      rawOffsets,
      rawLengths,
      columns,
      streamOffset: at.streamOffset,
      epoch: at.epoch,
      scattered: false,
      gaps,
    };
  }

  /** Copies all of `store` to where frame `frame` and byte `position` of the data are in `joined`. */
  #copy(store: FrameStore, joined: FrameStore, frame: number, position: number): void {
    const end = frame + store.offsets.length;
    joined.bytes.set(store.bytes, position);
    const arrays = this.#arraysOf(joined);
    this.#arraysOf(store).forEach((values, i) => arrays[i].set(values as never, frame));
    subtract(joined.offsets.subarray(frame, end), -position);
    if (this.#raw.storesRaw) subtract(joined.rawOffsets.subarray(frame, end), -position);
    if (joined.gaps === undefined) return;
    if (store.gaps === undefined) joined.gaps.fill(0, frame, end);
    const missing = store.streamOffset - joined.streamOffset - position;
    subtract(joined.gaps.subarray(frame, end), -missing);
  }

  /** The frames as a batch sees them, however it finds out where they lie. */
  #lent(store: FrameStore, first: number, count: number): SlabBatch {
    const batch = new SlabBatch(store, this.#names, this.#raw);
    batch.lend(first, count, 0);
    return batch;
  }

  /** Where they lie in the slab. Another thread may have overwritten the index; a record has to be one all the same. */
  #extent(store: FrameStore, batch: SlabBatch): { start: number; end: number } {
    const { start, end } = batch.extent;
    const limit = store.bytes.length;
    const first = clamp(start, 0, limit);
    return { start: first, end: clamp(end, first, limit) };
  }

  #descriptorOf(gaps: boolean): Uint8Array {
    if (!gaps) return this.#descriptor;
    return this.#gapsDescriptor ??= descriptorBytes({
      columns: this.#columns,
      raw: this.#raw,
      gaps,
    });
  }

  #arraysOf(store: FrameStore): readonly ColumnArray[] {
    const { columns, offsets, lengths, rawOffsets, rawLengths, gaps } = store;
    const raw = this.#raw.storesRaw ? [rawOffsets, rawLengths] : [];
    return [...columns, offsets, lengths, ...raw, ...(gaps === undefined ? [] : [gaps])];
  }

  #payloadBytes(frames: number, dataBytes: number, gaps: boolean): number {
    const widths = this.#columns.map(({ type }) => COLUMN_ARRAYS[type].BYTES_PER_ELEMENT);
    const index = this.#raw.storesRaw ? [4, 4, 4, 4] : [4, 4];
    if (gaps) index.push(4);
    const arrays = [...widths, ...index].reduce((sum, width) => sum + roundUp(frames * width), 0);
    return PREFIX_BYTES + roundUp(this.#descriptorOf(gaps).length) + arrays + dataBytes;
  }
}

/** The codec for a batch that is on loan. Where in a frame its columns' values were found it does not know. */
export function codecOf({ store, names, raw }: Loan): BatchCodec {
  const columns = names.map((name, i) => ({ name, type: typeOf(store.columns[i]), at: 0 }));
  return new BatchCodec(columns, raw);
}

const TYPES: readonly ColumnType[] = Object.keys(COLUMN_ARRAYS) as ColumnType[];

function typeOf(values: ColumnArray): ColumnType {
  // INVARIANT: columns are arrays of these types.
  return TYPES.find((type) => values instanceof COLUMN_ARRAYS[type])!;
}

interface ArrayOf<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, offset: number, length: number): T;
}

/** Makes positions in the slab positions in the data. */
function rebase(
  offsets: Uint32Array,
  lengths: Uint32Array,
  base: number,
  dataBytes: number,
): void {
  for (let i = 0; i < offsets.length; i++) {
    const offset = offsets[i] - base;
    if (offset < 0 || offset + lengths[i] > dataBytes) {
      const end = base + dataBytes;
      const actual = `${offsets[i]} to ${offsets[i] + lengths[i]}`;
      throw new SpillFormatError(RECORD_OF_FRAMES, `frame ${i} between ${base} and ${end}`, actual);
    }
    offsets[i] = offset;
  }
}

/** Makes them count from `base` on. */
function subtract(numbers: Uint32Array, base: number): void {
  for (let i = 0; i < numbers.length; i++) numbers[i] -= base;
}

function hasGaps({ scattered, gaps }: FrameStore): boolean {
  return scattered || gaps !== undefined;
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}

function padded(bytes: Uint8Array): Uint8Array[] {
  const zeros = roundUp(bytes.length) - bytes.length;
  return zeros === 0 ? [bytes] : [bytes, ZEROS.subarray(0, zeros)];
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
