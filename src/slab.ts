/**
 * Slabs: fixed blocks of WASM memory that chunks are read into and frames lie
 * in, taken from a pool and returned to it when nobody refers to them.
 *
 * @module
 */

import { type Column, COLUMN_ARRAYS, type ColumnArray } from "./columns.ts";
import type { Layout, SlabLayout } from "./core/layout.ts";
import { widen } from "./wide.ts";

type ColumnArrayConstructor = new (
  buffer: ArrayBufferLike,
  offset: number,
  length: number,
) => ColumnArray;

/** What a slab is made of: a core, or what another thread was told of it. */
export interface SlabMemory {
  readonly memory: { readonly buffer: ArrayBufferLike };
  readonly layout: Pick<Layout, "slabBytes" | "capacity" | "entries" | "slabs">;
  readonly columns: readonly Column[];
}

/** One block with its index, its views and the positions in it. */
export class Slab {
  /** Its place in the pool, and in the layout. */
  readonly number: number;
  /** Addresses, for the core. */
  readonly layout: SlabLayout;
  /** The slab's bytes. */
  readonly bytes: Uint8Array;
  /** The same bytes. */
  readonly view: DataView;
  /** Index: where frames begin and how long they are, relative to `bytes`. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  /** The same of their raw bytes; aliases of the above where the framing stores none. */
  readonly rawOffsets: Uint32Array;
  readonly rawLengths: Uint32Array;
  /** Values of each declared column, by frame. */
  readonly columns: readonly ColumnArray[];
  /** Between two frames of a range may lie some of other handlers. */
  readonly scattered: boolean;
  /** Entries in the index. */
  frames = 0;
  /** Position of the first unframed byte. */
  framed = 0;
  /** Position behind the last byte read. */
  filled = 0;
  /** Stream offset of the slab's first byte. */
  streamOffset = 0;
  /** Connection the bytes came from. */
  epoch = 0;
  /** How many hold the slab: the reader filling it, queued ranges, batches out. */
  references = 0;

  constructor(core: SlabMemory, number: number) {
    const { buffer } = core.memory;
    const { slabBytes, capacity, entries, slabs } = core.layout;
    const layout = slabs[number];
    this.number = number;
    this.layout = layout;
    this.bytes = new Uint8Array(buffer, layout.bytes, slabBytes);
    this.view = new DataView(buffer, layout.bytes, slabBytes);
    this.offsets = new Uint32Array(buffer, layout.offsets, entries);
    this.lengths = new Uint32Array(buffer, layout.lengths, entries);
    this.rawOffsets = new Uint32Array(buffer, layout.rawOffsets, entries);
    this.rawLengths = new Uint32Array(buffer, layout.rawLengths, entries);
    this.scattered = entries > capacity;
    this.columns = core.columns.map((column, i) => {
      const array: ColumnArrayConstructor = COLUMN_ARRAYS[column.type];
      return new array(buffer, layout.columnValues[i], entries);
    });
    widen(this, "streamOffset");
  }
}

/** The slabs of one client. What was released last is taken first: it is still in cache. */
export class SlabPool {
  /** All slabs. */
  readonly slabs: readonly Slab[];
  /** Size of each, in bytes. */
  readonly slabBytes: number;
  readonly #free: Slab[];
  readonly #quarantined = new Set<object>();

  constructor(core: SlabMemory) {
    this.slabBytes = core.layout.slabBytes;
    this.slabs = core.layout.slabs.map((_, number) => new Slab(core, number));
    this.#free = [...this.slabs].reverse();
  }

  /** Slabs nobody holds. */
  get freeCount(): number {
    return this.#free.length;
  }

  /** Slabs that are never used again, and other memory as large. */
  get quarantinedCount(): number {
    return this.#quarantined.size;
  }

  /**
   * Keeps a slab from ever being used again: somebody who does not answer may
   * still look at it. Counts memory that is none of the pool's as if it were.
   */
  quarantine(memory: Slab | SharedArrayBuffer): void {
    if (this.#quarantined.has(memory)) return;
    this.#quarantined.add(memory);
    // Never given back.
    if (memory instanceof Slab) memory.references += 1;
  }

  /** A free slab with one reference, or `undefined`. */
  acquire(): Slab | undefined {
    const slab = this.#free.pop();
    if (slab === undefined) return undefined;
    slab.references = 1;
    slab.frames = 0;
    slab.framed = 0;
    slab.filled = 0;
    return slab;
  }

  /** Gives one reference back; true if that freed the slab. */
  release(slab: Slab): boolean {
    // INVARIANT: every release belongs to one acquire or retain.
    if (slab.references < 1) throw new Error("a slab was released twice");
    slab.references -= 1;
    if (slab.references > 0) return false;
    this.#free.push(slab);
    return true;
  }
}
