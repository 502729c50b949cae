/**
 * The recorder: a tap that writes every chunk to a directory.
 *
 * ```text
 *   tap ─▶ ring in memory ─▶ append ─▶ segment file ─▶ fsync, every 100 ms
 *            full: reading waits, or the recording ends
 * ```
 *
 * What is there after which call, in one sentence: **what `stats().recordedBytes`
 * counts is in the files and survives the death of the process; what
 * `unsyncedBytes` leaves of it survives the power, too; `close()` leaves none.**
 *
 * @module
 */

import { withResolvers } from "../deferred.ts";
import { OptionError } from "../errors.ts";
import { tell } from "../tell.ts";
import type { Chunk, Tap } from "../reader/tap.ts";
import type { Disk } from "../spill/disk.ts";
import type { FindingList } from "../spill/finding.ts";
import { type RecordInfo, RecordKind } from "../spill/format.ts";
import { openSpill } from "../spill/open.ts";
import { checkInfo } from "../spill/options.ts";
import type { SpillStore } from "../spill/store.ts";
import { ChunkQueue } from "./chunk_queue.ts";
import { type RecordingEnd, RecordingError } from "./errors.ts";
import { type RecorderOptions, type RecorderSettings, settleRecorder } from "./options.ts";
import { newRecorderStats, type RecorderStats } from "./stats.ts";

/** A recording under way. */
export interface Recorder extends AsyncDisposable {
  /**
   * To be given to `connect()`. Records each chunk under a connection number
   * that goes on from what the directory has already. Calls must not overlap.
   */
  readonly tap: Tap;
  /** What was found wrong in the directory when it was opened, and what was done about it. */
  readonly findings: Pick<FindingList, "kept" | "total">;
  /** Why the recording ended by itself, if it did. */
  readonly error: RecordingError | undefined;
  /** Counters now. */
  stats(): RecorderStats;
  /**
   * Writes what is in memory, brings all onto the disk and gives up the
   * directory. Rejects with a {@linkcode RecordingError} if the recording ended
   * by itself, now or before.
   */
  close(): Promise<void>;
  /** {@linkcode close}, but for its error, which `stopped` has told. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens a directory to record to, anew or behind what it has. Needs
 * `--allow-read=DIR --allow-write=DIR`. Rejects with a `SpillPermissionError` that
 * names missing flags, a `SpillLockedError`, a `SpillKindError` for a directory of
 * frames, a `SpillFormatError` for files of another version, a `SpillIoError`, and an
 * `OptionError` for options that can't work.
 *
 * @example
 * ```ts ignore
 * await using recorder = await openRecorder("/var/spool/ticks");
 * await using client = await connect("localhost:9000", {
 *   framing: { type: "lines" },
 *   tap: recorder.tap,
 * });
 * for await (const batch of client) console.log(batch.count, recorder.stats().recordedBytes);
 * ```
 */
export async function openRecorder(
  directory: string | Disk,
  options: RecorderOptions = {},
): Promise<Recorder> {
  const settings = settleRecorder(options);
  // Before anybody has the directory, since it may fail.
  const queue = allocate(settings.bufferBytes);
  const { segmentBytes, maxBytes } = options;
  const store = await openSpill(directory, { segmentBytes, maxBytes, kind: "recording" });
  const path = typeof directory === "string" ? directory : directory.path;
  return new DirectoryRecorder(store, path, settings, queue);
}

function allocate(bufferBytes: number): ChunkQueue {
  try {
    return new ChunkQueue(bufferBytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new OptionError("bufferBytes", "bytes that memory has", bufferBytes);
  }
}

/** What a recording ended of. */
interface Ended {
  reason: RecordingEnd;
  why: string;
  cause?: unknown;
}

class DirectoryRecorder implements Recorder {
  readonly tap: Tap = (chunk) => this.#take(chunk);
  readonly findings: Pick<FindingList, "kept" | "total">;
  readonly #store: SpillStore;
  readonly #directory: string;
  readonly #settings: RecorderSettings;
  readonly #queue: ChunkQueue;
  readonly #stats = newRecorderStats();
  /** The directory's connections up to here are others'. */
  readonly #epochBefore: number;
  /** Resolves when the writer has ended. */
  readonly #writing: Promise<void>;
  /** From here on, what comes is lost. */
  #ended: Ended | undefined;
  #error: RecordingError | undefined;
  #closing = false;
  #waiting = 0;
  #syncDue = false;
  #syncTimer: ReturnType<typeof setTimeout> | undefined;
  /** Wakes the writer. */
  #wake = withResolvers<void>();
  /** Resolved when the queue has got shorter, or the recording ended. */
  #room = withResolvers<void>();

  constructor(
    store: SpillStore,
    directory: string,
    settings: RecorderSettings,
    queue: ChunkQueue,
  ) {
    this.#store = store;
    this.#directory = directory;
    this.#settings = settings;
    this.#queue = queue;
    this.#epochBefore = store.last.epoch;
    this.findings = store.findings;
    this.#writing = this.#write();
  }

  get error(): RecordingError | undefined {
    return this.#error;
  }

  stats(): RecorderStats {
    return { ...this.#stats, bufferedBytes: this.#queue.bytes };
  }

  async close(): Promise<void> {
    await this[Symbol.asyncDispose]();
    if (this.#error !== undefined) throw this.#error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    this.#wake.resolve();
    await this.#writing;
    await this.#store.close();
  }

  #take({ bytes, epoch, streamOffset, timeMicros }: Chunk): void | Promise<void> {
    const info = {
      kind: RecordKind.chunk,
      epoch: this.#epochBefore + epoch,
      streamOffset,
      frameCount: 0,
      timeMicros,
    };
    checkInfo(info, bytes.length);
    const { bufferBytes, whenBehind } = this.#settings;
    if (!this.#queue.takes(bytes.length)) {
      throw new RangeError(
        `expected a chunk that fits into bufferBytes, ${bufferBytes}, got ${bytes.length} bytes`,
      );
    }
    this.#stats.receivedChunks += 1;
    this.#stats.receivedBytes += bytes.length;
    if (this.#ended !== undefined || this.#closing) return this.#lose(bytes.length);
    if (this.#queue.fits(bytes.length)) return this.#put(info, bytes);
    if (whenBehind === "pause") {
      // A copy: a client that ends meanwhile frames the chunk, which may undo escapes in place.
      return this.#wait(info, bytes.slice());
    }
    const why = `the disk was behind the feed by more than bufferBytes, ${bufferBytes}`;
    this.#ended = { reason: "behind", why };
    this.#wake.resolve();
    return this.#lose(bytes.length);
  }

  #put(info: RecordInfo, bytes: Uint8Array): void {
    this.#queue.push(info, bytes);
    this.#wake.resolve();
  }

  /** Counts bytes that nobody records; ends the feed for it, if it is to, when the rest is on disk. */
  #lose(bytes: number): void | Promise<void> {
    this.#stats.lostBytes += bytes;
    if (this.#ended === undefined || this.#settings.whenEnded === "go_on") return;
    return this.#writing.then(() => {
      throw this.#error;
    });
  }

  async #wait(info: RecordInfo, bytes: Uint8Array): Promise<void> {
    const since = performance.now();
    this.#stats.waits += 1;
    this.#waiting += 1;
    tell(this.#settings, { type: "behind", bufferedBytes: this.#queue.bytes });
    while (!this.#queue.resumes(bytes.length) && this.#ended === undefined) {
      await this.#room.promise;
    }
    const waitedMs = performance.now() - since;
    this.#stats.waitedMs += waitedMs;
    this.#waiting -= 1;
    if (this.#ended !== undefined) return await this.#lose(bytes.length);
    this.#put(info, bytes);
    tell(this.#settings, { type: "caught_up", waitedMs });
  }

  /** Writes and syncs until the recording ends. Never rejects. */
  async #write(): Promise<void> {
    while (true) {
      const oldest = this.#queue.oldest();
      if (this.#syncDue) await this.#sync();
      else if (oldest !== undefined) await this.#append(oldest.info, this.#queue.parts(oldest));
      else if (this.#ended !== undefined || this.#closing && this.#waiting === 0) break;
      else {
        this.#wake = withResolvers();
        await this.#wake.promise;
      }
    }
    // Records behind a refused one can't be there: what was refused is not tried again.
    if (this.#stats.unsyncedBytes > 0) await this.#sync();
    clearTimeout(this.#syncTimer);
    if (this.#ended === undefined) return;
    const { reason, why, cause } = this.#ended;
    this.#error = new RecordingError(this.#directory, reason, why, this.stats(), cause);
    tell(this.#settings, { type: "stopped", error: this.#error });
  }

  async #append(info: RecordInfo, parts: readonly Uint8Array[]): Promise<void> {
    const result = await this.#store.append(info, parts);
    if (result.type === "failed") {
      return this.#fail({ reason: "disk", why: result.error.message, cause: result.error });
    }
    if (result.type === "full") {
      return this.#fail({ reason: "full", why: `maxBytes, ${result.maxBytes}, is reached` });
    }
    const bytes = parts.reduce((total, part) => total + part.length, 0);
    this.#stats.recordedChunks += 1;
    this.#stats.recordedBytes += bytes;
    this.#stats.unsyncedBytes += bytes;
    this.#queue.shift();
    this.#makeRoom();
    this.#syncTimer ??= setTimeout(() => {
      this.#syncDue = true;
      this.#wake.resolve();
    }, this.#settings.syncEveryMs);
  }

  async #sync(): Promise<void> {
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    this.#syncDue = false;
    const result = await this.#store.sync();
    if (result.type === "failed") {
      return this.#fail({ reason: "disk", why: result.error.message, cause: result.error });
    }
    this.#stats.syncs += 1;
    this.#stats.unsyncedBytes = 0;
  }

  /** Nothing can be recorded any more. */
  #fail(ended: Ended): void {
    this.#ended ??= ended;
    this.#stats.lostBytes += this.#queue.clear();
    this.#makeRoom();
  }

  #makeRoom(): void {
    this.#room.resolve();
    this.#room = withResolvers();
  }
}
