/**
 * Reading one segment: headers by a window, payloads straight to where they go.
 *
 * @module
 */

import { crc32c } from "./crc32c.ts";
import { type DiskFile, readFully } from "./disk.ts";
import {
  checkTrailer,
  decodeRecordHeader,
  MARKER_BYTES,
  RECORD_ALIGN_BYTES as ALIGN,
  RECORD_HEADER_BYTES,
  recordBytes,
  type RecordHeader,
  SEGMENT_HEADER_BYTES,
  trailerBytes,
} from "./format.ts";

const WINDOW_BYTES = 64 * 1024;

/** A record whose header is whole, and which lies within the file; its payload was not looked at. */
export interface RecordAt {
  type: "record";
  header: RecordHeader;
  /** Where it begins. */
  position: number;
  /** Where the next one does. */
  next: number;
}

/** Bytes that are no record. */
export interface DamageAt {
  type: "damage";
  position: number;
  /** Where the next whole header is, or the end. */
  next: number;
  /** Its sequence; `undefined` at the end. */
  nextSequence: number | undefined;
  expected: string;
  actual: string;
}

/** What there is at a position. */
export type Step = RecordAt | DamageAt | { type: "end" };

/** One open segment. */
export class SegmentInput implements Disposable {
  /** How far it may be read: behind that, a record may be half written. */
  end: number;
  readonly #file: DiskFile;
  readonly #marker: Uint8Array;
  readonly #window = new Uint8Array(WINDOW_BYTES);
  #windowAt = 0;
  #windowBytes = 0;

  constructor(file: DiskFile, marker: Uint8Array, end: number) {
    this.#file = file;
    this.#marker = marker;
    this.end = end;
  }

  /** Looks at the record that should begin at `position`, with a sequence of at least `sequence`. */
  async step(position: number, sequence: number): Promise<Step> {
    if (position >= this.end) return { type: "end" };
    const found = await this.#headerAt(position, sequence);
    if ("header" in found) {
      const { header } = found;
      return {
        type: "record",
        header,
        position,
        next: position + recordBytes(header.payloadBytes),
      };
    }
    const other = await this.#nextHeader(position + ALIGN, sequence);
    return {
      type: "damage",
      position,
      next: other?.position ?? this.end,
      nextSequence: other?.sequence,
      ...found,
    };
  }

  /** Reads a record's payload into `into`; gives what is wrong with it, if anything. */
  async payload(
    record: RecordAt,
    into: Uint8Array,
  ): Promise<{ expected: string; actual: string } | undefined> {
    const at = record.position + RECORD_HEADER_BYTES;
    const crc = await this.#headerCrc(record);
    if (!await this.#read(into, at)) return CUT_SHORT;
    return await this.#checkTrailer(record, crc32c(into, crc));
  }

  /** Checks a record's payload piece by piece, whatever its length. */
  async check(record: RecordAt): Promise<{ expected: string; actual: string } | undefined> {
    const end = record.position + RECORD_HEADER_BYTES + record.header.payloadBytes;
    let crc = await this.#headerCrc(record);
    for (let at = record.position + RECORD_HEADER_BYTES; at < end;) {
      const piece = await this.#view(at, Math.min(end - at, WINDOW_BYTES));
      if (piece === undefined) return CUT_SHORT;
      crc = crc32c(piece, crc);
      at += piece.length;
    }
    return await this.#checkTrailer(record, crc);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }

  async #headerAt(
    position: number,
    sequence: number,
  ): Promise<{ header: RecordHeader } | { expected: string; actual: string }> {
    const bytes = await this.#view(position, RECORD_HEADER_BYTES) ??
      await this.#view(position, Math.max(0, this.end - position)) ?? this.#window.subarray(0, 0);
    const found = decodeRecordHeader(bytes, this.#marker);
    if (!("header" in found)) return found;
    const { header } = found;
    const length = recordBytes(header.payloadBytes);
    if (position + length > this.end) {
      return { expected: `a record of ${length} bytes`, actual: `${this.end - position}` };
    }
    if (header.sequence < sequence) {
      return { expected: `sequence ${sequence} or later`, actual: `${header.sequence}` };
    }
    return found;
  }

  /** The next whole header from `position` on. Looks at each position once. */
  async #nextHeader(
    position: number,
    sequence: number,
  ): Promise<{ position: number; sequence: number } | undefined> {
    for (let at = position; (at = await this.#nextMarker(at)) < this.end; at += ALIGN) {
      const found = await this.#headerAt(at, sequence);
      if ("header" in found) return { position: at, sequence: found.header.sequence };
    }
    return undefined;
  }

  /** Where the segment's marker stands next; the end if nowhere. */
  async #nextMarker(position: number): Promise<number> {
    const marker = viewOf(this.#marker);
    const [low, high] = [marker.getUint32(0), marker.getUint32(4)];
    for (let at = position; at + RECORD_HEADER_BYTES <= this.end;) {
      const piece = await this.#view(at, Math.min(WINDOW_BYTES, this.end - at));
      if (piece === undefined) break;
      const view = viewOf(piece);
      for (let i = 0; i + MARKER_BYTES <= piece.length; i += ALIGN) {
        if (view.getUint32(i) === low && view.getUint32(i + 4) === high) return at + i;
      }
      at += piece.length - piece.length % ALIGN;
    }
    return this.end;
  }

  async #headerCrc({ position }: RecordAt): Promise<number> {
    const header = await this.#view(position, RECORD_HEADER_BYTES);
    return header === undefined ? 0 : crc32c(header);
  }

  async #checkTrailer(
    record: RecordAt,
    crc: number,
  ): Promise<{ expected: string; actual: string } | undefined> {
    const length = trailerBytes(record.header.payloadBytes);
    const trailer = await this.#view(record.next - length, length);
    return trailer === undefined ? CUT_SHORT : checkTrailer(trailer, crc);
  }

  /** `length` bytes at `position`, valid until the next call; `undefined` if there are fewer. */
  async #view(position: number, length: number): Promise<Uint8Array | undefined> {
    if (position + length > this.end) return undefined;
    let at = position - this.#windowAt;
    if (at < 0 || at + length > this.#windowBytes) {
      // So that a read that fails leaves no window.
      this.#windowBytes = 0;
      const wanted = this.#window.subarray(0, Math.min(WINDOW_BYTES, this.end - position));
      this.#windowBytes = await readFully(this.#file, wanted, position);
      this.#windowAt = position;
      at = 0;
    }
    return at + length > this.#windowBytes ? undefined : this.#window.subarray(at, at + length);
  }

  /** Fills `into`, from the window what it has, the rest from the file. */
  async #read(into: Uint8Array, position: number): Promise<boolean> {
    if (position + into.length > this.end) return false;
    const at = position - this.#windowAt;
    const inWindow = at < 0 ? 0 : Math.max(0, Math.min(into.length, this.#windowBytes - at));
    into.set(this.#window.subarray(at, at + inWindow));
    const rest = into.subarray(inWindow);
    return await readFully(this.#file, rest, position + inWindow) === rest.length;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const CUT_SHORT = { expected: "a whole record", actual: "the end of the file" };

/** What a walk over a segment meets. */
export type Met = RecordAt | DamageAt | BadPayload;

/** A record whose payload is damaged. */
export interface BadPayload {
  type: "bad_payload";
  record: RecordAt;
  expected: string;
  actual: string;
}

/** Walks over all of a segment, checking every payload. */
export async function* walk(input: SegmentInput, firstSequence: number): AsyncGenerator<Met> {
  let sequence = firstSequence;
  // Bounded: every step leads on.
  for (let position = SEGMENT_HEADER_BYTES;;) {
    const step = await input.step(position, sequence);
    if (step.type === "end") return;
    position = step.next;
    if (step.type === "damage") {
      yield step;
      continue;
    }
    sequence = step.header.sequence + 1;
    const problem = await input.check(step);
    yield problem === undefined ? step : { type: "bad_payload", record: step, ...problem };
  }
}
