/** A client with a recorder: what is handled and what is recorded are the same bytes. */
import { assert, assertEquals, assertGreater, assertInstanceOf, assertRejects } from "@std/assert";
import { type ClientEvent, connect, TapError } from "../../mod.ts";
import { RecordingError } from "../../src/record/errors.ts";
import { openRecorder } from "../../src/record/recorder.ts";
import {
  assertEnds,
  collectNumbers,
  connected,
  numbered,
  send,
  serve,
  serveBytes,
  until,
  upTo,
  within,
} from "../client/harness.ts";
import { join } from "../framing/bytes.ts";
import { assertRecorderSums, memoryDisk, replayed, slowed, streams } from "./harness.ts";

const BUFFER_BYTES = 512 * 1024;
const FRAMES = 100_000;

Deno.test("a disk slower than the socket pauses reading, and not a byte is lost", async () => {
  const stream = numbered(FRAMES, 12);
  await using server = serveBytes(stream);
  const memory = memoryDisk();
  const { disk, release } = slowed(memory);
  const recorder = await openRecorder(disk, { bufferBytes: BUFFER_BYTES });
  const events: ClientEvent["type"][] = [];
  await using client = await connected(server.target, {
    tap: recorder.tap,
    onEvent: ({ type }) => events.push(type),
  });
  const numbers = collectNumbers(client);
  await until(() => events.includes("paused"), "pause");
  const { bytesRead, pauses } = client.stats();
  assert(bytesRead <= BUFFER_BYTES, `${bytesRead} bytes were read on`);
  assertEquals([pauses, recorder.stats().waits], [1, 1]);
  release();
  assertEquals(await within(numbers, "end"), upTo(FRAMES));
  await recorder.close();
  assert(client.stats().pausedMs > 0);
  assertRecorderSums(recorder);
  assertEquals(recorder.stats().recordedBytes, stream.length);
  assertEquals(join(...(await replayed(memory)).chunks.map(({ bytes }) => bytes)), stream);
});

Deno.test("a chunk that waits for the disk is recorded as it came, though the client ends and frames it", async () => {
  // Each of these packets is shorter when its escapes are undone, in place.
  const packet = Uint8Array.of(...Array(40).fill([0xdb, 0xdc]).flat(), 0xc0);
  const stream = join(...Array(FRAMES / 10).fill(packet));
  await using server = serveBytes(stream);
  const memory = memoryDisk();
  const { disk, release } = slowed(memory);
  const behind = Promise.withResolvers<void>();
  const recorder = await openRecorder(disk, {
    bufferBytes: BUFFER_BYTES,
    onEvent: ({ type }) => type === "behind" && behind.resolve(),
  });
  await using client = await connect(server.target, {
    framing: { type: "slip" },
    tap: recorder.tap,
  });
  const running = client.run({ batch: () => {} });
  await within(behind.promise, "a disk that is behind");
  await client.close();
  await within(running, "end");
  release();
  await recorder.close();
  const bytes = join(...(await replayed(memory)).chunks.map((chunk) => chunk.bytes));
  assertEquals(bytes.length, recorder.stats().receivedBytes);
  assertEquals(bytes, stream.subarray(0, bytes.length));
});

Deno.test("a full disk ends the feed, and what was handled last is what is not recorded", async () => {
  const stream = numbered(FRAMES, 12);
  await using server = serve((conn) => send(conn, stream).catch(() => {}));
  const disk = memoryDisk();
  disk.capacityBytes = 600_000;
  const recorder = await openRecorder(disk, { bufferBytes: BUFFER_BYTES });
  await using client = await connected(server.target, { tap: recorder.tap, reconnect: true });
  const numbers = await within(collectNumbers(client), "end");
  const end = await assertEnds(client, "tap");
  assertInstanceOf(end.cause, TapError);
  assertInstanceOf(end.cause.cause, RecordingError);
  assertEquals(end.cause.cause, await assertRejects(() => recorder.close(), RecordingError));
  const { recordedBytes, lostBytes } = recorder.stats();
  // Whole frames only are handled; all that was read is either recorded or counted as lost.
  assertEquals(client.stats().bytesRead, recordedBytes + lostBytes);
  assertEquals(numbers, upTo(Math.floor(client.stats().bytesRead / 16)));
  assertEquals(server.accepted, 1);
});

Deno.test('whenEnded "go_on" lets the feed go on unrecorded', async () => {
  await using server = serveBytes(numbered(FRAMES, 12));
  const disk = memoryDisk();
  disk.capacityBytes = 600_000;
  await using recorder = await openRecorder(disk, {
    ...{ bufferBytes: BUFFER_BYTES, whenEnded: "go_on" },
  });
  await using client = await connected(server.target, { tap: recorder.tap });
  assertEquals(await collectNumbers(client), upTo(FRAMES));
  await until(() => recorder.error !== undefined, "error");
  assertRecorderSums(recorder);
  const { recordedBytes, lostBytes } = recorder.stats();
  assertEquals(recordedBytes + lostBytes, FRAMES * 16);
});

Deno.test("the smallest buffer there may be takes the longest chunks there are", async () => {
  await using server = serveBytes(numbered(FRAMES, 12));
  const disk = memoryDisk();
  const recorder = await openRecorder(disk, { bufferBytes: BUFFER_BYTES });
  let longest = 0;
  await using client = await connected(server.target, {
    sharedMemory: true,
    tap: (chunk) => {
      longest = Math.max(longest, chunk.bytes.length);
      return recorder.tap(chunk);
    },
  });
  assertEquals(await collectNumbers(client), upTo(FRAMES));
  await recorder.close();
  const { recordedBytes } = recorder.stats();
  assertEquals(recordedBytes, FRAMES * 16);
  assertGreater(longest, 128 * 1024);
});

Deno.test("connections of a client that reconnects stay apart in its recording", async () => {
  await using server = serve((conn, number) => send(conn, numbered(10 * number)));
  const disk = memoryDisk();
  const recorder = await openRecorder(disk);
  await using client = await connected(server.target, {
    tap: recorder.tap,
    reconnect: { initialDelayMs: 0 },
  });
  let frames = 0;
  for await (const batch of client) {
    frames += batch.count;
    if (frames >= 60) break;
  }
  await client.close();
  await recorder.close();
  const recorded = streams((await replayed(disk)).chunks);
  for (const epoch of [1, 2, 3]) assertEquals(recorded.get(epoch), numbered(10 * epoch));
});
