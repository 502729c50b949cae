/**
 * Writing one segment, record behind record.
 *
 * Small parts are gathered and written together, the end of one record with the
 * beginning of the next, and large ones as they are. While
 * the disk takes a large part its checksum is computed, which is why a record's
 * checksum stands behind it.
 *
 * @module
 */

import { crc32c } from "./crc32c.ts";
import { type DiskFile, writeFully } from "./disk.ts";
import {
  encodeRecordHeader,
  encodeTrailer,
  RECORD_HEADER_BYTES,
  type RecordHeader,
  trailerBytes,
} from "./format.ts";

const GATHERED_BYTES = 64 * 1024;
/** Below, copying is cheaper than a write of its own (15 µs). */
const LARGE_BYTES = 32 * 1024;

/** A record to be written. */
export interface NewRecord {
  header: RecordHeader;
  /** Its payload. */
  parts: readonly Uint8Array[];
}

/** One segment open for appending. */
export class SegmentOutput implements Disposable {
  /** Where the next record goes: behind the last whole one. */
  end: number;
  readonly #file: DiskFile;
  readonly #marker: Uint8Array;
  readonly #gathered = new Uint8Array(GATHERED_BYTES);
  #gatheredBytes = 0;
  #position = 0;
  #crc = 0;
  /** Whether there may be bytes behind `end`, of records that failed. */
  #torn = false;
  /** Some were cut off, and that is not on disk yet. */
  #cutUnsynced = false;

  constructor(file: DiskFile, marker: Uint8Array, end: number) {
    this.#file = file;
    this.#marker = marker;
    this.end = end;
  }

  /** Appends records, all of them: when this throws, the segment ends where it did. */
  async append(records: readonly NewRecord[]): Promise<void> {
    await this.cutBack();
    try {
      this.#torn = true;
      this.#position = this.end;
      this.#gatheredBytes = 0;
      for (const record of records) await this.#write(record);
      await this.#flush();
      this.end = this.#position;
      this.#torn = false;
    } catch (error) {
      // At the next append again, should it fail now.
      await this.cutBack().catch(() => {});
      throw error;
    }
  }

  /** What failed is cut off, but the disk may still have it. */
  get cutUnsynced(): boolean {
    return this.#cutUnsynced;
  }

  /** Resolves when all records are on disk, and nothing behind them. */
  async sync(): Promise<void> {
    await this.#file.sync();
    this.#cutUnsynced = false;
  }

  /** Cuts off what is left of records that failed: some of them may be whole, and would be found. */
  async cutBack(): Promise<void> {
    if (!this.#torn) return;
    await this.#file.truncate(this.end);
    this.#torn = false;
    this.#cutUnsynced = true;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }

  async #write({ header, parts }: NewRecord): Promise<void> {
    this.#crc = 0;
    await this.#reserve(RECORD_HEADER_BYTES);
    encodeRecordHeader(this.#gathered.subarray(this.#gatheredBytes), this.#marker, header);
    this.#gather(RECORD_HEADER_BYTES);
    for (const part of parts) {
      if (part.length >= LARGE_BYTES) await this.#writeLarge(part);
      else await this.#writeSmall(part);
    }
    const length = trailerBytes(header.payloadBytes);
    await this.#reserve(length);
    const trailer = this.#gathered.subarray(this.#gatheredBytes, this.#gatheredBytes + length);
    encodeTrailer(trailer, this.#crc);
    this.#gatheredBytes += length;
  }

  async #writeSmall(part: Uint8Array): Promise<void> {
    await this.#reserve(part.length);
    this.#gathered.set(part, this.#gatheredBytes);
    this.#gather(part.length);
  }

  async #writeLarge(part: Uint8Array): Promise<void> {
    await this.#flush();
    const writing = writeFully(this.#file, part, this.#position);
    this.#crc = crc32c(part, this.#crc);
    await writing;
    this.#position += part.length;
  }

  /** Takes `length` bytes at the end of what is gathered into it. */
  #gather(length: number): void {
    const from = this.#gatheredBytes;
    this.#gatheredBytes += length;
    this.#crc = crc32c(this.#gathered.subarray(from, this.#gatheredBytes), this.#crc);
  }

  async #reserve(length: number): Promise<void> {
    if (this.#gatheredBytes + length > GATHERED_BYTES) await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#gatheredBytes === 0) return;
    const gathered = this.#gathered.subarray(0, this.#gatheredBytes);
    await writeFully(this.#file, gathered, this.#position);
    this.#position += this.#gatheredBytes;
    this.#gatheredBytes = 0;
  }
}
