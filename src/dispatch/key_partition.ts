/**
 * Sharing by a key: behind each scan the new frames' index entries are copied to
 * the lanes their keys belong to, so that what a lane gets is again a range of
 * one slab's index, in the order of the stream.
 *
 * ```text
 *             │ as framed     │ lane 0    │ lane 1    │
 *   offsets   │ a b c d e f … │ a d f …   │ b c e …   │
 *             0            capacity    + laneEntries
 * ```
 *
 * @module
 */

import type { Column, ColumnArray } from "../columns.ts";
import type { Layout } from "../core/layout.ts";
import { OptionError } from "../errors.ts";
import type { Slab } from "../slab.ts";

/** An array as the words it is made of: only moved, never read as what it means. */
type Words = Uint8Array | Uint16Array | Uint32Array;

/** What is moved of a slab beside offsets and lengths: an entry is one word, or two of four bytes. */
interface SlabWords {
  keys: Words;
  narrow: Words[];
  wide: Uint32Array[];
}

/** What the layout says of lanes. */
export interface KeyedCore {
  readonly layout: Pick<Layout, "capacity" | "laneEntries">;
  readonly columns: readonly Column[];
  readonly storesRaw: boolean;
}

/** Throws an `OptionError` for a key that is no column of integers: equal floats may differ in their bits, as 0 and -0 do. */
export function checkKey(key: unknown, columns: readonly Column[]): void {
  const names = columns.filter(({ type }) => type !== "f32" && type !== "f64")
    .map(({ name }) => name);
  if (names.includes(key as string)) return;
  const which = names.length === 0
    ? "and none is declared"
    : names.map((name) => JSON.stringify(name)).join(", ");
  throw new OptionError("partition.key", `the name of a column of integers, ${which}`, key);
}

/** Splits what was framed among lanes. */
export class KeyPartition {
  /** Where in the index what each lane was given last begins, and ends. */
  readonly firsts: Uint32Array;
  readonly ends: Uint32Array;
  readonly #laneFirsts: Uint32Array;
  readonly #wide: boolean;
  readonly #words: ReadonlyMap<Slab, SlabWords>;
  /** Where each new entry goes. */
  readonly #slots: Uint32Array;

  /** `core` was made for so many lanes. */
  constructor(core: KeyedCore, slabs: readonly Slab[], key: string, lanes: number) {
    const { capacity, laneEntries } = core.layout;
    const column = core.columns.findIndex(({ name }) => name === key);
    this.#wide = slabs[0].columns[column].BYTES_PER_ELEMENT === 8;
    this.#words = new Map(slabs.map((slab) => [slab, wordsOf(slab, column, core.storesRaw)]));
    this.#slots = new Uint32Array(capacity);
    this.#laneFirsts = Uint32Array.from({ length: lanes }, (_, i) => capacity + i * laneEntries);
    this.firsts = this.#laneFirsts.slice();
    this.ends = this.#laneFirsts.slice();
  }

  /** Copies entries `first` to `end` to their lanes. */
  split(slab: Slab, first: number, end: number): void {
    const { firsts, ends } = this;
    // The index begins anew, and with it those of the lanes.
    firsts.set(first === 0 ? this.#laneFirsts : ends);
    ends.set(firsts);
    // INVARIANT: it is one of those the partition was made for.
    const { keys, narrow, wide } = this.#words.get(slab)!;
    const slots = this.#slots;
    const count = end - first;
    const assignAll = this.#wide ? assignWide : assign;
    assignAll(keys, slab.offsets, slab.lengths, first, count, ends, slots);
    for (const words of narrow) move(words, first, count, slots);
    for (const words of wide) moveWide(words, first, count, slots);
  }
}

function wordsOf(slab: Slab, column: number, storesRaw: boolean): SlabWords {
  const { columns, rawOffsets, rawLengths } = slab;
  const others = columns.filter((_, i) => i !== column);
  const arrays = [...(storesRaw ? [rawOffsets, rawLengths] : []), ...others];
  const isWide = ({ BYTES_PER_ELEMENT }: ColumnArray) => BYTES_PER_ELEMENT === 8;
  return {
    keys: words(columns[column]),
    narrow: arrays.filter((array) => !isWide(array)).map(words),
    wide: arrays.filter(isWide).map(words) as Uint32Array[],
  };
}

/** Three types instead of ten: loops over them stay fast whatever is declared. */
function words({ buffer, byteOffset, byteLength, BYTES_PER_ELEMENT }: ColumnArray): Words {
  if (BYTES_PER_ELEMENT === 1) return new Uint8Array(buffer, byteOffset, byteLength);
  if (BYTES_PER_ELEMENT === 2) return new Uint16Array(buffer, byteOffset, byteLength / 2);
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

/** Finds each frame's lane, and moves what every frame has there: its key and where it lies. */
function assign(
  keys: Words,
  offsets: Uint32Array,
  lengths: Uint32Array,
  first: number,
  count: number,
  ends: Uint32Array,
  slots: Uint32Array,
): void {
  const lanes = ends.length;
  for (let i = 0; i < count; i++) {
    const key = keys[first + i];
    const lane = laneOf(mix(key), lanes);
    const slot = ends[lane];
    ends[lane] = slot + 1;
    slots[i] = slot;
    keys[slot] = key;
    offsets[slot] = offsets[first + i];
    lengths[slot] = lengths[first + i];
  }
}

/** The same for keys of two words. */
function assignWide(
  keys: Words,
  offsets: Uint32Array,
  lengths: Uint32Array,
  first: number,
  count: number,
  ends: Uint32Array,
  slots: Uint32Array,
): void {
  const lanes = ends.length;
  for (let i = 0; i < count; i++) {
    const low = keys[2 * (first + i)];
    const high = keys[2 * (first + i) + 1];
    // Of a small number only the lower half counts, as in 32 bits.
    const lane = laneOf(mix(mix(high) ^ low), lanes);
    const slot = ends[lane];
    ends[lane] = slot + 1;
    slots[i] = slot;
    keys[2 * slot] = low;
    keys[2 * slot + 1] = high;
    offsets[slot] = offsets[first + i];
    lengths[slot] = lengths[first + i];
  }
}

function move(words: Words, first: number, count: number, slots: Uint32Array): void {
  for (let i = 0; i < count; i++) words[slots[i]] = words[first + i];
}

function moveWide(words: Uint32Array, first: number, count: number, slots: Uint32Array): void {
  for (let i = 0; i < count; i++) {
    const [from, to] = [2 * (first + i), 2 * slots[i]];
    words[to] = words[from];
    words[to + 1] = words[from + 1];
  }
}

/**
 * Murmur3's finalizer: every bit of the key counts for every bit of the result,
 * so that neither numbers in a row nor multiples of anything share a lane. What
 * it gives is a promise: a restart must find keys where they were.
 */
function mix(key: number): number {
  let h = key ^ key >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ h >>> 16;
}

/** The upper half of a hash as a share of the lanes: cheaper than a remainder. */
function laneOf(hash: number, lanes: number): number {
  return Math.imul(hash >>> 16, lanes) >>> 16;
}
