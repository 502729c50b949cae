/**
 * Reading records in order, over all segments.
 *
 * @module
 */

import type { Disk } from "./disk.ts";
import { type DiskError, isDiskError, isNotFound } from "./errors.ts";
import type { Finding } from "./finding.ts";
import { type RecordHeader, SEGMENT_HEADER_BYTES } from "./format.ts";
import type { Segment } from "./segment.ts";
import { type RecordAt, SegmentInput } from "./segment_input.ts";
import { findingOf, missing } from "./survey.ts";

/** What the next read gives. */
export type ReadResult =
  /** A record. The payload is valid until the next read, unless it lies in memory you gave. */
  | { type: "record"; header: RecordHeader; payload: Uint8Array }
  /** Records are lost, and the next read goes on behind them. */
  | { type: "lost"; finding: Finding }
  /** There is no further record yet. */
  | { type: "end" }
  /** The disk refused to read; the next read tries again. */
  | { type: "failed"; error: DiskError };

/** What a reader needs of a store. */
export interface ReaderSource {
  readonly disk: Disk;
  /** Oldest first; the last one grows. */
  readonly segments: readonly Segment[];
  /** Called with how many records are lost. */
  lost(records: number): void;
  /** Those that have a file open, where segments are deleted meanwhile. */
  readonly readers?: Set<SpillReader>;
}

const BUFFER_BYTES_MIN = 64 * 1024;

/** Reads a store's records from a place on. Calls of one reader must not overlap. */
export class SpillReader implements Disposable {
  readonly #source: ReaderSource;
  /** Sequence of the record to come. */
  #sequence: number;
  #open: { segment: Segment; input: SegmentInput } | undefined;
  /** Where in the open segment the next record begins, and the least sequence it can have. */
  #position = 0;
  #least = 0;
  #reading = false;
  #buffer = new Uint8Array(0);

  /** Reads what has a sequence of at least `sequence`. */
  constructor(source: ReaderSource, sequence: number) {
    this.#source = source;
    this.#sequence = sequence;
  }

  /** Sequence of the record the next read is to give. */
  get sequence(): number {
    return this.#sequence;
  }

  /**
   * Reads the next record. Its payload goes where `place`, called with its
   * length in bytes, says, else to a buffer of the reader's own, which begins at
   * a multiple of 8. A record longer than the buffer gets a longer one, so the
   * reader holds as much memory as the longest record so far.
   */
  async next(place?: (payloadBytes: number) => Uint8Array | undefined): Promise<ReadResult> {
    this.#reading = true;
    try {
      // Bounded: every turn leads on, by a record or by a segment.
      while (true) {
        const open = this.#open;
        const result = open === undefined
          ? await this.#enter()
          : await this.#step(open.segment, open.input, place);
        if (result !== undefined) return result;
      }
    } catch (error) {
      if (!isDiskError(error)) throw error;
      this.#leave();
      return { type: "failed", error };
    } finally {
      this.#reading = false;
    }
  }

  /** Closes the file of a segment that was removed, unless there is more to read of it. */
  release(segment: Segment): void {
    const done = !this.#reading && this.#sequence >= segment.nextSequence;
    if (done && this.#open?.segment === segment) this.#leave();
  }

  /** Gives up the next `records` records, which are counted as lost: for one that can't be read. */
  skip(records = 1): void {
    this.#sequence += records;
    this.#source.lost(records);
  }

  /** Closes the file it reads. */
  [Symbol.dispose](): void {
    this.#leave();
  }

  /** Opens the segment the next record is in; gives what there is to tell if it can't. */
  async #enter(): Promise<ReadResult | undefined> {
    const { disk, segments, readers } = this.#source;
    if (!(this.#sequence < (segments.at(-1)?.nextSequence ?? 0))) return { type: "end" };
    // INVARIANT: the last one at least is found.
    const segment = segments.find(({ nextSequence }) => nextSequence > this.#sequence)!;
    const { name, nextSequence } = segment;
    try {
      const file = await disk.open(name, "read");
      this.#open = { segment, input: new SegmentInput(file, segment.marker, segment.bytes) };
    } catch (error) {
      if (!isNotFound(error)) throw error;
      // Somebody else removed it, and no later read would find it.
      const finding = missing(name, 0, this.#sequence, nextSequence);
      return this.#lost({ ...finding, actual: "no such file" }, nextSequence);
    }
    readers?.add(this);
    this.#position = SEGMENT_HEADER_BYTES;
    this.#least = segment.firstSequence;
    return undefined;
  }

  #leave(): void {
    this.#open?.input[Symbol.dispose]();
    this.#open = undefined;
    this.#source.readers?.delete(this);
  }

  /** Takes one step in the open segment; `undefined` if that gave nothing to tell. */
  async #step(
    segment: Segment,
    input: SegmentInput,
    place: ((payloadBytes: number) => Uint8Array | undefined) | undefined,
  ): Promise<ReadResult | undefined> {
    const { name, bytes, nextSequence } = segment;
    input.end = bytes;
    const step = await input.step(this.#position, this.#least);
    // Behind its last record may lie what was cut off, if the disk never heard of the cut.
    if (step.type === "record" && step.header.sequence < nextSequence) {
      return await this.#record(name, input, step, place);
    }
    if (step.type === "damage") {
      const to = Math.min(step.nextSequence ?? nextSequence, nextSequence);
      const finding = findingOf(step, name, this.#sequence);
      this.#position = step.next;
      return this.#lost({ ...finding, records: to - this.#sequence }, to);
    }
    if (this.#sequence < nextSequence) {
      return this.#lost(missing(name, bytes, this.#sequence, nextSequence), nextSequence);
    }
    // Appended meanwhile.
    if (segment.bytes > bytes) return undefined;
    if (segment === this.#source.segments.at(-1)) return { type: "end" };
    this.#leave();
    return undefined;
  }

  async #record(
    name: string,
    input: SegmentInput,
    record: RecordAt,
    place: ((payloadBytes: number) => Uint8Array | undefined) | undefined,
  ): Promise<ReadResult | undefined> {
    const { header } = record;
    const { sequence } = header;
    if (sequence > this.#sequence) {
      return this.#lost(missing(name, record.position, this.#sequence, sequence), sequence);
    }
    if (sequence === this.#sequence) {
      const payload = place?.(header.payloadBytes) ?? this.#room(header.payloadBytes);
      if (payload.length !== header.payloadBytes) {
        throw new RangeError(
          `expected room for ${header.payloadBytes} bytes, got ${payload.length}`,
        );
      }
      const problem = await input.payload(record, payload);
      this.#goOn(record);
      if (problem === undefined) {
        this.#sequence += 1;
        return { type: "record", header, payload };
      }
      const bad = { type: "bad_payload", record, ...problem } as const;
      return this.#lost(findingOf(bad, name, sequence), sequence + 1);
    }
    this.#goOn(record);
    return undefined;
  }

  #goOn(record: RecordAt): void {
    this.#position = record.next;
    this.#least = record.header.sequence + 1;
  }

  /** Tells of records that are lost, if they are among those to be read. */
  #lost(finding: Finding, to: number): ReadResult | undefined {
    if (to <= this.#sequence) return undefined;
    this.#source.lost(to - this.#sequence);
    this.#sequence = to;
    return { type: "lost", finding: { ...finding, action: "skipped" } };
  }

  #room(bytes: number): Uint8Array {
    if (this.#buffer.length < bytes) {
      this.#buffer = new Uint8Array(Math.max(BUFFER_BYTES_MIN, bytes));
    }
    return this.#buffer.subarray(0, bytes);
  }
}
