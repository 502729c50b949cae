/**
 * Writing one segment, record behind record.
 *
 * Small parts are gathered and written together, large ones as they are. While
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
  recordBytes,
  type RecordHeader,
  trailerBytes,
} from "./format.ts";

const GATHERED_BYTES = 64 * 1024;
/** Below, copying is cheaper than a write of its own (15 µs). */
const LARGE_BYTES = 32 * 1024;

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
  /** Whether there may be bytes behind `end`, of a record that failed. */
  #torn = false;

  constructor(file: DiskFile, marker: Uint8Array, end: number) {
    this.#file = file;
    this.#marker = marker;
    this.end = end;
  }

  /** Appends a record. When this throws, the segment ends where it did. */
  async append(header: RecordHeader, parts: readonly Uint8Array[]): Promise<void> {
    await this.#cutTorn();
    try {
      this.#torn = true;
      await this.#write(header, parts);
      this.end += recordBytes(header.payloadBytes);
      this.#torn = false;
    } catch (error) {
      // At the next append again, should it fail now.
      await this.#cutTorn().catch(() => {});
      throw error;
    }
  }

  /** Resolves when all records are on disk. */
  async sync(): Promise<void> {
    await this.#file.sync();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }

  async #cutTorn(): Promise<void> {
    if (!this.#torn) return;
    await this.#file.truncate(this.end);
    this.#torn = false;
  }

  async #write(header: RecordHeader, parts: readonly Uint8Array[]): Promise<void> {
    this.#position = this.end;
    this.#crc = 0;
    this.#gatheredBytes = 0;
    encodeRecordHeader(this.#gathered, this.#marker, header);
    this.#gather(RECORD_HEADER_BYTES);
    for (const part of parts) {
      if (part.length >= LARGE_BYTES) await this.#writeLarge(part);
      else await this.#writeSmall(part);
    }
    const length = trailerBytes(header.payloadBytes);
    if (this.#gatheredBytes + length > GATHERED_BYTES) await this.#flush();
    const trailer = this.#gathered.subarray(this.#gatheredBytes, this.#gatheredBytes + length);
    encodeTrailer(trailer, this.#crc);
    this.#gatheredBytes += length;
    await this.#flush();
  }

  async #writeSmall(part: Uint8Array): Promise<void> {
    if (this.#gatheredBytes + part.length > GATHERED_BYTES) await this.#flush();
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

  async #flush(): Promise<void> {
    if (this.#gatheredBytes === 0) return;
    const gathered = this.#gathered.subarray(0, this.#gatheredBytes);
    await writeFully(this.#file, gathered, this.#position);
    this.#position += this.#gatheredBytes;
    this.#gatheredBytes = 0;
  }
}
