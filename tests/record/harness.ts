/** What the tests of recordings share. */
import { assertEquals } from "@std/assert";
import type { Chunk } from "../../mod.ts";
import type { Clock } from "../../src/record/pace.ts";
import type { Recorder } from "../../src/record/recorder.ts";
import { openReplayBy, type ReplayEvent, type ReplayOptions } from "../../src/record/replay.ts";
import type { Disk, DiskFile } from "../../src/spill/disk.ts";
import { join } from "../framing/bytes.ts";
import { FaultDisk } from "../spill/fault_disk.ts";
import { random } from "../spill/random.ts";

/** A recording begins then, in µs since 1970. */
export const START_MICROS = 1_700_000_000_000_000;

/** A disk in memory. */
export function memoryDisk(): FaultDisk {
  return new FaultDisk(random(1));
}

/** A clock that only sleeping moves. */
export class FakeClock implements Clock {
  ms = 0;
  /** All sleeps so far. */
  readonly sleeps: number[] = [];

  now(): number {
    return this.ms;
  }

  sleep(ms: number): Promise<void> {
    this.sleeps.push(ms);
    this.ms += ms;
    return Promise.resolve();
  }
}

/** Chunks of one connection, `everyMs` apart. */
export function chunksOf(
  pieces: readonly Uint8Array[],
  { epoch = 1, startMs = 0, everyMs = 1 }: { epoch?: number; startMs?: number; everyMs?: number } =
    {},
): Chunk[] {
  let streamOffset = 0;
  return pieces.map((bytes, i) => {
    const chunk = {
      ...{ bytes, streamOffset, epoch },
      timeMicros: START_MICROS + (startMs + i * everyMs) * 1000,
    };
    streamOffset += bytes.length;
    return chunk;
  });
}

/** Shows chunks to a recorder as a reader would. */
export async function feed(recorder: Recorder, chunks: readonly Chunk[]): Promise<void> {
  for (const chunk of chunks) {
    // The reader's memory is used again.
    const bytes = chunk.bytes.slice();
    await recorder.tap({ ...chunk, bytes });
    bytes.fill(0xee);
  }
}

/** What a replay gave. */
export interface Replayed {
  chunks: Chunk[];
  events: ReplayEvent[];
}

/** All chunks of a recording, by a clock that costs no time. */
export async function replayed(
  disk: string | Disk,
  options: ReplayOptions = {},
  clock: Clock = new FakeClock(),
): Promise<Replayed> {
  const events: ReplayEvent[] = [];
  const chunks: Chunk[] = [];
  await using replay = await openReplayBy(clock, disk, {
    ...options,
    onEvent: (event) => events.push(event),
  });
  for await (const { bytes, streamOffset, epoch, timeMicros } of replay) {
    chunks.push({ bytes: bytes.slice(), streamOffset, epoch, timeMicros });
  }
  const { bytes } = replay.stats();
  assertEquals(bytes, chunks.reduce((total, chunk) => total + chunk.bytes.length, 0));
  return { chunks, events };
}

/** The bytes of each connection. */
export function streams(chunks: readonly Chunk[]): Map<number, Uint8Array> {
  const pieces = new Map<number, Uint8Array[]>();
  for (const { epoch, bytes } of chunks) {
    pieces.set(epoch, [...pieces.get(epoch) ?? [], bytes]);
  }
  return new Map(Array.from(pieces, ([epoch, parts]) => [epoch, join(...parts)]));
}

/** Every byte is recorded, on its way or lost. */
export function assertRecorderSums(recorder: Recorder): void {
  const { receivedBytes, recordedBytes, bufferedBytes, lostBytes } = recorder.stats();
  assertEquals(receivedBytes, recordedBytes + bufferedBytes + lostBytes);
}

/** A disk that writes only while it is let. */
export function slowed(disk: FaultDisk): { disk: Disk; release: () => void } {
  const gate = Promise.withResolvers<void>();
  const slow = (file: DiskFile): DiskFile => ({
    size: () => file.size(),
    read: (into, position) => file.read(into, position),
    write: (bytes, position) => gate.promise.then(() => file.write(bytes, position)),
    truncate: (bytes) => file.truncate(bytes),
    sync: () => file.sync(),
    close: () => file.close(),
  });
  return {
    disk: {
      path: disk.path,
      list: () => disk.list(),
      open: async (name, mode) => slow(await disk.open(name, mode)),
      rename: (from, to) => disk.rename(from, to),
      remove: (name) => disk.remove(name),
      sync: () => disk.sync(),
      lock: () => disk.lock(),
    },
    release: gate.resolve,
  };
}
