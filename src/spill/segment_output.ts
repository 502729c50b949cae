/**
 * Writing one segment, record behind record.
 *
 * Records are gathered, the end of one with the beginning of the next, and
 * written together. Behind every few MiB the disk is asked to begin with them, so
 * that a sync has little left to wait for.
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

/**
 * Written at once, which a group of records fits into. Copying costs a tenth of
 * what a write does beside it: two threads are woken, one after the other.
 */
const GATHERED_BYTES = 1024 * 1024;

/**
 * The disk is asked to write down what was appended behind every so many bytes, or
 * every eighth of a segment, and nobody waits for it: else it has nothing to do
 * until a segment ends, and then everybody waits for 64 MiB.
 */
const WRITE_BEHIND_BYTES = 8 * 1024 * 1024;

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
  readonly #writeBehindBytes: number;
  readonly #gathered = new Uint8Array(GATHERED_BYTES);
  #gatheredBytes = 0;
  #position = 0;
  #crc = 0;
  /** Whether there may be bytes behind `end`, of records that failed. */
  #torn = false;
  /** Some were cut off, and that is not on disk yet. */
  #cutUnsynced = false;
  /** The disk was last asked to write down what was before this. */
  #askedTo: number;
  /** Until it has done so; never rejects. */
  #writingDown: Promise<void> | undefined;
  /** What the disk said when it lost something, which it says once. */
  #lost: unknown;

  constructor(file: DiskFile, marker: Uint8Array, end: number, segmentBytes: number) {
    this.#file = file;
    this.#marker = marker;
    this.#writeBehindBytes = Math.min(WRITE_BEHIND_BYTES, segmentBytes / 8);
    this.end = end;
    this.#askedTo = end;
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
      this.#writeBehind();
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

  /** Throws what a sync failed with, whoever waited for it: no later one is believed. */
  failIfLost(): void {
    if (this.#lost !== undefined) throw this.#lost;
  }

  /** Resolves when all records are on disk. */
  async sync(): Promise<void> {
    await this.settled();
    this.failIfLost();
    await this.#syncFile();
    this.#cutUnsynced = false;
    this.#askedTo = this.end;
  }

  /** Resolves when the disk is not at anything any more. */
  async settled(): Promise<void> {
    await this.#writingDown;
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

  #writeBehind(): void {
    const unasked = this.end - this.#askedTo;
    if (unasked < this.#writeBehindBytes || this.#writingDown !== undefined) return;
    this.#askedTo = this.end;
    this.#writingDown = this.#syncFile().catch(() => {}).then(() => {
      this.#writingDown = undefined;
    });
  }

  async #syncFile(): Promise<void> {
    try {
      await this.#file.sync();
    } catch (error) {
      this.#lost = error;
      throw error;
    }
  }

  async #write({ header, parts }: NewRecord): Promise<void> {
    const head = await this.#reserve(RECORD_HEADER_BYTES);
    encodeRecordHeader(head, this.#marker, header);
    this.#crc = crc32c(head);
    for (const part of parts) await this.#gather(part);
    const length = trailerBytes(header.payloadBytes);
    encodeTrailer(await this.#reserve(length), this.#crc);
  }

  async #gather(part: Uint8Array): Promise<void> {
    for (let at = 0; at < part.length;) {
      if (this.#gatheredBytes === GATHERED_BYTES) await this.#flush();
      const length = Math.min(part.length - at, GATHERED_BYTES - this.#gatheredBytes);
      const piece = await this.#reserve(length);
      piece.set(part.subarray(at, at + length));
      // Of the copy: another thread may change what it was made of.
      this.#crc = crc32c(piece, this.#crc);
      at += length;
    }
  }

  /** The next `length` gathered bytes, to be filled at once. */
  async #reserve(length: number): Promise<Uint8Array> {
    if (this.#gatheredBytes + length > GATHERED_BYTES) await this.#flush();
    const from = this.#gatheredBytes;
    this.#gatheredBytes += length;
    return this.#gathered.subarray(from, this.#gatheredBytes);
  }

  async #flush(): Promise<void> {
    if (this.#gatheredBytes === 0) return;
    const gathered = this.#gathered.subarray(0, this.#gatheredBytes);
    await writeFully(this.#file, gathered, this.#position);
    this.#position += this.#gatheredBytes;
    this.#gatheredBytes = 0;
  }
}
