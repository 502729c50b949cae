/**
 * Knows what was sent and in which order, and says what must not be: a frame
 * out of order, twice, with other bytes, or gone without having been counted.
 */
import { assert, assertEquals } from "@std/assert";
import type { Batch, HandlerStats } from "../../mod.ts";
import type { Position } from "../../src/spill/cursors.ts";
import { identify, type LaneStream } from "./feed.ts";

/** Frames of one stream, by their places among the handler's. */
interface Run {
  stream: LaneStream;
  first: number;
  end: number;
}

/** What a record on disk holds; `first` is its first frame that was not handled when the process began. */
export interface SpilledRecord extends Run {
  sequence: number;
  /** Its first frame. */
  begin: number;
  /** It may be gone: a crash came before it was synced, or it was handled. */
  uncertain: boolean;
}

/** A place in the order of what one process gives the handler: in which run, and which frame. */
interface Place {
  run: number;
  number: number;
}

/** Frames before a place. */
const BEGIN: Place = { run: 0, number: -1 };

/** Looks after one handler. */
export class Oracle {
  readonly #streams = new Map<number, LaneStream>();
  /** All that may be on disk, by sequence. */
  #records: SpilledRecord[] = [];
  /** What this process is to deliver: records that were found first, then its connections. */
  #runs: Run[] = [];
  #found: SpilledRecord[] = [];
  /** Nobody knows any more which records are there. */
  #inexact = false;
  #delivered = 0;
  #last = BEGIN;
  #handled = BEGIN;
  /** Up to here nothing is to come again, whether it was handled or not. */
  #passed: Place | undefined;
  /** How the last process ended, if it was by itself. */
  #ending: { owed: number; pending: number | undefined; clean: boolean } | undefined;

  /** Frames given to the handler in this process. */
  get delivered(): number {
    return this.#delivered;
  }

  /** Frames found on disk at the start, those that may be gone left out. */
  get foundForSure(): number {
    return framesIn(this.#found.filter(({ uncertain }) => !uncertain));
  }

  /** A process begins: its disk has records up to `last`, of which those up to `position` were handled. */
  begin(position: Position, last: Position): void {
    // What was handled may be gone, and need not: a cursor may have been in the cache only.
    for (const record of this.#records) record.uncertain ||= this.#wasHandled(record);
    const sure = this.#records.filter(({ uncertain }) => !uncertain);
    assert(
      sure.length === 0 || sure[0].sequence > position.sequence,
      `record ${sure[0]?.sequence} counts as handled, and it was not`,
    );
    const beyond = sure.find(({ sequence }) => sequence > last.sequence);
    assert(beyond === undefined, `record ${beyond?.sequence} is gone, and it was on disk`);
    this.#records = this.#records.filter(({ sequence }) => sequence <= last.sequence)
      .sort((a, b) => a.sequence - b.sequence);
    this.#inexact ||= this.#records.some(({ sequence }, i) =>
      sequence === this.#records[i + 1]?.sequence
    );
    this.#checkEnded(position, last);
    this.#beginRecords(position);
    this.#found = this.#records.filter(({ sequence }) => sequence > position.sequence);
    this.#runs = [...this.#found];
    this.#delivered = 0;
    this.#last = BEGIN;
    this.#handled = BEGIN;
    this.#passed = undefined;
  }

  /** Of the first record that comes again, what a handler was done with may be left out. */
  #beginRecords({ sequence, handledFrames = 0 }: Position): void {
    for (const record of this.#records) {
      const left = this.#behind(record, this.#passed ?? this.#handled);
      const done = record.end - record.begin - left;
      const first = record.sequence === sequence + 1 ? record.begin + handledFrames : record.begin;
      assert(
        record.uncertain || first <= record.begin + done,
        `${handledFrames} frames of record ${sequence + 1} count as handled, ${done} were`,
      );
      record.first = Math.min(first, record.end - 1);
    }
  }

  /** A connection begins. */
  connected(stream: LaneStream): void {
    this.#streams.set(stream.id, stream);
    this.#runs.push({ stream, first: 0, end: stream.frames });
  }

  /** A record was asked to be written. It counts from now on, but may be gone: one that was refused may be there in part, or all of it. */
  appending(sequence: number, epoch: number, streamOffset: number, count: number): SpilledRecord {
    const stream = this.#runs.findLast(({ stream }) => stream.epoch === epoch)?.stream;
    assert(stream !== undefined, `a record of connection ${epoch}, which never was`);
    const first = stream.at(streamOffset);
    assert(first !== undefined, `a record begins with a frame of another handler`);
    assertEquals(streamOffset, stream.starts[first], "a record begins within a frame");
    const own = { sequence, begin: first, uncertain: true };
    const record = { ...own, stream, first, end: first + count };
    this.#records.push(record);
    return record;
  }

  /** Records were written, in the place of those that were refused before. */
  written(records: readonly SpilledRecord[]): void {
    const [first] = records;
    const at = this.#records.indexOf(first);
    this.#records = this.#records.filter(({ sequence }, i) => i >= at || sequence < first.sequence);
    for (const record of records) record.uncertain = false;
  }

  /** What was refused could not be cut off at once: it comes again if that can never be done. */
  uncut(): void {
    this.#inexact = true;
  }

  /** The process died: records that were written so far are there for sure, others may be. */
  crashed(sureUpTo: number): void {
    this.#inexact ||= sureUpTo < Infinity;
    for (const record of this.#records) record.uncertain ||= record.sequence > sureUpTo;
  }

  /**
   * The process has ended by itself, with all that it knew of delivered or
   * counted: none of it comes back if `clean`, and what it never read is still there.
   */
  ended(stats: HandlerStats, clean: boolean): void {
    const { framesPending, framesRecovered, framesLostOnDisk } = stats;
    const owed = Math.max(0, this.foundForSure - framesRecovered);
    const unread = framesIn(this.#found) - framesRecovered;
    const exact = !this.#inexact && framesLostOnDisk === 0;
    const pending = exact ? framesPending + unread : undefined;
    this.#ending = { owed, pending, clean: clean && owed === 0 && pending === 0 };
  }

  /** The process found no server, and had no handler: all that was on disk is still there. */
  neverStarted(): void {
    this.#ending = { owed: this.foundForSure, pending: undefined, clean: false };
  }

  /** Records could not be read: nobody knows which. */
  lost(): void {
    this.#inexact = true;
    for (const record of this.#records) record.uncertain = true;
  }

  /** The process ends, and has said that it needs nothing up to a position any more. */
  passed({ sequence }: Position): void {
    this.#passed = this.#last;
    for (const record of this.#records) record.uncertain ||= record.sequence <= sequence;
  }

  /** A handler was given a batch: contents, order, once. Gives the place behind it. */
  given(batch: Batch): Place {
    for (let i = 0; i < batch.count; i++) {
      const { id, number } = identify(batch, i);
      const stream = this.#streams.get(id);
      assert(stream !== undefined, `a frame of connection ${id}, which never was`);
      const problem = stream.problem(batch, i, number);
      assert(problem === undefined, `frame ${number} of connection ${id}: ${problem}`);
      const place = stream.placeOf(number);
      assert(place !== undefined, `frame ${number} of connection ${id} is another handler's`);
      this.#advance(stream, place);
    }
    this.#delivered += batch.count;
    return this.#last;
  }

  /** Throws if a batch on loan has changed. */
  stillTheSame(batch: Batch): void {
    for (let i = 0; i < batch.count; i++) {
      const { id, number } = identify(batch, i);
      const problem = this.#streams.get(id)?.problem(batch, i, number);
      assert(problem === undefined, `held frame ${number} of connection ${id}: ${problem}`);
    }
  }

  /** The handler has given back all up to a place. */
  handled(place: Place): void {
    this.#handled = place;
  }

  #checkEnded(position: Position, last: Position): void {
    if (this.#ending === undefined) return;
    const { owed, pending, clean } = this.#ending;
    this.#ending = undefined;
    const waiting = this.#records.filter(({ sequence }) => sequence > position.sequence);
    const come = waiting.reduce((sum, record) => sum + this.#behind(record, this.#last), 0);
    assertEquals(come, pending ?? come, "frames that come again, and that were said to wait");
    const left = framesIn(this.#found.filter(({ sequence }) => sequence > position.sequence));
    assert(left >= owed, `${owed} frames on disk were neither read nor counted, ${left} are left`);
    if (clean) assertEquals(position.sequence, last.sequence, "what was dropped comes back");
  }

  #advance(stream: LaneStream, number: number): void {
    const { run: from, number: before } = this.#last;
    for (let i = from; i < this.#runs.length; i++) {
      const run = this.#runs[i];
      const least = i === from ? before + 1 : run.first;
      if (run.stream === stream && number >= Math.max(least, run.first) && number < run.end) {
        this.#checkSkipped(from, i, number);
        this.#last = { run: i, number };
        return;
      }
    }
    const at = this.#runs[from]?.stream.id;
    throw new Error(
      `frame ${number} of connection ${stream.id} came behind frame ${before} of ${at}`,
    );
  }

  /** Records that were found and are there for sure come whole. */
  #checkSkipped(from: number, to: number, number: number): void {
    for (let i = from; i <= Math.min(to, this.#found.length - 1); i++) {
      const next = i === from && this.#last.number >= 0
        ? this.#last.number + 1
        : this.#runs[i].first;
      const end = i === to ? number : this.#runs[i].end;
      const { uncertain, sequence } = this.#found[i];
      const skipped = Math.max(0, end - next);
      assert(uncertain || skipped === 0, `${skipped} frames of record ${sequence} did not come`);
    }
  }

  /** Whether the last frame of a record was given back by the handler of the process that ends. */
  #wasHandled(record: SpilledRecord): boolean {
    return this.#behind(record, this.#handled) === 0;
  }

  /** Frames of a record that lie behind a place in what the process that ends gave to the handler. */
  #behind(record: SpilledRecord, { run, number }: Place): number {
    const { first, end, stream } = record;
    const found = this.#found.indexOf(record);
    const own = found >= 0 ? found : this.#runs.findIndex(
      (run, i) => run.stream === stream && i >= this.#found.length,
    );
    if (own !== run) return own < run ? 0 : end - first;
    return Math.max(0, end - Math.max(first, number + 1));
  }
}

function framesIn(runs: readonly Run[]): number {
  return runs.reduce((sum, { first, end }) => sum + end - first, 0);
}
