/**
 * Where everything lies in the core's memory. Allocated once, never grown, so
 * that cached views stay valid.
 *
 * ```text
 * │ core's data + stack │ framer │ outcome │ rules │ per slab: descriptor, columns, index │ slabs … │
 * 0                     HEAP_BASE                                           page-aligned ─┘
 * ```
 *
 * @module
 */

import { type Column as ColumnSpec, COLUMN_ARRAYS } from "../columns.ts";
import {
  CHUNK_BYTES,
  Column,
  Framer,
  HEAP_BASE,
  Outcome,
  Rule,
  Slab,
  SLAB_BYTES_MIN,
  SLAB_BYTES_PER_FRAME,
} from "./abi.ts";

const PAGE_BYTES = 64 * 1024;

/**
 * Arrays that are walked side by side lie this much more than their size apart:
 * a power of two between them would put entry `i` of all into one cache set, and
 * loads would wait for stores to another array at the same offset of a page.
 */
const STAGGER_BYTES = 320;
/** The same between lanes, in entries of four bytes. */
const STAGGER_ENTRIES = STAGGER_BYTES / 4;

/** Addresses of one slab and its index. */
export interface SlabLayout {
  /** Address of the core's descriptor. */
  descriptor: number;
  /** Address of the slab's bytes. */
  bytes: number;
  /** Addresses of the index arrays. */
  offsets: number;
  lengths: number;
  rawOffsets: number;
  rawLengths: number;
  /** Address of the core's `Column` table. */
  columns: number;
  /** Address of each column's values. */
  columnValues: number[];
}

/** Addresses of everything. */
export interface Layout {
  framer: number;
  outcome: number;
  rules: number;
  /** Address of each rule's bytes. */
  ruleBytes: number[];
  /** Framer, outcome, rules and their bytes end here. */
  headEnd: number;
  slabs: SlabLayout[];
  /** Size of a slab in bytes. */
  slabBytes: number;
  /** Frames a slab's index takes. */
  capacity: number;
  /** Entries of a slab's index arrays: those, and as many again for each lane that gets frames by key. */
  entries: number;
  /** From the first entry of one lane to that of the next. */
  laneEntries: number;
  /** Size of the memory in 64 KiB pages. */
  pages: number;
}

/** What the layout depends on. */
export interface LayoutOptions {
  slabBytes: number;
  slabCount: number;
  storesRaw: boolean;
  columns: readonly ColumnSpec[];
  ruleLengths: readonly number[];
  /** Lanes that get frames by key. */
  keyLanes: number;
}

/**
 * Where handlers are in other threads each chunk is handed over, and slabs are
 * cold anyway: with chunks twice as long, and two of them to a slab, both sides
 * need a quarter less.
 */
const SHARED_CHUNK_BYTES = 2 * CHUNK_BYTES;
const SHARED_SLAB_BYTES = 2 * SHARED_CHUNK_BYTES;
/** Slabs of a buffer by default; those of a smaller one in shared memory are smaller. */
export const SLABS = 16;
/** No chunk is longer. */
export const CHUNK_BYTES_MAX = SHARED_CHUNK_BYTES;

/** The memory slabs are to be in. */
export interface BufferOptions {
  bufferBytes?: number;
  sharedMemory?: boolean;
}

/** Bytes of a slab: it holds two of the longest raw frames, so that a partial one always fits behind the frames before it. */
export function slabBytesFor(rawFrameLengthMax: number, options: BufferOptions = {}): number {
  return roundUp(Math.max(slabBytesMin(options), 2 * rawFrameLengthMax), CHUNK_BYTES);
}

function slabBytesMin({ sharedMemory = false, bufferBytes }: BufferOptions): number {
  if (!sharedMemory) return SLAB_BYTES_MIN;
  const small = bufferBytes !== undefined && bufferBytes < SLABS * SHARED_SLAB_BYTES;
  if (!small) return SHARED_SLAB_BYTES;
  const share = bufferBytes / SLABS;
  return Math.max(SLAB_BYTES_MIN, share - share % CHUNK_BYTES);
}

/** Bytes that are read at once, at most. */
export function chunkBytesFor(slabBytes: number, sharedMemory: boolean): number {
  return sharedMemory ? Math.min(SHARED_CHUNK_BYTES, slabBytes / 2) : CHUNK_BYTES;
}

/** Lays everything out behind the core's own data. */
export function layOut(options: LayoutOptions): Layout {
  const { slabBytes } = options;
  const capacity = slabBytes / SLAB_BYTES_PER_FRAME;
  const laneEntries = capacity + STAGGER_ENTRIES;
  const entries = capacity + options.keyLanes * laneEntries;
  let end: number = HEAP_BASE;
  const take = (bytes: number, align = 16): number => {
    const address = roundUp(end, align);
    end = address + bytes;
    return address;
  };
  const takeArray = (bytes: number): number => take(bytes + STAGGER_BYTES, 64);
  const framer = take(Framer.BYTES);
  const outcome = take(Outcome.BYTES);
  const rules = take(options.ruleLengths.length * Rule.BYTES);
  const ruleBytes = options.ruleLengths.map((length) => take(length));
  const headEnd = end;
  const slabs: SlabLayout[] = [];
  for (let i = 0; i < options.slabCount; i++) {
    const index = () => takeArray(entries * 4);
    const offsets = index();
    const lengths = index();
    slabs.push({
      descriptor: take(Slab.BYTES),
      columns: take(options.columns.length * Column.BYTES),
      bytes: 0,
      offsets,
      lengths,
      rawOffsets: options.storesRaw ? index() : offsets,
      rawLengths: options.storesRaw ? index() : lengths,
      columnValues: options.columns.map((column) =>
        takeArray(entries * COLUMN_ARRAYS[column.type].BYTES_PER_ELEMENT)
      ),
    });
  }
  for (const slab of slabs) slab.bytes = take(slabBytes, 4096);
  return {
    framer,
    outcome,
    rules,
    ruleBytes,
    headEnd,
    slabs,
    slabBytes,
    capacity,
    entries,
    laneEntries,
    pages: Math.ceil(end / PAGE_BYTES),
  };
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
