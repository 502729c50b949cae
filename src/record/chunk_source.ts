/**
 * The chunks of a recording, one after the other.
 *
 * @module
 */

import type { Chunk } from "../reader/tap.ts";
import { SpillFormatError } from "../spill/errors.ts";
import type { Finding } from "../spill/finding.ts";
import { type RecordHeader, RecordKind } from "../spill/format.ts";
import type { SpillReader } from "../spill/reader.ts";
import { type ReplaySpeed, Timeline } from "./pace.ts";

/** Which chunks are wanted. */
export interface Selection {
  /** Milliseconds after the recording's first chunk. */
  fromMs: number;
  toMs: number;
  /** Connections as they are numbered in the recording, both inclusive. */
  firstEpoch: number;
  lastEpoch: number;
}

/** A chunk to come. */
export interface SourcedChunk extends Chunk {
  /** Number of the unbroken stretch it belongs to: a connection, or what a hole left of one. */
  readonly stretch: number;
  /** When it is due, in milliseconds after the first. */
  readonly dueMs: number;
}

/** Reads ahead by one. */
export class ChunkSource {
  readonly #reader: SpillReader;
  readonly #directory: string;
  readonly #selection: Selection;
  readonly #speed: number;
  readonly #lost: (finding: Finding) => void;
  #next: Promise<SourcedChunk | undefined> | undefined;
  readonly #timeline = new Timeline();
  /** When the first chunk that is wanted came. */
  #originMs: number | undefined;
  #stretch = 0;
  #epoch = 0;
  /** Where the chunk to come has to begin to go on from the last one. */
  #streamOffset = 0;

  /** `lost` is called with what is damaged in the middle. */
  constructor(
    reader: SpillReader,
    directory: string,
    selection: Selection,
    speed: ReplaySpeed,
    lost: (finding: Finding) => void,
  ) {
    this.#reader = reader;
    this.#directory = directory;
    this.#selection = selection;
    this.#speed = speed === "flat_out" ? Infinity : speed;
    this.#lost = lost;
  }

  /** The chunk to come, the same until it is taken; `undefined` at the end. */
  peek(): Promise<SourcedChunk | undefined> {
    return this.#next ??= this.#read().catch((error) => {
      // The next one tries again.
      this.#next = undefined;
      throw error;
    });
  }

  /** Goes on to the next chunk: the bytes of the last one are not valid any more. */
  take(): void {
    this.#next = undefined;
  }

  /** Resolves when no read is under way. */
  async idle(): Promise<void> {
    await this.#next?.catch(() => {});
  }

  async #read(): Promise<SourcedChunk | undefined> {
    // Bounded by the records there are.
    while (true) {
      const result = await this.#reader.next();
      if (result.type === "end") return undefined;
      if (result.type === "failed") throw result.error;
      if (result.type === "lost") {
        this.#lost(result.finding);
        continue;
      }
      const { header, payload } = result;
      if (header.kind !== RecordKind.chunk) {
        const expected = "the chunks of a recording";
        throw new SpillFormatError(this.#directory, expected, "spilled frames");
      }
      const cameMs = this.#timeline.next(header.timeMicros);
      const { fromMs, toMs, firstEpoch, lastEpoch } = this.#selection;
      if (header.epoch > lastEpoch || cameMs > toMs) return undefined;
      if (header.epoch < firstEpoch || cameMs < fromMs) continue;
      this.#originMs ??= cameMs;
      return this.#chunkOf(header, payload, (cameMs - this.#originMs) / this.#speed);
    }
  }

  #chunkOf(header: RecordHeader, bytes: Uint8Array, dueMs: number): SourcedChunk {
    const { epoch, streamOffset, timeMicros } = header;
    // Frames must not be glued over what is missing.
    const goesOn = epoch === this.#epoch && streamOffset === this.#streamOffset;
    if (!goesOn) this.#stretch += 1;
    this.#epoch = epoch;
    this.#streamOffset = streamOffset + bytes.length;
    return { bytes, streamOffset, epoch, timeMicros, stretch: this.#stretch, dueMs };
  }
}
