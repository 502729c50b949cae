/** Recording: byte for byte, at the disk's pace, and with a count of all that is not there. */
import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { OptionError } from "../../src/errors.ts";
import type { Chunk } from "../../src/reader/tap.ts";
import { RecordingError } from "../../src/record/errors.ts";
import type { RecorderEvent, RecorderOptions } from "../../src/record/options.ts";
import { openRecorder } from "../../src/record/recorder.ts";
import type { Disk } from "../../src/spill/disk.ts";
import { SpillIoError } from "../../src/spill/errors.ts";
import { until, within } from "../client/harness.ts";
import { noise, random } from "../spill/random.ts";
import { assertRecorderSums, chunksOf, feed, memoryDisk, replayed, slowed } from "./harness.ts";

const PIECE_BYTES = 128 * 1024;
const BUFFER_BYTES = 512 * 1024;

/** `count` chunks of 128 KiB, each of its own bytes. */
function pieces(count: number): Uint8Array[] {
  const draw = random(7);
  return Array.from({ length: count }, () => noise(draw, PIECE_BYTES));
}

Deno.test("a recorder copies what it is shown, and goes on from the connections there are", async () => {
  const disk = memoryDisk();
  const chunks = chunksOf(pieces(5));
  for (let session = 0; session < 2; session++) {
    const recorder = await openRecorder(disk);
    await feed(recorder, chunks);
    await recorder.close();
    const { unsyncedBytes, recordedBytes, bufferedBytes } = recorder.stats();
    assertEquals([unsyncedBytes, bufferedBytes, recordedBytes], [0, 0, 5 * PIECE_BYTES]);
  }
  const second = chunks.map((chunk) => ({ ...chunk, epoch: 2 }));
  assertEquals((await replayed(disk)).chunks, [...chunks, ...second]);
});

Deno.test("a recorder's buffer holds what it was given, less 256 bytes a chunk, whatever their size", async () => {
  for (const size of [0, 1, 1000, 128 * 1024]) {
    const { disk, release } = slowed(memoryDisk());
    await using recorder = await openRecorder(disk, { bufferBytes: BUFFER_BYTES });
    const [chunk] = chunksOf([new Uint8Array(size)]);
    const most = Math.floor(BUFFER_BYTES / (size + 256));
    for (let i = 0; i < most; i++) assertEquals(recorder.tap(chunk), undefined);
    const waiting = recorder.tap(chunk);
    assertInstanceOf(waiting, Promise);
    release();
    await within(waiting, "room");
    assertRecorderSums(recorder);
  }
});

Deno.test("a slow disk makes reading wait, says so and loses nothing", async () => {
  const memory = memoryDisk();
  const { disk, release } = slowed(memory);
  const events: RecorderEvent[] = [];
  const recorder = await openRecorder(disk, {
    bufferBytes: BUFFER_BYTES,
    onEvent: (event) => events.push(event),
  });
  const chunks = chunksOf(pieces(20));
  const feeding = feed(recorder, chunks);
  await until(() => recorder.stats().waits > 0, "wait");
  assertEquals(events, [{ type: "behind", bufferedBytes: 3 * PIECE_BYTES }]);
  assertEquals(recorder.stats().receivedChunks, 4);
  release();
  // Closing waits for whom it holds up.
  await within(feeding, "feed");
  await within(recorder.close(), "end");
  assertEquals(events[1].type, "caught_up");
  const { waits, waitedMs, lostBytes } = recorder.stats();
  assert(waits >= 1 && waitedMs > 0 && lostBytes === 0);
  assertRecorderSums(recorder);
  assertEquals((await replayed(memory)).chunks, chunks);
});

Deno.test("a pause lasts until a quarter of the buffer is free, not until the next chunk fits", async () => {
  const { disk, release } = slowed(memoryDisk());
  await using recorder = await openRecorder(disk, { bufferBytes: BUFFER_BYTES });
  const [chunk] = chunksOf([new Uint8Array(1000)]);
  let waiting: void | Promise<void> = undefined;
  while (waiting === undefined) waiting = recorder.tap(chunk);
  const { bufferedBytes, recordedChunks } = recorder.stats();
  assert(bufferedBytes > BUFFER_BYTES / 2 && recordedChunks === 0);
  let recordedThen = 0;
  const resumed = waiting.then(() => recordedThen = recorder.stats().recordedChunks);
  release();
  await within(resumed, "room");
  assertGreaterOrEqual(recordedThen, Math.floor(BUFFER_BYTES / 4 / (1000 + 256)));
});

Deno.test("close() records the chunk that was waiting", async () => {
  const memory = memoryDisk();
  const { disk, release } = slowed(memory);
  const recorder = await openRecorder(disk, { bufferBytes: BUFFER_BYTES });
  const chunks = chunksOf(pieces(4));
  const feeding = feed(recorder, chunks);
  await until(() => recorder.stats().waits > 0, "wait");
  const closing = recorder.close();
  release();
  await within(Promise.all([feeding, closing]), "end");
  assertEquals((await replayed(memory)).chunks, chunks);
});

Deno.test('whenBehind "stop" ends the recording behind what it has, and the feed with it or not', async () => {
  for (const whenEnded of ["end_feed", "go_on"] as const) {
    const memory = memoryDisk();
    const { disk, release } = slowed(memory);
    const events: RecorderEvent[] = [];
    const recorder = await openRecorder(disk, {
      ...{ bufferBytes: BUFFER_BYTES, whenBehind: "stop", whenEnded },
      onEvent: (event) => events.push(event),
    });
    const chunks = chunksOf(pieces(6));
    const feeding = feed(recorder, chunks);
    feeding.catch(() => {});
    release();
    if (whenEnded === "go_on") await within(feeding, "feed");
    else await assertRejects(() => within(feeding, "feed"), RecordingError, "was behind the feed");
    const error = await assertRejects(() => recorder.close(), RecordingError);
    assertEquals([error, error.reason], [recorder.error, "behind"]);
    assertEquals(events, [{ type: "stopped", error }]);
    const { recordedChunks, receivedChunks, lostBytes } = recorder.stats();
    const received = whenEnded === "go_on" ? 6 : 4;
    assertEquals([receivedChunks, recordedChunks], [received, 3]);
    assertEquals(lostBytes, (received - 3) * PIECE_BYTES);
    assertRecorderSums(recorder);
    assertEquals((await replayed(memory)).chunks, chunks.slice(0, 3));
  }
});

Deno.test("a full disk ends the recording with an error that says how much is there", async () => {
  const disk = memoryDisk();
  disk.capacityBytes = 5.5 * PIECE_BYTES;
  const error = await refusedRecording(disk, {});
  assertEquals(error.reason, "disk");
  assertInstanceOf(error.cause, SpillIoError);
  assertEquals(error.cause.code, "ENOSPC");
  const { recordedChunks, recordedBytes, unsyncedBytes, lostBytes } = error.stats;
  assertEquals([recordedChunks, unsyncedBytes], [5, 0]);
  assertEquals(
    error.message,
    "the recording in disk ended: cannot write disk/segment-0000000001.spill: ENOSPC as told; " +
      `${recordedBytes} bytes in 5 chunks are there, ${lostBytes} bytes that had come by then are not`,
  );
});

Deno.test("maxBytes ends the recording before it is exceeded", async () => {
  const disk = memoryDisk();
  const maxBytes = 5 * PIECE_BYTES;
  const error = await refusedRecording(disk, { segmentBytes: 2 * PIECE_BYTES, maxBytes });
  assertEquals([error.reason, error.stats.recordedChunks], ["full", 4]);
  assert(error.message.includes(`maxBytes, ${maxBytes}, is reached`));
  const used = disk.names().reduce((total, name) => total + disk.bytesOf(name).length, 0);
  assert(used <= maxBytes, `${used} bytes`);
});

Deno.test("a failed fsync ends the recording and says what is not known to be on the disk", async () => {
  const disk = memoryDisk();
  const recorder = await openRecorder(disk, { syncEveryMs: 2 ** 31 - 1 });
  await feed(recorder, chunksOf(pieces(2)));
  await until(() => recorder.stats().recordedChunks === 2, "records");
  disk.fault = ({ operation, name }) =>
    operation === "sync" && name.startsWith("segment-") ? "error" : undefined;
  const error = await assertRejects(() => recorder.close(), RecordingError);
  assertEquals([error.reason, error.stats.unsyncedBytes], ["disk", 2 * PIECE_BYTES]);
  assert(error.message.includes(`${2 * PIECE_BYTES} of them not known to be on the disk`));
});

Deno.test("what was recorded is synced once within syncEveryMs, not a chunk", async () => {
  using time = new FakeTime();
  const disk = memoryDisk();
  const syncs = () =>
    disk.operations.filter(({ operation, name }) =>
      operation === "sync" && name.startsWith("segment-")
    ).length;
  await using recorder = await openRecorder(disk, { syncEveryMs: 500 });
  await feed(recorder, chunksOf(pieces(3)));
  await time.tickAsync(499);
  const before = syncs();
  assertEquals(recorder.stats().unsyncedBytes, 3 * PIECE_BYTES);
  await time.tickAsync(1);
  await time.runMicrotasks();
  for (let i = 0; i < 100; i++) await undefined;
  assertEquals([syncs(), recorder.stats().unsyncedBytes], [before + 1, 0]);
  await time.tickAsync(5000);
  assertEquals([syncs(), recorder.stats().syncs], [before + 1, 1]);
});

Deno.test("openRecorder() and tap refuse what can't work", async () => {
  const cases: [RecorderOptions, string][] = [
    [{ bufferBytes: 1000 }, "bufferBytes"],
    [{ bufferBytes: 524_288.5 }, "bufferBytes"],
    [{ syncEveryMs: 0 }, "syncEveryMs"],
    [{ whenBehind: "drop" as "stop" }, "whenBehind"],
    [{ whenEnded: "" as "go_on" }, "whenEnded"],
    [{ onEvent: 1 as unknown as () => void }, "onEvent"],
    [{ segmentBytes: 1 }, "segmentBytes"],
  ];
  for (const [options, option] of cases) {
    const error = await assertRejects(() => openRecorder(memoryDisk(), options), OptionError);
    assertEquals(error.option, option);
  }
  await using recorder = await openRecorder(memoryDisk(), { bufferBytes: BUFFER_BYTES });
  const [chunk] = chunksOf([new Uint8Array(1)]);
  assertThrows(() => recorder.tap({ ...chunk, epoch: -2 }), RangeError, "epoch");
  const long = { ...chunk, bytes: new Uint8Array(BUFFER_BYTES) };
  assertThrows(() => recorder.tap(long), RangeError, "fits into bufferBytes");
  assertEquals(recorder.stats().receivedChunks, 0);
});

/** Feeds chunks until the recording ends; the rest of them has to be counted. */
async function refusedRecording(disk: Disk, options: RecorderOptions): Promise<RecordingError> {
  const recorder = await openRecorder(disk, options);
  const chunks: Chunk[] = chunksOf(pieces(9));
  const feeding = feed(recorder, chunks);
  const atTap = await within(feeding.then(() => undefined, (error) => error), "feed");
  const error = await assertRejects(() => recorder.close(), RecordingError);
  if (atTap !== undefined) assertEquals(atTap, error);
  assertEquals(recorder.stats().bufferedBytes, 0);
  assertRecorderSums(recorder);
  const there = (await replayed(disk)).chunks;
  assertEquals(there, chunks.slice(0, error.stats.recordedChunks));
  return error;
}

Deno.test("a buffer there is no memory for is refused, and leaves the directory free", async () => {
  const directory = await Deno.makeTempDir();
  const attempt = openRecorder(directory, { bufferBytes: 2 ** 50 });
  await assertRejects(() => attempt, OptionError, "bufferBytes");
  await (await openRecorder(directory)).close();
  await Deno.remove(directory, { recursive: true });
});
