/**
 * The spill store: records appended to a directory of segments, read back in
 * order, and deleted when all have passed them.
 *
 * What is on disk after which call, in one sentence: **when `sync()` has
 * resolved with `synced`, every record appended before that call and every
 * position acknowledged before it survive the death of the process, of the
 * operating system and of the power; what was appended later survives the death
 * of the process only.**
 *
 * @module
 */

import { OptionError, SpillwayError } from "../errors.ts";
import { type Cursor, type Cursors, isBehind, type Position } from "./cursors.ts";
import type { Disk } from "./disk.ts";
import { isDiskError, isDiskFull } from "./errors.ts";
import { Exclusive } from "../exclusive.ts";
import type { FindingList } from "./finding.ts";
import { recordBytes, type RecordInfo, SEGMENT_HEADER_BYTES } from "./format.ts";
import { checkInfo, type OpenOptions } from "./options.ts";
import { type Deletable, Passed } from "./passed.ts";
import { SpillReader } from "./reader.ts";
import { Gathering } from "./record_gathering.ts";
import type { GivenRecord } from "./record_store.ts";
import type { Recovered } from "./recovery.ts";
import type { AppendResult, SpillStats, SyncResult } from "./result.ts";
import { createSegment, type Segment } from "./segment.ts";
import { SegmentOutput } from "./segment_output.ts";

/** A directory of records. One writer, any number of readers. */
export class SpillStore implements AsyncDisposable {
  /** What was found wrong when the directory was opened, and what was done about it. */
  readonly findings: Pick<FindingList, "kept" | "total">;
  readonly #disk: Disk;
  readonly #lock: Disposable;
  readonly #options: Required<OpenOptions>;
  readonly #exclusive = new Exclusive();
  /** What is to be appended, oldest first. */
  readonly #waiting: Gathering[] = [];
  /** To gather it in. */
  readonly #buffers: Uint8Array[] = [];
  readonly #segments: Segment[];
  readonly #cursors: Cursors;
  readonly #source: Deletable;
  readonly #passed: Passed;
  readonly #stats = {
    appendedRecords: 0,
    appendedBytes: 0,
    fullAppends: 0,
    failedAppends: 0,
    syncs: 0,
    lostRecords: 0,
    deletedSegments: 0,
    failedDeletions: 0,
  };
  /** The last segment, if it may be appended to. */
  #output: SegmentOutput | undefined;
  #nextNumber: number;
  #nextSequence: number;
  #lastEpoch: number;
  /** Up to here records are on disk. */
  #syncedSequence: number;
  #closed = false;

  /** Takes over what `recover` found; `output` appends to the last segment. */
  constructor(
    disk: Disk,
    lock: Disposable,
    options: Required<OpenOptions>,
    recovered: Recovered,
    output: SegmentOutput | undefined,
  ) {
    this.#disk = disk;
    this.#lock = lock;
    this.#options = options;
    this.#segments = recovered.segments;
    this.#cursors = recovered.cursors;
    this.#nextNumber = recovered.nextNumber;
    this.#nextSequence = recovered.nextSequence;
    this.#lastEpoch = recovered.lastEpoch;
    this.#syncedSequence = recovered.nextSequence - 1;
    this.findings = recovered.findings;
    this.#output = output;
    this.#source = {
      disk,
      segments: this.#segments,
      lost: (records) => this.#stats.lostRecords += records,
      readers: new Set(),
    };
    this.#passed = new Passed(this.#source, this.#cursors, this.#stats);
  }

  /** Position of the last record ever appended; a new connection's epoch has to be higher. */
  get last(): Position {
    return { epoch: this.#lastEpoch, sequence: this.#nextSequence - 1 };
  }

  /** Up to this sequence records are on disk. */
  get syncedSequence(): number {
    return this.#syncedSequence;
  }

  /** All counters, as they stand. */
  stats(): SpillStats {
    const sum = (of: (segment: Segment) => number) =>
      this.#segments.reduce((total, segment) => total + of(segment), 0);
    return {
      ...this.#stats,
      bytes: sum((segment) => segment.bytes),
      records: sum((segment) => segment.nextSequence - segment.firstSequence),
      segments: this.#segments.length,
    };
  }

  /**
   * Appends a record whose payload is `parts` one after the other, at most 256
   * MiB. They must not change before this resolves.
   * Throws a `RangeError` for what no record can have.
   */
  append(info: RecordInfo, parts: readonly Uint8Array[]): Promise<AppendResult> {
    return this.appendAll([{ info, parts }]);
  }

  /**
   * Appends records, at least one, all of them into one segment, or none: the
   * fewer writes, the faster. `sequence` is what the first is to have: they are
   * `overtaken` if it would have another, because a call before this one failed.
   * Else as {@linkcode append}.
   */
  appendAll(records: readonly GivenRecord[], sequence?: number): Promise<AppendResult> {
    const sized = records.map(({ info, parts }) => {
      const payloadBytes = parts.reduce((total, part) => total + part.length, 0);
      checkInfo(info, payloadBytes);
      return { info, parts, payloadBytes };
    });
    const gathering = new Gathering(sized, this.#buffers);
    if (!this.#closed) this.#waiting.push(gathering);
    return this.#run(async () => {
      this.#waiting.shift();
      using _ = gathering;
      try {
        if (sequence !== undefined && sequence !== this.#nextSequence) return { type: "overtaken" };
        return await this.#append(gathering);
      } catch (error) {
        if (!isDiskError(error)) throw error;
        this.#stats.failedAppends += 1;
        if (isDiskFull(error)) await this.#giveRoom();
        return { type: "failed", error };
      }
    });
  }

  /** Brings all that was appended and acknowledged onto the disk, and deletes what all cursors have passed. */
  sync(): Promise<SyncResult> {
    return this.#run(async () => {
      try {
        await this.#syncRecords();
        await this.#storeCursors();
        await this.#passed.delete();
        await this.#claim();
      } catch (error) {
        if (!isDiskError(error)) throw error;
        return { type: "failed", error, acknowledged: this.#cursors.allInFiles };
      }
      this.#stats.syncs += 1;
      return { type: "synced", sequence: this.#syncedSequence };
    });
  }

  /** A reader of all records from `sequence` on, the oldest there is by default. Dispose it before the store. */
  reader(sequence = this.#oldestSequence()): SpillReader {
    return new SpillReader(this.#source, Math.max(sequence, this.#oldestSequence()));
  }

  /**
   * Registers a named handler, if it is not registered yet, and gives its
   * acknowledged position. A new one begins at the oldest record. From now on,
   * restarts included, records are kept until it has acknowledged them. Throws a
   * `SpillIoError` if that can't be put on disk.
   */
  registerCursor(name: string): Promise<Position> {
    return this.#run(async () => {
      const known = this.#cursors.get(name);
      if (known !== undefined) return known.acknowledged;
      const before = { epoch: 0, sequence: this.#oldestSequence() - 1 };
      return (await this.#cursors.register(name, before)).acknowledged;
    });
  }

  /** Names and acknowledged positions of all registered handlers. */
  cursors(): { name: string; acknowledged: Position; stored: Position }[] {
    return Array.from(this.#cursors.all(), ({ name, acknowledged, stored }) => ({
      name,
      acknowledged,
      stored,
    }));
  }

  /** A named handler is done with all up to `position`; on disk after the next sync. */
  acknowledge(name: string, position: Position): void {
    const { sequence, handledFrames = 0 } = position;
    this.#checkPassed(handledFrames > 0 ? sequence + 1 : sequence);
    const cursor: Cursor | undefined = this.#cursors.get(name);
    if (cursor === undefined) throw new OptionError("cursor", "a registered name", name);
    // Records may come again after a restart; a cursor goes forward only.
    if (isBehind(position, cursor.acknowledged)) cursor.acknowledged = { ...position };
  }

  /** Ends what is under way and gives up the lock. Does not sync. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#exclusive.run(async () => {
      // A disk that still refuses has been told of.
      await this.#output?.cutBack().catch(() => {});
      await this.#output?.settled();
      this.#output?.[Symbol.dispose]();
      this.#lock[Symbol.dispose]();
    });
  }

  /** {@linkcode close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#closed) {
      return Promise.reject(new SpillwayError("expected an open spill store, got a closed one"));
    }
    return this.#exclusive.run(task);
  }

  async #append(gathering: Gathering): Promise<AppendResult> {
    this.#output?.failIfLost();
    const { records } = gathering;
    const bytes = records.reduce((sum, { payloadBytes }) => sum + recordBytes(payloadBytes), 0);
    if (!await this.#makeRoom(bytes)) {
      this.#stats.fullAppends += 1;
      return { type: "full", bytes, maxBytes: this.#options.maxBytes };
    }
    // INVARIANT: where there is room there is an output, and it writes the last segment.
    const output = this.#output!;
    const segment = this.#segments.at(-1)!;
    gathering.begin(output.marker, this.#nextSequence);
    const appending = output.append(gathering);
    this.#gatherNext(output.marker, this.#nextSequence + records.length);
    await appending;
    this.#nextSequence += records.length;
    segment.nextSequence = this.#nextSequence;
    segment.bytes = output.end;
    this.#lastEpoch = Math.max(this.#lastEpoch, ...records.map(({ info }) => info.epoch));
    this.#stats.appendedRecords += records.length;
    this.#stats.appendedBytes += bytes;
    return { type: "appended", sequence: this.#nextSequence - 1, bytes };
  }

  /** While the disk is at the records before. */
  #gatherNext(marker: Uint8Array, sequence: number): void {
    try {
      this.#waiting[0]?.begin(marker, sequence);
    } catch {
      // There may be no memory for it. It is tried again, and told, when it is its turn.
    }
  }

  /** Goes on in a new segment if the last one is full; false if all segments together are. */
  async #makeRoom(bytes: number): Promise<boolean> {
    const { segmentBytes, maxBytes } = this.#options;
    const last = this.#segments.at(-1);
    const filled = last !== undefined && last.nextSequence > last.firstSequence;
    let rotates = this.#output === undefined || filled && last.bytes + bytes > segmentBytes;
    const exceeds = () => this.#bytes() + bytes + (rotates ? SEGMENT_HEADER_BYTES : 0) > maxBytes;
    // The disk may have refused it before.
    if (exceeds()) await this.#passed.delete();
    if (exceeds()) {
      if (!this.#lastEndsBy(this.#passed.sequence)) return false;
      // INVARIANT: it is there, since it ends.
      const left = this.#bytes() - last!.bytes;
      if (left + SEGMENT_HEADER_BYTES + bytes > maxBytes) return false;
      rotates = true;
    }
    if (rotates) await this.#rotate();
    await this.#passed.delete();
    return true;
  }

  /** Whether all of the last segment, if there is any, is up to `sequence`: it is deleted like the others, once there is another. */
  #lastEndsBy(sequence: number): boolean {
    const last = this.#segments.at(-1);
    if (last === undefined || last.nextSequence === last.firstSequence) return false;
    return last.nextSequence <= sequence + 1;
  }

  #bytes(): number {
    return this.#segments.reduce((total, segment) => total + segment.bytes, 0);
  }

  /** Begins a new segment. The old one is cut back and synced first, so that only the last can be torn. */
  async #rotate(): Promise<void> {
    await this.#syncRecords();
    const number = this.#nextNumber;
    // Should it fail, the name is not used again: a sync that failed may have forgotten it.
    this.#nextNumber += 1;
    const { segment, file } = await createSegment(
      this.#disk,
      number,
      this.#nextSequence,
      this.#lastEpoch,
      this.#options.kind,
    );
    this.#output?.[Symbol.dispose]();
    this.#segments.push(segment);
    const { segmentBytes } = this.#options;
    this.#output = new SegmentOutput(file, segment.marker, segment.bytes, segmentBytes);
  }

  async #syncRecords(): Promise<void> {
    this.#output?.failIfLost();
    await this.#output?.cutBack();
    if (this.#syncedSequence === this.#nextSequence - 1 && !this.#output?.cutUnsynced) return;
    // INVARIANT: records beyond the synced ones are in the last segment.
    await this.#output?.sync();
    this.#syncedSequence = this.#nextSequence - 1;
  }

  /** Puts positions on disk. Where it is too full for that, what all have acknowledged makes room. */
  async #storeCursors(): Promise<void> {
    try {
      await this.#cursors.store();
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      await this.#giveRoom();
      await this.#cursors.store();
    }
  }

  /**
   * Deletes what all have acknowledged, though no position on a full disk says so:
   * what is not there comes again no more. Whoever tries again finds the room.
   */
  async #giveRoom(): Promise<void> {
    const { acknowledged } = this.#passed;
    try {
      if (this.#lastEndsBy(acknowledged)) await this.#rotate();
    } catch (error) {
      if (!isDiskError(error)) throw error;
    }
    await this.#passed.delete(acknowledged);
  }

  /** What was taken over is of this kind once that is synced, not first when something is appended. */
  async #claim(): Promise<void> {
    const last = this.#segments.at(-1);
    if (last !== undefined && last.kind !== this.#options.kind) await this.#rotate();
  }

  #oldestSequence(): number {
    return this.#segments[0]?.firstSequence ?? this.#nextSequence;
  }

  #checkPassed(sequence: number): void {
    const last = this.#nextSequence - 1;
    if (!(Number.isInteger(sequence) && sequence >= 0 && sequence <= last)) {
      throw new RangeError(`expected a sequence from 0 to ${last}, got ${sequence}`);
    }
  }
}
