/**
 * The replay: a recording as if it came from the wire.
 *
 * @module
 */

import { OptionError, TIMER_MS_MAX } from "../errors.ts";
import { tell } from "../tell.ts";
import type { Chunk } from "../reader/tap.ts";
import { sleep } from "../reconnect.ts";
import type { Disk } from "../spill/disk.ts";
import type { Finding } from "../spill/finding.ts";
import { readSpill } from "../spill/inspect.ts";
import type { SpillReader } from "../spill/reader.ts";
import type { Dialer, Transport } from "../transport/transport.ts";
import { ChunkSource, type Selection, type SourcedChunk } from "./chunk_source.ts";
import type { Clock, ReplaySpeed } from "./pace.ts";

/** What a replay tells. */
export type ReplayEvent =
  /** The recording was cut off inside a chunk: it ends before that one. */
  | { type: "torn"; finding: Finding }
  /** Chunks are damaged or missing: the connection ends there, and the next begins behind the hole. */
  | { type: "lost"; finding: Finding }
  /** A recorded connection begins. `streamOffset` is not 0 if its beginning is not there or was not asked for. */
  | { type: "connection"; epoch: number; streamOffset: number; timeMicros: number };

/** Options of `openReplay()`. */
export interface ReplayOptions {
  /** 1 is as it came, 2 twice as fast, `"flat_out"` as fast as it is taken. Default 1. */
  speed?: ReplaySpeed;
  /** Begin so many milliseconds behind the recording's first chunk, which may be inside a frame. Default 0. */
  fromMs?: number;
  /** End before the first chunk that came later than so many milliseconds behind the first. Default: all. */
  toMs?: number;
  /** Connections to replay, by their numbers in the recording, both ends inclusive. Default: all. */
  epochs?: { first?: number; last?: number };
  /** Called with each event. */
  onEvent?: (event: ReplayEvent) => void;
}

/** Counters of a replay. */
export interface ReplayStats {
  /** Connections begun. */
  connections: number;
  /** Chunks that were taken whole. */
  chunks: number;
  /** Bytes taken. */
  bytes: number;
  /** Bytes passed over because their connection was closed before its end. */
  skippedBytes: number;
  /** Chunks that are damaged or missing. */
  lostChunks: number;
  /** Bytes that were sent to the recording, which nobody heard. */
  writtenBytes: number;
}

/**
 * A recording being replayed. Give it to `connect()` as the target: each
 * recorded connection is one, so with `reconnect` the client goes through all
 * of them and ends with `exhausted`. Or iterate over its chunks. Not both.
 */
export interface Replay extends Dialer, AsyncIterable<Chunk>, AsyncDisposable {
  /** The next recorded connection, once its first chunk is due; `null` behind the last. */
  dial(signal: AbortSignal): Promise<Transport | null>;
  /** Counters now. */
  stats(): ReplayStats;
  /** Closes the files. */
  close(): Promise<void>;
}

/**
 * Opens a recording to replay it. Needs `--allow-read=DIR`. Throws an
 * `OptionError` for options that can't work, a `SpillPermissionError` naming
 * the flag that is missing, and a `SpillIoError` if the disk refuses; a directory
 * of spilled frames is refused with a `SpillFormatError` when it is read.
 *
 * A connection that is closed before its end is not begun again: the next one
 * follows. Time runs from the first chunk that is asked for; who takes chunks
 * later than they are due gets them at once, as out of a kernel's buffer. The time
 * between two recorded connections counts as connecting: `connectTimeoutMs` must be
 * longer, else it is told as an attempt that failed.
 *
 * @example A handler on a recording as on the wire
 * ```ts ignore
 * await using replay = await openReplay("/var/spool/ticks", { speed: "flat_out" });
 * const client = await connect(replay, {
 *   framing: { type: "lines" },
 *   reconnect: { initialDelayMs: 0 },
 * });
 * await client.run(handler);
 * ```
 */
export function openReplay(directory: string | Disk, options: ReplayOptions = {}): Promise<Replay> {
  return openReplayBy(CLOCK, directory, options);
}

/** {@linkcode openReplay} with a clock of one's own. */
export async function openReplayBy(
  clock: Clock,
  directory: string | Disk,
  options: ReplayOptions = {},
): Promise<Replay> {
  const selection = settle(options);
  const path = typeof directory === "string" ? directory : directory.path;
  const torn = (finding: Finding) => tell(options, { type: "torn", finding });
  const reader = await readSpill(directory, 1, torn);
  return new DirectoryReplay(reader, path, selection, options, clock);
}

const CLOCK: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(Math.min(ms, TIMER_MS_MAX), signal),
};

function settle(options: ReplayOptions): Selection {
  const { speed = 1, fromMs = 0, toMs = Infinity, epochs = {} } = options;
  const { first: firstEpoch = 1, last: lastEpoch = Infinity } = epochs;
  if (speed !== "flat_out" && !(typeof speed === "number" && speed > 0 && speed < Infinity)) {
    throw new OptionError("speed", 'a number above 0 or "flat_out"', speed);
  }
  if (!(typeof fromMs === "number" && fromMs >= 0 && fromMs < Infinity)) {
    throw new OptionError("fromMs", "milliseconds from 0 on", fromMs);
  }
  if (!(typeof toMs === "number" && toMs >= fromMs)) {
    throw new OptionError("toMs", `milliseconds from ${fromMs} on`, toMs);
  }
  if (!(Number.isInteger(firstEpoch) && firstEpoch >= 1)) {
    throw new OptionError("epochs.first", "a whole number from 1 on", firstEpoch);
  }
  if (!(typeof lastEpoch === "number" && lastEpoch >= firstEpoch)) {
    throw new OptionError("epochs.last", `a number from ${firstEpoch} on`, lastEpoch);
  }
  return { fromMs, toMs, firstEpoch, lastEpoch };
}

class DirectoryReplay implements Replay {
  readonly name: string;
  readonly #reader: SpillReader;
  readonly #source: ChunkSource;
  readonly #options: ReplayOptions;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #stats: ReplayStats = {
    connections: 0,
    chunks: 0,
    bytes: 0,
    skippedBytes: 0,
    lostChunks: 0,
    writtenBytes: 0,
  };
  /** When the first chunk was asked for. */
  #startedAt: number | undefined;
  #connection: ReplayConnection | undefined;
  /** Stretch of the last connection. */
  #stretch = 0;

  constructor(
    reader: SpillReader,
    directory: string,
    selection: Selection,
    options: ReplayOptions,
    clock: Clock,
  ) {
    this.name = `the recording in ${directory}`;
    this.#reader = reader;
    this.#options = options;
    this.#clock = clock;
    const { speed = 1 } = options;
    this.#source = new ChunkSource(reader, directory, selection, speed, (finding) => {
      this.#stats.lostChunks += finding.records;
      tell(options, { type: "lost", finding });
    });
  }

  stats(): ReplayStats {
    return { ...this.#stats };
  }

  async dial(signal: AbortSignal): Promise<Transport | null> {
    this.#connection?.close();
    const chunk = await this.#nextStretch();
    if (chunk === undefined) return null;
    if (!await this.#due(chunk, signal)) {
      signal.throwIfAborted();
      return null;
    }
    this.#begin(chunk);
    const parts = {
      source: this.#source,
      stats: this.#stats,
      due: (next: SourcedChunk, until: AbortSignal) => this.#due(next, until),
    };
    return this.#connection = new ReplayConnection(parts, chunk.stretch);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Chunk, void> {
    const { signal } = this.#closing;
    while (true) {
      const chunk = await this.#source.peek();
      if (chunk === undefined || !await this.#due(chunk, signal)) return;
      if (chunk.stretch !== this.#stretch) this.#begin(chunk);
      yield chunk;
      this.#stats.chunks += 1;
      this.#stats.bytes += chunk.bytes.length;
      this.#source.take();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#connection?.close();
    // A read under way is waited for: its file must not be closed below it.
    await this.#source.idle();
    this.#reader[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Passes over what is left of the last connection. */
  async #nextStretch(): Promise<SourcedChunk | undefined> {
    while (!this.#closing.signal.aborted) {
      const chunk = await this.#source.peek();
      if (chunk?.stretch !== this.#stretch) return chunk;
      this.#stats.skippedBytes += this.#connection?.leftOf(chunk) ?? chunk.bytes.length;
      this.#source.take();
    }
    return undefined;
  }

  #begin({ stretch, epoch, streamOffset, timeMicros }: SourcedChunk): void {
    this.#stretch = stretch;
    this.#stats.connections += 1;
    tell(this.#options, { type: "connection", epoch, streamOffset, timeMicros });
  }

  /** Waits until a chunk is due; false if `signal` or closing came first. */
  async #due(chunk: SourcedChunk, signal: AbortSignal): Promise<boolean> {
    this.#startedAt ??= this.#clock.now();
    const dueAt = this.#startedAt + chunk.dueMs;
    const aborted = () => signal.aborted || this.#closing.signal.aborted;
    if (this.#clock.now() >= dueAt) return !aborted();
    const either = AbortSignal.any([signal, this.#closing.signal]);
    while (!either.aborted) {
      const ms = dueAt - this.#clock.now();
      if (ms <= 0) return true;
      await this.#clock.sleep(ms, either);
    }
    return false;
  }
}

/** What a connection shares with its replay. */
interface ConnectionParts {
  source: ChunkSource;
  stats: ReplayStats;
  due: (chunk: SourcedChunk, signal: AbortSignal) => Promise<boolean>;
}

/** One recorded connection. */
class ReplayConnection implements Transport {
  readonly #parts: ConnectionParts;
  readonly #stretch: number;
  readonly #closing = new AbortController();
  /** Bytes taken of the chunk to come. */
  #taken = 0;

  constructor(parts: ConnectionParts, stretch: number) {
    this.#parts = parts;
    this.#stretch = stretch;
  }

  async read(into: Uint8Array): Promise<number | null> {
    const { source, stats, due } = this.#parts;
    const { signal } = this.#closing;
    if (signal.aborted) return null;
    const chunk = await source.peek();
    if (chunk?.stretch !== this.#stretch || !await due(chunk, signal)) return null;
    const part = chunk.bytes.subarray(this.#taken, this.#taken + into.length);
    into.set(part);
    this.#taken += part.length;
    stats.bytes += part.length;
    if (this.#taken === chunk.bytes.length) {
      this.#taken = 0;
      stats.chunks += 1;
      source.take();
    }
    return part.length;
  }

  write(bytes: Uint8Array): Promise<number> {
    this.#parts.stats.writtenBytes += bytes.length;
    return Promise.resolve(bytes.length);
  }

  close(): void {
    this.#closing.abort();
  }

  /** Bytes of its chunk that were not taken. */
  leftOf(chunk: Chunk): number {
    const left = chunk.bytes.length - this.#taken;
    this.#taken = 0;
    return left;
  }
}
