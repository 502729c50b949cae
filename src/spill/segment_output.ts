/**
 * Writing one segment, record behind record.
 *
 * Behind every few MiB the disk is asked to begin with them, so that a sync has
 * little left to wait for.
 *
 * @module
 */

import { type DiskFile, writeFully } from "./disk.ts";
import type { Gathering } from "./record_gathering.ts";

/**
 * The disk is asked to write down what was appended behind every so many bytes, or
 * every eighth of a segment, and nobody waits for it: else it has nothing to do
 * until a segment ends, and then everybody waits for 64 MiB.
 */
const WRITE_BEHIND_BYTES = 8 * 1024 * 1024;

/** One segment open for appending. */
export class SegmentOutput implements Disposable {
  /** Where the next record goes: behind the last whole one. */
  end: number;
  /** What its records begin with. */
  readonly marker: Uint8Array;
  readonly #file: DiskFile;
  readonly #writeBehindBytes: number;
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
    this.marker = marker;
    this.#writeBehindBytes = Math.min(WRITE_BEHIND_BYTES, segmentBytes / 8);
    this.end = end;
    this.#askedTo = end;
  }

  /** Appends records, all of them: when this throws, the segment ends where it did. */
  async append(records: Gathering): Promise<void> {
    // Else the first write begins at once: what the caller does next, it does meanwhile.
    if (this.#torn) await this.cutBack();
    try {
      this.#torn = true;
      let { end } = this;
      for (let piece = records.next(); piece !== undefined; piece = records.next()) {
        await writeFully(this.#file, piece, end);
        end += piece.length;
      }
      this.end = end;
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
}
