/**
 * The filler: offers room for the next chunk, frames what came, and moves on to
 * the next slab with the partial tail when one is full.
 *
 * ```text
 *   slab   │ framed … │ partial │ room for the next chunk … │
 *          0        framed    filled                     slabBytes
 *   roll:  next slab │ partial │ room … │
 * ```
 *
 * @module
 */

import { Status } from "../core/abi.ts";
import type { Core } from "../core/core.ts";
import type { Slab, SlabPool } from "../slab.ts";
import type { ClientStats } from "../status.ts";
import { widen } from "../wide.ts";

/** Rather than reading less than this, the filler goes on in the next slab. */
const ROOM_BYTES_MIN = 16 * 1024;

/** Where new frames go. */
export interface FrameSink {
  /** Takes frames `first` to `end` of a slab. */
  push(slab: Slab, first: number, end: number): void;
  /** No slab is free: gives some frames up; false if it keeps them all. */
  makeRoom(current: Slab | undefined): boolean;
}

/** Fills slabs and queues their frames. */
export class Filler {
  readonly #core: Core;
  readonly #pool: SlabPool;
  readonly #sink: FrameSink;
  readonly #stats: ClientStats;
  #slab: Slab | undefined;
  /** The index was full before all bytes were framed. */
  #indexFull = false;
  #epoch = 0;
  /** So much is read at once, at most: what the core was laid out for, or less. */
  chunkBytes: number;
  /** Bytes and frames of this connection. */
  bytes = 0;
  frames = 0;

  constructor(core: Core, pool: SlabPool, sink: FrameSink, stats: ClientStats) {
    this.#core = core;
    this.chunkBytes = core.chunkBytes;
    this.#pool = pool;
    this.#sink = sink;
    this.#stats = stats;
    widen(this, "bytes", "frames");
  }

  /** Bytes of the frame that is not complete yet. */
  get partialBytes(): number {
    return this.#slab === undefined ? 0 : this.#slab.filled - this.#slab.framed;
  }

  /** Begins a new connection; the last one's partial frame is dropped and counted. */
  begin(epoch: number): void {
    this.#stats.partialBytesDropped += this.partialBytes;
    this.#stats.partialBytes = 0;
    if (this.#slab !== undefined) this.#pool.release(this.#slab);
    this.#slab = undefined;
    this.#indexFull = false;
    this.#epoch = epoch;
    this.bytes = 0;
    this.frames = 0;
    this.#core.reset();
  }

  /** Where the next chunk goes; `undefined` while no slab is free. Throws a `FramingError` for bytes framed only now. */
  room(): Uint8Array | undefined {
    while (true) {
      const room = this.#freeRoom();
      if (room !== undefined || !this.#sink.makeRoom(this.#slab)) return room;
    }
  }

  #freeRoom(): Uint8Array | undefined {
    while (this.#indexFull) {
      if (!this.#roll()) return undefined;
      this.#scan();
    }
    this.#slab ??= this.#first();
    if (this.#slab === undefined) return undefined;
    this.#rewind(this.#slab);
    let slab = this.#slab;
    if (slab.bytes.length - slab.filled < ROOM_BYTES_MIN && this.#roll()) slab = this.#slab;
    if (slab.filled === slab.bytes.length) return undefined;
    const end = Math.min(slab.filled + this.chunkBytes, slab.bytes.length);
    return slab.bytes.subarray(slab.filled, end);
  }

  /** `bytes` were read into the room. Throws a `FramingError` when they are not frames and `onInvalid` is close. */
  commit(bytes: number): void {
    // INVARIANT: room() gave the slab that was read into.
    const slab = this.#slab!;
    slab.filled += bytes;
    this.bytes += bytes;
    this.#stats.bytesRead += bytes;
    this.#stats.chunks += 1;
    this.#scan();
    while (this.#indexFull && this.#roll()) this.#scan();
  }

  /** At the end: frames bytes that were read and for which no index had room; false if there are none, or no slab is free. */
  frameMore(): boolean {
    if (!this.#indexFull) return false;
    const slab = this.#slab!;
    if (slab.references === 1) this.#moveToFront(slab);
    else if (!this.#roll()) return false;
    this.#indexFull = false;
    try {
      this.#scan();
    } catch {
      // Bytes that are no frames do not matter any more.
    }
    return true;
  }

  #scan(): void {
    const slab = this.#slab!;
    const stats = this.#stats;
    const framesBefore = slab.frames;
    const framedBefore = slab.framed;
    const outcome = this.#core.scan(slab.layout, framesBefore, framedBefore, slab.filled);
    slab.frames = outcome.frames;
    slab.framed = outcome.framed;
    const frames = outcome.frames - framesBefore;
    this.frames += frames;
    stats.frames += frames;
    stats.frameBytes += outcome.framed - framedBefore - outcome.skippedBytes - outcome.paddingBytes;
    stats.skippedFrames += outcome.skippedFrames;
    stats.skippedBytes += outcome.skippedBytes;
    stats.paddingBytes += outcome.paddingBytes;
    stats.missingFields += outcome.missingFields;
    stats.partialBytes = slab.filled - slab.framed;
    if (frames > 0) this.#sink.push(slab, framesBefore, outcome.frames);
    this.#indexFull = outcome.status === Status.index_full;
    if (outcome.status === Status.invalid) throw this.#core.violation(slab.streamOffset);
  }

  #first(): Slab | undefined {
    const slab = this.#pool.acquire();
    if (slab !== undefined) {
      slab.epoch = this.#epoch;
      slab.streamOffset = this.bytes;
    }
    return slab;
  }

  /** Nobody else holds the slab: begin at its front again, where it is hot in cache. */
  #rewind(slab: Slab): void {
    const partial = slab.filled - slab.framed;
    // Moving no more than was freed keeps the copying linear in the bytes read.
    if (slab.references > 1 || slab.framed === 0 || partial > slab.framed) return;
    this.#moveToFront(slab);
  }

  #moveToFront(slab: Slab): void {
    const partial = slab.filled - slab.framed;
    slab.bytes.copyWithin(0, slab.framed, slab.filled);
    slab.streamOffset += slab.framed;
    slab.filled = partial;
    slab.framed = 0;
    slab.frames = 0;
  }

  /** Goes on in a fresh slab; false while none is free. */
  #roll(): boolean {
    const slab = this.#slab!;
    const next = this.#pool.acquire();
    if (next === undefined) return false;
    next.bytes.set(slab.bytes.subarray(slab.framed, slab.filled));
    next.filled = slab.filled - slab.framed;
    next.streamOffset = slab.streamOffset + slab.framed;
    next.epoch = slab.epoch;
    this.#pool.release(slab);
    this.#slab = next;
    this.#indexFull = false;
    return true;
  }
}
