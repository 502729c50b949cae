/**
 * What the core relies on while other threads can write its memory: constants,
 * configuration and state are kept here, out of their reach, and put back before
 * each call.
 *
 * @module
 */

import { CorruptMemoryError } from "../errors.ts";
import { Column, Framer, Rule, Status } from "./abi.ts";
import type { Layout, SlabLayout } from "./layout.ts";

/** What the shared core exports beside its functions. */
export interface GuardedExports {
  /** Where its constants begin and end. */
  __global_base: WebAssembly.Global;
  __heap_base: WebAssembly.Global;
  /** Stays where a trap left it. */
  __stack_pointer: WebAssembly.Global;
}

/** A piece of memory that nobody but the core may change. */
interface Piece {
  address: number;
  bytes: Uint8Array;
}

/** What one call of `scan` was asked for. */
export interface ScanRequest {
  frames: number;
  from: number;
  end: number;
}

/** What it left in memory, not yet believed. */
export interface RawOutcome {
  status: number;
  frames: number;
  framed: number;
  skippedBytes: number;
  paddingBytes: number;
  skippedFrames: number;
  missingFields: number;
}

/** Guards one core. */
export class Guard {
  readonly #memory: Uint8Array;
  readonly #layout: Layout;
  readonly #columnCount: number;
  readonly #stackPointer: WebAssembly.Global;
  readonly #stackTop: number;
  readonly #constants: Piece;
  /** Framer, outcome and rules with their bytes. */
  readonly #head: Piece;
  /** The head as a connection begins with it. */
  readonly #begun: Uint8Array;
  /** Per slab: its descriptor and columns. */
  readonly #slabs: ReadonlyMap<SlabLayout, Piece>;
  readonly #hits: number[];

  /** Everything must be written already, and nobody else have the memory yet. */
  constructor(
    memory: WebAssembly.Memory,
    layout: Layout,
    exports: GuardedExports,
    counts: { rules: number; columns: number },
  ) {
    this.#memory = new Uint8Array(memory.buffer);
    this.#layout = layout;
    this.#columnCount = counts.columns;
    this.#stackPointer = exports.__stack_pointer;
    this.#stackTop = exports.__stack_pointer.value;
    this.#constants = this.#keep(exports.__global_base.value, exports.__heap_base.value);
    this.#head = this.#keep(layout.framer, layout.headEnd);
    this.#begun = this.#head.bytes.slice();
    this.#slabs = new Map(
      layout.slabs.map((slab) => [
        slab,
        this.#keep(slab.descriptor, slab.columns + counts.columns * Column.BYTES),
      ]),
    );
    this.#hits = new Array(counts.rules).fill(0);
  }

  /** Forgets the partial frame, without asking the core. */
  reset(): void {
    this.#head.bytes.set(this.#begun);
  }

  /** Puts back what the core relies on, before it scans `slab`. */
  restore(slab: SlabLayout): void {
    this.#stackPointer.value = this.#stackTop;
    this.#put(this.#constants);
    this.#put(this.#head);
    this.#put(this.#slabs.get(slab)!);
  }

  /** Keeps the state that a call has left; throws a {@linkcode CorruptMemoryError} for rule hits that can't be. */
  save(newFrames: number): void {
    const { framer, rules } = this.#layout;
    const { address, bytes } = this.#head;
    const from = framer + Framer.searched;
    const to = framer + Framer.checksum_table;
    bytes.set(this.#memory.subarray(from, to), from - address);
    const words = new DataView(this.#memory.buffer);
    for (let i = 0; i < this.#hits.length; i++) {
      const hits = words.getUint32(rules + i * Rule.BYTES + Rule.hits, true);
      if (hits > newFrames) throw nonsense(`at most ${newFrames} hits`, hits);
      this.#hits[i] += hits;
    }
  }

  /** Takes how often frames equalled match `i`. */
  takeHits(i: number): number {
    const hits = this.#hits[i];
    this.#hits[i] = 0;
    return hits;
  }

  /** Throws a {@linkcode CorruptMemoryError} unless `outcome` is one that the core can have. */
  check(outcome: RawOutcome, asked: ScanRequest): void {
    const { capacity, slabBytes } = this.#layout;
    const { status, frames, framed, skippedFrames, skippedBytes, paddingBytes } = outcome;
    const bytes = framed - asked.from;
    if (!(status <= Status.invalid)) throw nonsense("a status", status);
    if (!(frames >= asked.frames && frames <= capacity)) {
      throw nonsense(`${asked.frames} to ${capacity} frames`, frames);
    }
    if (!(framed >= asked.from && framed <= asked.end)) {
      throw nonsense(`framing to end from ${asked.from} to ${asked.end}`, framed);
    }
    // Else the reader would wait for a frame that no slab can hold.
    const partial = asked.end - framed;
    if (status === Status.need_more && !(partial <= slabBytes / 2)) {
      throw nonsense(`a partial frame of at most ${slabBytes / 2} bytes`, partial);
    }
    if (status === Status.index_full && frames < capacity) {
      throw nonsense(`a full index of ${capacity} frames`, frames);
    }
    if (!(skippedBytes + paddingBytes <= bytes && skippedFrames <= bytes + 1)) {
      throw nonsense(`at most ${bytes} bytes left out`, skippedBytes + paddingBytes);
    }
    const fields = (frames - asked.frames) * this.#columnCount;
    if (!(outcome.missingFields <= fields)) {
      throw nonsense(`at most ${fields} missing fields`, outcome.missingFields);
    }
  }

  #keep(from: number, to: number): Piece {
    return { address: from, bytes: new Uint8Array(this.#memory.subarray(from, to)) };
  }

  #put({ address, bytes }: Piece): void {
    this.#memory.set(bytes, address);
  }
}

/** The core came to something that it can't come to. */
export function nonsense(expected: string, got: number): CorruptMemoryError {
  return new CorruptMemoryError(`expected ${expected} from the core, got ${got}`);
}

/** Runs a call of the core; a trap becomes a {@linkcode CorruptMemoryError}. */
export function trapping(call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    throw new CorruptMemoryError(`the core stopped: ${error.message}`, { cause: error });
  }
}
