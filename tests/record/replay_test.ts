/** Replaying: the same bytes, connections and times, by a clock that costs no time. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect } from "../../mod.ts";
import { OptionError } from "../../src/errors.ts";
import type { Chunk } from "../../src/reader/tap.ts";
import { openRecorder } from "../../src/record/recorder.ts";
import { openReplay, openReplayBy, type ReplayOptions } from "../../src/record/replay.ts";
import { SpillFormatError } from "../../src/spill/errors.ts";
import { RecordKind, segmentName } from "../../src/spill/format.ts";
import { openSpill } from "../../src/spill/open.ts";
import { collectNumbers, FRAMING, numbered, refusal, upTo, within } from "../client/harness.ts";
import type { FaultDisk } from "../spill/fault_disk.ts";
import { between, noise, type Random, random } from "../spill/random.ts";
import { SEED } from "../spill/seed.ts";
import {
  chunksOf,
  FakeClock,
  feed,
  memoryDisk,
  replayed,
  START_MICROS,
  streams,
} from "./harness.ts";

const text = new TextEncoder();

async function recording(
  chunks: readonly Chunk[],
  options: { segmentBytes?: number } = {},
): Promise<FaultDisk> {
  const disk = memoryDisk();
  const recorder = await openRecorder(disk, options);
  await feed(recorder, chunks);
  await recorder.close();
  return disk;
}

/** Cuts `stream` anywhere. */
function cut(draw: Random, stream: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < stream.length;) {
    const size = draw() < 0.3 ? between(draw, 1, 8) : between(draw, 1, 9000);
    pieces.push(stream.slice(at, at + size));
    at += size;
  }
  return pieces;
}

Deno.test("a recording gives the same chunks, however they were cut, over several connections", async () => {
  for (let run = 0; run < 40; run++) {
    const seed = SEED + run;
    const draw = random(seed);
    const chunks = Array.from({ length: between(draw, 1, 5) }, (_, i) => {
      const stream = noise(draw, between(draw, 1, 30_000));
      const everyMs = between(draw, 0, 50);
      return chunksOf(cut(draw, stream), { epoch: i + 1, startMs: i * 10_000, everyMs });
    }).flat();
    const disk = await recording(chunks, { segmentBytes: between(draw, 4096, 40_000) });
    const speed = draw() < 0.5 ? "flat_out" : between(draw, 1, 100);
    const back = await replayed(disk, { speed });
    assertEquals(back.chunks, chunks, `SPILLWAY_SEED=${seed}`);
    assertEquals(streams(back.chunks), streams(chunks));
  }
});

Deno.test("connect() gets a recording's frames, and none is glued over two connections", async () => {
  for (let run = 0; run < 20; run++) {
    const seed = SEED + run;
    const draw = random(seed);
    let first = 0;
    const chunks = Array.from({ length: 3 }, (_, i) => {
      const count = between(draw, 1, 300);
      const whole = numbered(count, between(draw, 4, 60), first);
      first += count;
      // Half a frame at the end of each.
      const stream = Uint8Array.of(...whole, 0, 0, 0);
      return chunksOf(cut(draw, stream), { epoch: i + 1 });
    }).flat();
    await using replay = await openReplay(await recording(chunks), { speed: "flat_out" });
    const client = await connect(replay, { framing: FRAMING, reconnect: { initialDelayMs: 0 } });
    assertEquals(await collectNumbers(client), upTo(first), `SPILLWAY_SEED=${seed}`);
    assertEquals((await client.closed).reason, "exhausted");
    const { epoch, partialBytesDropped } = client.stats();
    assertEquals([epoch, partialBytesDropped], [3, 9]);
    const { connections, skippedBytes, bytes } = replay.stats();
    assertEquals([connections, skippedBytes], [3, 0]);
    assertEquals(bytes, client.stats().bytesRead);
  }
});

Deno.test("a replay keeps the times, divided by its speed", async () => {
  const one = chunksOf(["a", "b", "c"].map((letter) => text.encode(letter)), { everyMs: 100 });
  const two = chunksOf([text.encode("d")], { epoch: 2, startMs: 3_600_000 });
  const disk = await recording([...one, ...two]);
  const sleeps: [ReplayOptions, number[]][] = [
    [{}, [100, 100, 3_599_800]],
    [{ speed: 2 }, [50, 50, 1_799_900]],
    [{ speed: 0.5 }, [200, 200, 7_199_600]],
    [{ speed: "flat_out" }, []],
    [{ epochs: { first: 2 } }, []],
    [{ fromMs: 100, toMs: 1000 }, [100]],
  ];
  for (const [options, expected] of sleeps) {
    const clock = new FakeClock();
    await replayed(disk, options, clock);
    assertEquals(clock.sleeps, expected, JSON.stringify(options));
    const dialed = new FakeClock();
    await using replay = await openReplayBy(dialed, disk, options);
    const client = await connect(replay, {
      framing: { type: "raw" },
      reconnect: { initialDelayMs: 0 },
    });
    await within(client.run({ batch() {} }), "end");
    assertEquals(dialed.sleeps, expected, JSON.stringify(options));
  }
});

Deno.test("a replay that is behind gives at once what is due, and times that go back count as none", async () => {
  const chunks = chunksOf(["a", "b", "c"].map((letter) => text.encode(letter)), { everyMs: 100 });
  const before = { ...chunks[2], epoch: 2, streamOffset: 0, timeMicros: START_MICROS - 5_000_000 };
  const unknown = { ...before, epoch: 3, timeMicros: 0 };
  const disk = await recording([...chunks, before, unknown]);
  const clock = new FakeClock();
  await using replay = await openReplayBy(clock, disk);
  let taken = 0;
  for await (const _ of replay) if (++taken === 1) clock.ms += 10_000;
  assertEquals([taken, clock.sleeps], [5, []]);
});

Deno.test("fromMs, toMs and epochs choose among chunks", async () => {
  const pieces = ["a", "b", "c", "d"].map((letter) => text.encode(letter));
  const chunks = [1, 2, 3].flatMap((epoch) =>
    chunksOf(pieces, { epoch, startMs: epoch * 1000, everyMs: 100 })
  );
  const disk = await recording(chunks);
  const cases: [ReplayOptions, Chunk[]][] = [
    [{ fromMs: 200, toMs: 1100 }, chunks.slice(2, 6)],
    [{ epochs: { first: 2, last: 2 } }, chunks.slice(4, 8)],
    [{ epochs: { last: 1 }, fromMs: 100 }, chunks.slice(1, 4)],
    [{ epochs: { first: 9 } }, []],
  ];
  for (const [options, expected] of cases) {
    assertEquals((await replayed(disk, options)).chunks, expected, JSON.stringify(options));
  }
});

Deno.test("a connection that is closed early is passed over and counted, the next one is whole", async () => {
  const pieces = ["abc", "def", "ghi"].map((word) => text.encode(word));
  const chunks = [1, 2].flatMap((epoch) => chunksOf(pieces, { epoch }));
  await using replay = await openReplayBy(new FakeClock(), await recording(chunks));
  const { signal } = new AbortController();
  const first = await replay.dial(signal);
  const into = new Uint8Array(2);
  assertEquals([await first?.read(into), into], [2, text.encode("ab")]);
  const second = await replay.dial(signal);
  assertEquals(replay.stats().skippedBytes, 7);
  assertEquals(await first?.read(into), null);
  const all: number[] = [];
  for (let n = await second?.read(into); n; n = await second?.read(into)) {
    all.push(...into.subarray(0, n));
  }
  assertEquals(new TextDecoder().decode(Uint8Array.from(all)), "abcdefghi");
  assertEquals(await second?.write(new Uint8Array(5)), 5);
  assertEquals(await replay.dial(signal), null);
  assertEquals(replay.stats(), {
    ...{ connections: 2, chunks: 3, bytes: 11, skippedBytes: 7, lostChunks: 0, writtenBytes: 5 },
  });
});

Deno.test("a hole in a recording ends the connection there, and the rest is another one", async () => {
  const chunks = chunksOf([...numbered(30, 60)].reduce((pieces: Uint8Array[], byte, i) => {
    if (i % 100 === 0) pieces.push(new Uint8Array(0));
    pieces[pieces.length - 1] = Uint8Array.of(...pieces[pieces.length - 1], byte);
    return pieces;
  }, []));
  const disk = await recording(chunks);
  const bytes = disk.bytesOf(segmentName(1)).slice();
  // Inside the payload of the fifth record: of 160 bytes each, behind the header of 64.
  bytes[64 + 4 * 160 + 60] ^= 1;
  disk.replace(segmentName(1), bytes);
  const { chunks: back, events } = await replayed(disk);
  assertEquals(back, chunks.filter((_, i) => i !== 4));
  assertEquals(events.map(({ type }) => type), ["connection", "lost", "connection"]);
  await using replay = await openReplay(disk, { speed: "flat_out" });
  const signal = new AbortController().signal;
  const first = await replay.dial(signal);
  let size = 0;
  const into = new Uint8Array(1000);
  for (let n = await first?.read(into); n; n = await first?.read(into)) size += n;
  assertEquals(size, 400);
  assert(await replay.dial(signal) !== null);
  assertEquals(replay.stats().lostChunks, 1);
});

Deno.test("a torn recording is replayed up to where it is torn, and says so", async () => {
  const chunks = chunksOf([new Uint8Array(3000).fill(1), new Uint8Array(3000).fill(2)]);
  const disk = await recording(chunks);
  const name = segmentName(1);
  disk.replace(name, disk.bytesOf(name).slice(0, -1500));
  const { chunks: back, events } = await replayed(disk);
  assertEquals(back, chunks.slice(0, 1));
  assertEquals(events.map(({ type }) => type), ["torn", "connection"]);
});

Deno.test("a replay waits for what is due no longer than it is wanted", async () => {
  const disk = await recording([
    ...chunksOf([text.encode("a"), text.encode("b")], { everyMs: 3_600_000 }),
    ...chunksOf([text.encode("c")], { epoch: 2, startMs: 9_000_000 }),
  ]);
  const replay = await openReplay(disk);
  const abort = new AbortController();
  const first = await replay.dial(abort.signal);
  await first?.read(new Uint8Array(1));
  const reading = first?.read(new Uint8Array(1));
  first?.close();
  assertEquals(await within(Promise.resolve(reading), "end of the read"), null);
  const dialing = replay.dial(abort.signal);
  abort.abort(new Error("enough"));
  await assertRejects(() => within(dialing, "end of the dial"), Error, "enough");
  const again = replay.dial(new AbortController().signal);
  await within(replay.close(), "end of the replay");
  assertEquals(await within(again, "end of the dial"), null);
});

Deno.test("a disk that can't be read is an error of the connection, and is asked again", async () => {
  const disk = await recording(chunksOf([text.encode("a"), text.encode("b")]));
  await using replay = await openReplay(disk, { speed: "flat_out" });
  disk.readFault = () => true;
  const end = await refusal(replay);
  assert(end.message.includes("cannot read disk/"), end.message);
  disk.readFault = () => false;
  const client = await connect(replay, { framing: { type: "raw" } });
  await within(client.run({ batch() {} }), "end");
  assertEquals(client.stats().bytesRead, 2);
});

Deno.test("openReplay() refuses what can't work, and a directory of spilled frames", async () => {
  const disk = memoryDisk();
  const cases: [ReplayOptions, string][] = [
    [{ speed: 0 }, "speed"],
    [{ speed: NaN }, "speed"],
    [{ fromMs: -1 }, "fromMs"],
    [{ fromMs: 5, toMs: 4 }, "toMs"],
    [{ epochs: { first: 0 } }, "epochs.first"],
    [{ epochs: { first: 3, last: 2 } }, "epochs.last"],
  ];
  for (const [options, option] of cases) {
    const error = await assertRejects(() => openReplay(disk, options), OptionError);
    assertEquals(error.option, option);
  }
  {
    await using store = await openSpill(disk);
    const info = { epoch: 1, streamOffset: 0, timeMicros: 0 };
    await store.append({ ...info, kind: RecordKind.batch, frameCount: 1 }, [new Uint8Array(9)]);
  }
  await assertRejects(() => replayed(disk), SpillFormatError, "got spilled frames");
});
