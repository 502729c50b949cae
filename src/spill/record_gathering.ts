/**
 * Records as they lie in a segment, the end of one with the beginning of the next,
 * in pieces that are written at once.
 *
 * @module
 */

import { crc32c } from "./crc32c.ts";
import { encodeRecordHeader, encodeTrailer, RECORD_HEADER_BYTES, trailerBytes } from "./format.ts";
import type { GivenRecord } from "./record_store.ts";

/**
 * Longest piece, which a group of records fits into. Copying costs a tenth of what
 * a write does beside it: two threads are woken, one after the other.
 */
const PIECE_BYTES = 1024 * 1024;

/** A record whose length is known. */
export interface SizedRecord extends GivenRecord {
  payloadBytes: number;
}

/**
 * Records that are written together, at least one; they must not change before all
 * pieces were asked for. The buffer they are gathered in is one of `buffers`, and
 * there again once this is disposed.
 */
export class Gathering implements Disposable {
  readonly records: readonly SizedRecord[];
  readonly #buffers: Uint8Array[];
  #buffer: Uint8Array | undefined;
  #marker: Uint8Array | undefined;
  #sequence = 0;
  #pieces: Iterator<Uint8Array> | undefined;
  #first: Uint8Array | undefined;

  constructor(records: readonly SizedRecord[], buffers: Uint8Array[]) {
    this.records = records;
    this.#buffers = buffers;
  }

  /**
   * Gathers the first piece, unless that was done: the records of a segment with
   * `marker`, the first of them with `sequence`.
   */
  begin(marker: Uint8Array, sequence: number): void {
    if (marker === this.#marker && sequence === this.#sequence) return;
    this.#buffer ??= this.#buffers.pop() ?? new Uint8Array(PIECE_BYTES);
    this.#pieces = gather(this.records, marker, sequence, this.#buffer);
    this.#first = this.#pieces.next().value;
    this.#marker = marker;
    this.#sequence = sequence;
  }

  /** The next piece, valid until the one behind it is asked for; `undefined` at the end. */
  next(): Uint8Array | undefined {
    const piece = this.#first ?? this.#pieces?.next().value;
    this.#first = undefined;
    return piece;
  }

  /** Gives the buffer back. */
  [Symbol.dispose](): void {
    if (this.#buffer !== undefined) this.#buffers.push(this.#buffer);
    this.#buffer = undefined;
  }
}

function* gather(
  records: readonly SizedRecord[],
  marker: Uint8Array,
  sequence: number,
  buffer: Uint8Array,
): Generator<Uint8Array, undefined> {
  let filled = 0;
  const reserve = (bytes: number) => buffer.subarray(filled, filled += bytes);
  const piece = () => {
    const bytes = buffer.subarray(0, filled);
    filled = 0;
    return bytes;
  };
  for (const [i, { info, parts, payloadBytes }] of records.entries()) {
    if (filled + RECORD_HEADER_BYTES > buffer.length) yield piece();
    const head = reserve(RECORD_HEADER_BYTES);
    encodeRecordHeader(head, marker, { ...info, sequence: sequence + i, payloadBytes });
    let crc = crc32c(head);
    for (const part of parts) {
      for (let at = 0; at < part.length;) {
        if (filled === buffer.length) yield piece();
        const copy = reserve(Math.min(part.length - at, buffer.length - filled));
        copy.set(part.subarray(at, at + copy.length));
        // Of the copy: another thread may change what it was made of.
        crc = crc32c(copy, crc);
        at += copy.length;
      }
    }
    const length = trailerBytes(payloadBytes);
    if (filled + length > buffer.length) yield piece();
    encodeTrailer(reserve(length), crc);
  }
  if (filled > 0) yield piece();
}
