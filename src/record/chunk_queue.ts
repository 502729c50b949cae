/**
 * Chunks on their way to the disk: copies in a ring of fixed size, so that a
 * disk that takes its time for a sync does not hold up the socket.
 *
 * ```text
 *   ring   │ … │ chunk │ chunk │ chu          free          nk │ …
 *              head (oldest)     a chunk may go on at the front: two parts
 * ```
 *
 * @module
 */

import type { RecordInfo } from "../spill/format.ts";

/** What an entry is counted as beside its bytes, so that one-byte chunks don't make the list endless. */
const ENTRY_BYTES = 256;
/** Behind a pause, reading goes on when no more than this is full: else each chunk would be a pause. */
const RESUME_SHARE = 3 / 4;

/** A chunk in the ring. */
export interface QueuedChunk {
  /** What is said of it. */
  info: RecordInfo;
  /** Length in bytes. */
  bytes: number;
  /** Where in the ring it begins. */
  start: number;
}

/** First in, first out. */
export class ChunkQueue {
  readonly #ring: Uint8Array;
  readonly #entries: QueuedChunk[] = [];
  /** Index of the oldest entry; those before are done with. */
  #first = 0;
  #end = 0;
  #costBytes = 0;
  /** Bytes of all chunks in it. */
  bytes = 0;

  /** Allocates `capacityBytes` at once, and never more. */
  constructor(capacityBytes: number) {
    this.#ring = new Uint8Array(capacityBytes);
  }

  /** Whether a chunk of `bytes` would fit now. */
  fits(bytes: number): boolean {
    return this.#costBytes + bytes + ENTRY_BYTES <= this.#ring.length;
  }

  /** Whether one of `bytes` would fit, and some more behind it. */
  resumes(bytes: number): boolean {
    return this.fits(bytes) && this.#costBytes <= this.#ring.length * RESUME_SHARE;
  }

  /** Whether one of `bytes` fits at all. */
  takes(bytes: number): boolean {
    return bytes + ENTRY_BYTES <= this.#ring.length;
  }

  /** Copies a chunk that fits. */
  push(info: RecordInfo, chunk: Uint8Array): void {
    const start = this.#end;
    const front = Math.min(chunk.length, this.#ring.length - start);
    this.#ring.set(chunk.subarray(0, front), start);
    this.#ring.set(chunk.subarray(front), 0);
    this.#end = (start + chunk.length) % this.#ring.length;
    this.#costBytes += chunk.length + ENTRY_BYTES;
    this.bytes += chunk.length;
    this.#entries.push({ info, bytes: chunk.length, start });
  }

  /** The oldest chunk; it stays until {@linkcode shift}. */
  oldest(): QueuedChunk | undefined {
    return this.#entries[this.#first];
  }

  /** A chunk's bytes, in views of the ring. */
  parts({ start, bytes }: QueuedChunk): Uint8Array[] {
    const front = this.#ring.subarray(start, start + bytes);
    return front.length === bytes ? [front] : [front, this.#ring.subarray(0, bytes - front.length)];
  }

  /** Gives up the oldest chunk. */
  shift(): void {
    const entry = this.#entries[this.#first];
    if (entry === undefined) return;
    this.#first += 1;
    this.#costBytes -= entry.bytes + ENTRY_BYTES;
    this.bytes -= entry.bytes;
    // Moving no more than was given up keeps this linear.
    if (this.#first * 2 < this.#entries.length) return;
    this.#entries.splice(0, this.#first);
    this.#first = 0;
  }

  /** Gives up all chunks; gives how many bytes these were. */
  clear(): number {
    const { bytes } = this;
    this.#entries.length = 0;
    this.#first = 0;
    this.#end = 0;
    this.#costBytes = 0;
    this.bytes = 0;
    return bytes;
  }
}
