/**
 * A range of a slab's frames as the payload of a record, and back. All arrays
 * begin at multiples of 8, so they are used where they were read.
 *
 * ```text
 * 0        4      8            12                 16
 * │ frames │ base │ data bytes │ descriptor bytes │ descriptor │ columns … │
 *
 *   offsets │ lengths │ raw offsets │ raw lengths │ data │
 *                       only where the framing stores them
 * ```
 *
 * _Data_ is what lies in the slab from the first frame's first raw byte to the
 * last one's last, written from where it is. Positions are written as they
 * are too, relative to the slab; taking `base`, where data began, off them is
 * left to the reader. The _descriptor_ is JSON: columns, and how raw positions
 * follow from the others.
 *
 * @module
 */

import { type FrameStore, type Loan, type RawRule, SlabBatch } from "../batch.ts";
import { type Column, COLUMN_ARRAYS, type ColumnArray, type ColumnType } from "../columns.ts";
import { SpillFormatError } from "./errors.ts";
import { PAYLOAD_BYTES_MAX, type RecordHeader, type RecordInfo, RecordKind } from "./format.ts";

const PREFIX_BYTES = 16;
const ALIGN_BYTES = 8;
const ZEROS = new Uint8Array(ALIGN_BYTES);

/** A range of frames, ready to be appended. */
export interface EncodedBatch {
  /** What is said of it; when it came is left to the caller. */
  info: Omit<RecordInfo, "timeMicros">;
  /** The payload, in views of the slab: valid as long as that is held. */
  parts: Uint8Array[];
}

/** What a batch's payload says of itself. */
export interface BatchDescriptor {
  /** The declared columns. */
  columns: readonly Column[];
  /** How raw positions follow from the index. */
  raw: RawRule;
}

/** Encodes and decodes the batches of one client. */
export class BatchCodec {
  readonly #columns: readonly Column[];
  readonly #raw: RawRule;
  readonly #names: readonly string[];
  readonly #descriptor: Uint8Array;

  /** All batches have these columns and this rule. */
  constructor(columns: readonly Column[], raw: RawRule) {
    this.#columns = columns;
    this.#raw = raw;
    this.#names = columns.map((column) => column.name);
    this.#descriptor = descriptorBytes({ columns, raw });
  }

  /** How many of `count` frames from `first` on fit into one record; at least 1. */
  fitting(store: FrameStore, first: number, count: number, maxBytes = PAYLOAD_BYTES_MAX): number {
    let [fits, tooMany] = [1, count + 1];
    while (tooMany - fits > 1) {
      const middle = fits + tooMany >> 1;
      const { start, end } = this.#extent(store, first, middle);
      if (this.#payloadBytes(middle, end - start) <= maxBytes) fits = middle;
      else tooMany = middle;
    }
    return fits;
  }

  /**
   * Frames `first` to `first + count` of a slab. Nothing is copied. Where other
   * threads can write the slab, what they wrote is found when it is decoded.
   */
  encode(store: FrameStore, first: number, count: number): EncodedBatch {
    const { start, end } = this.#extent(store, first, count);
    const prefix = new Uint32Array([count, start, end - start, this.#descriptor.length]);
    const parts = [new Uint8Array(prefix.buffer), ...padded(this.#descriptor)];
    for (const array of this.#arraysOf(store)) {
      const range = array.subarray(first, first + count);
      parts.push(...padded(new Uint8Array(range.buffer, range.byteOffset, range.byteLength)));
    }
    parts.push(store.bytes.subarray(start, end));
    return {
      info: {
        kind: RecordKind.batch,
        epoch: store.epoch,
        streamOffset: store.streamOffset + start,
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
      throw new SpillFormatError(WHERE, `${header.frameCount} frames`, `${frames}`);
    }
    if (!equal(descriptor, this.#descriptor)) {
      throw new SpillFormatError(WHERE, textOf(this.#descriptor), textOf(descriptor));
    }
    const expected = this.#payloadBytes(frames, dataBytes);
    if (aligned.length !== expected) {
      throw new SpillFormatError(WHERE, `${expected} bytes`, `${aligned.length}`);
    }
    const store = this.#storeOf(header, aligned, frames, dataBytes);
    rebase(store.offsets, store.lengths, base, dataBytes);
    if (this.#raw.storesRaw) rebase(store.rawOffsets, store.rawLengths, base, dataBytes);
    return store;
  }

  /** The frames of a payload that another isolate has decoded where it lies, which begins at a multiple of 8. */
  attach(at: Pick<RecordHeader, "streamOffset" | "epoch">, payload: Uint8Array): FrameStore {
    const { frames, dataBytes } = readPrefix(payload);
    return this.#storeOf(at, payload, frames, dataBytes);
  }

  /** What `payload` says of itself, if that is not what this codec's batches say. */
  stranger(payload: Uint8Array): string | undefined {
    const { descriptor } = readPrefix(payload);
    return equal(descriptor, this.#descriptor) ? undefined : textOf(descriptor);
  }

  #storeOf(
    at: Pick<RecordHeader, "streamOffset" | "epoch">,
    payload: Uint8Array,
    frames: number,
    dataBytes: number,
  ): FrameStore {
    const { buffer } = payload;
    let position = payload.byteOffset + PREFIX_BYTES + roundUp(this.#descriptor.length);
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
    };
  }

  /** Where the raw bytes of frames lie in the slab: as a batch sees it, however it finds that out. */
  #extent(store: FrameStore, first: number, count: number): { start: number; end: number } {
    const batch = new SlabBatch(store, this.#names, this.#raw);
    batch.lend(first, count, 0);
    const last = count - 1;
    const rawStart = batch.streamOffset(0) - store.streamOffset;
    const rawEnd = batch.streamOffset(last) - store.streamOffset + batch.rawLength(last);
    // Another thread may have overwritten the index; a record has to be one all the same.
    const limit = store.bytes.length;
    const start = clamp(Math.min(rawStart, batch.offsets[0]), 0, limit);
    const end = Math.max(rawEnd, batch.offsets[last] + batch.lengths[last]);
    return { start, end: clamp(end, start, limit) };
  }

  #arraysOf(store: FrameStore): readonly ColumnArray[] {
    const { columns, offsets, lengths, rawOffsets, rawLengths } = store;
    const raw = this.#raw.storesRaw ? [rawOffsets, rawLengths] : [];
    return [...columns, offsets, lengths, ...raw];
  }

  #payloadBytes(frames: number, dataBytes: number): number {
    const widths = this.#columns.map(({ type }) => COLUMN_ARRAYS[type].BYTES_PER_ELEMENT);
    const index = this.#raw.storesRaw ? [4, 4, 4, 4] : [4, 4];
    const arrays = [...widths, ...index].reduce((sum, width) => sum + roundUp(frames * width), 0);
    return PREFIX_BYTES + roundUp(this.#descriptor.length) + arrays + dataBytes;
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

/** What a batch's payload says of itself, and its frames' raw bytes, for who knows nothing of it. */
export function describeBatch(
  payload: Uint8Array,
): { descriptor: BatchDescriptor; data: Uint8Array } {
  const { dataBytes, descriptor } = readPrefix(payload);
  const text = textOf(descriptor);
  try {
    return {
      descriptor: JSON.parse(text),
      data: payload.subarray(payload.length - dataBytes),
    };
  } catch {
    throw new SpillFormatError(WHERE, "a descriptor in JSON", JSON.stringify(text));
  }
}

const WHERE = "a record of frames";

/** The beginning of a payload, each length checked against what there is. */
function readPrefix(
  payload: Uint8Array,
): { frames: number; base: number; dataBytes: number; descriptor: Uint8Array } {
  if (payload.length < PREFIX_BYTES) {
    throw new SpillFormatError(WHERE, `at least ${PREFIX_BYTES} bytes`, `${payload.length}`);
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const dataBytes = view.getUint32(8, true);
  const descriptorLength = view.getUint32(12, true);
  const rest = payload.length - PREFIX_BYTES;
  if (dataBytes + descriptorLength > rest) {
    throw new SpillFormatError(
      WHERE,
      `${dataBytes} and ${descriptorLength} bytes`,
      `${rest} bytes for both`,
    );
  }
  return {
    frames: view.getUint32(0, true),
    base: view.getUint32(4, true),
    dataBytes,
    descriptor: payload.subarray(PREFIX_BYTES, PREFIX_BYTES + descriptorLength),
  };
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
      throw new SpillFormatError(WHERE, `frame ${i} between ${base} and ${end}`, actual);
    }
    offsets[i] = offset;
  }
}

function descriptorBytes({ columns, raw }: BatchDescriptor): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({
    columns: columns.map(({ name, type, at, byteOrder = "big" }) => ({
      name,
      type,
      at,
      byteOrder,
    })),
    raw: {
      storesRaw: raw.storesRaw,
      strippedBytes: raw.strippedBytes,
      delimiterBytes: raw.delimiterBytes,
    },
  }));
}

function textOf(descriptor: Uint8Array): string {
  return new TextDecoder().decode(descriptor);
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}

function padded(bytes: Uint8Array): Uint8Array[] {
  const zeros = roundUp(bytes.length) - bytes.length;
  return zeros === 0 ? [bytes] : [bytes, ZEROS.subarray(0, zeros)];
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / ALIGN_BYTES) * ALIGN_BYTES;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
