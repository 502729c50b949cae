/** Frames that wait on disk: in order, all of them, through a full disk and a bad one. */
import { assert, assertEquals, assertGreater, assertRejects, assertThrows } from "@std/assert";
import { type ClientEvent, connect, OptionError } from "../../mod.ts";
import { type SpillOptions, spillTo } from "../../spill.ts";
import { FRAMING, numbered, numbersOf, until, upTo, within } from "../client/harness.ts";
import { ScriptedTransport } from "../transport/scripted.ts";

const SLAB_BYTES = 256 * 1024;
const FRAMES = 200_000;
const FRAME_BYTES = 64;

/** A client with four slabs that spills into a fresh directory, and a handler that can be held. */
async function spilling(
  options: SpillOptions = {},
  directory = Deno.makeTempDirSync(),
) {
  const transport = new ScriptedTransport();
  const events: ClientEvent[] = [];
  const client = await connect(transport, {
    framing: FRAMING,
    bufferBytes: 4 * SLAB_BYTES,
    whenFull: spillTo(directory, { segmentBytes: SLAB_BYTES, ...options }),
    onEvent: (event) => events.push(event),
  });
  const numbers: number[] = [];
  const epochs = new Set<number>();
  let gate = Promise.resolve();
  const running = client.run({
    async batch(batch) {
      await gate;
      epochs.add(batch.epoch);
      numbers.push(...numbersOf(batch));
    },
  });
  const types = () => events.map(({ type }) => type);
  return {
    transport,
    client,
    running,
    numbers,
    epochs,
    events,
    types,
    /** Reading is paused now. */
    paused: () => types().findLast((type) => type === "paused" || type === "resumed") === "paused",
    directory,
    /** Holds the handler until what it returns is called. */
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

Deno.test("spill reads on while the handler stands, and delivers everything in order", async () => {
  await using feed = await spilling();
  const { transport, client } = feed;
  const release = feed.hold();
  transport.give(numbered(FRAMES, FRAME_BYTES - 4));
  await until(() => transport.starved, "whole stream");
  const { bytesRead, framesSpilled, framesPending } = client.stats();
  assertEquals(bytesRead, FRAMES * FRAME_BYTES);
  assertGreater(framesSpilled, FRAMES / 2);
  assertGreater(framesPending, FRAMES / 2);
  release();
  transport.give(null);
  await within(feed.running, "end");
  assertEquals(feed.numbers, upTo(FRAMES));
  const stats = client.stats();
  assertEquals([stats.framesDelivered, stats.framesDropped, stats.framesPending], [FRAMES, 0, 0]);
  assertEquals(feed.types().filter((type) => type.startsWith("spill")), [
    "spill_started",
    "spill_ended",
  ]);
});

Deno.test("spill goes back to memory when the handler has caught up, and to disk again", async () => {
  await using feed = await spilling();
  const { transport, client } = feed;
  for (let round = 0; round < 3; round++) {
    const release = feed.hold();
    transport.give(numbered(FRAMES, FRAME_BYTES - 4, round * FRAMES));
    await until(() => transport.starved, "whole stream");
    release();
    await until(() => client.stats().framesPending === 0, "backlog handled");
  }
  transport.give(null);
  await within(feed.running, "end");
  assertEquals(feed.numbers, upTo(3 * FRAMES));
  assertEquals(feed.types().filter((type) => type === "spill_ended").length, 3);
});

Deno.test("spill deletes what was handled", async () => {
  await using feed = await spilling();
  const release = feed.hold();
  feed.transport.give(numbered(FRAMES, FRAME_BYTES - 4), null);
  await until(() => feed.client.stats().framesSpilled > FRAMES / 2, "spilled frames");
  release();
  await within(feed.running, "end");
  await feed.client.closed;
  let left = 0;
  for await (const { name } of Deno.readDir(feed.directory)) {
    left += (await Deno.stat(`${feed.directory}/${name}`)).size;
  }
  assert(left < 2 * SLAB_BYTES, `${left} bytes are left`);
});

Deno.test("a full spill with block pauses reading and loses nothing", async () => {
  await using feed = await spilling({ maxBytes: 1024 * 1024 });
  const release = feed.hold();
  feed.transport.give(numbered(FRAMES, FRAME_BYTES - 4));
  await until(() => feed.types().includes("spill_full"), "full spill");
  await until(() => feed.paused(), "pause");
  release();
  feed.transport.give(null);
  await within(feed.running, "end");
  assertEquals(feed.numbers, upTo(FRAMES));
});

Deno.test("a full spill with drop_newest reads on and counts what it dropped", async () => {
  await using feed = await spilling({ maxBytes: 1024 * 1024, whenFull: "drop_newest" });
  const { transport, client } = feed;
  const release = feed.hold();
  transport.give(numbered(FRAMES, FRAME_BYTES - 4));
  await until(() => transport.starved, "whole stream");
  await until(() => client.stats().framesDroppedSpill > FRAMES / 4, "dropped frames");
  release();
  await until(() => client.stats().framesPending === 0, "backlog handled");
  transport.give(null);
  await within(feed.running, "end");
  const { frames, framesDelivered, framesDropped, framesDroppedSpill } = client.stats();
  assertEquals(framesDropped, framesDroppedSpill);
  assertEquals(framesDelivered + framesDropped, frames);
  assertEquals(feed.numbers.length, framesDelivered);
  assert(feed.numbers.every((number, i) => i === 0 || number > feed.numbers[i - 1]));
});

Deno.test("closing drops what was not handed out, counts it, and nothing comes back", async () => {
  const directory = Deno.makeTempDirSync();
  {
    const feed = await spilling({}, directory);
    const release = feed.hold();
    feed.transport.give(numbered(FRAMES, FRAME_BYTES - 4));
    await until(() => feed.transport.starved, "whole stream");
    const closing = feed.client.close();
    release();
    await closing;
    await feed.running;
    const { frames, framesDelivered, framesDropped, framesPending } = feed.client.stats();
    assertEquals([framesDelivered + framesDropped, framesPending], [frames, 0]);
    assertGreater(framesDropped, FRAMES / 2);
  }
  await using next = await spilling({}, directory);
  next.transport.give(numbered(10), null);
  await within(next.running, "end");
  assertEquals(next.numbers, upTo(10));
  assertEquals(next.client.stats().framesRecovered, 0);
});

Deno.test("spillTo() refuses options that can't work by name", () => {
  const cases: [string, () => unknown][] = [
    ["directory", () => spillTo("")],
    ["maxBytes", () => spillTo("x", { maxBytes: 1 })],
    ["segmentBytes", () => spillTo("x", { segmentBytes: 1 })],
    ["whenFull", () => spillTo("x", { whenFull: "spill" as "block" })],
  ];
  for (const [option, call] of cases) assertEquals(assertThrows(call, OptionError).option, option);
});

Deno.test("a second client of the same directory is refused, and the first goes on", async () => {
  await using feed = await spilling();
  await assertRejects(
    () => spilling({}, feed.directory),
    Error,
    "this process has it open already",
  );
  feed.transport.give(numbered(10), null);
  await within(feed.running, "end");
  assertEquals(feed.numbers, upTo(10));
});

Deno.test("a client that spills comes back while what it left is still delivered, in order", async () => {
  const directory = await Deno.makeTempDir();
  const first = new ScriptedTransport(numbered(1, FRAME_BYTES - 4));
  const second = new ScriptedTransport(numbered(10, 4, FRAMES));
  const transports = [first, second];
  const events: ClientEvent["type"][] = [];
  {
    await using client = await connect({
      dial: () => Promise.resolve(transports.shift() ?? null),
    }, {
      framing: FRAMING,
      bufferBytes: 4 * SLAB_BYTES,
      whenFull: spillTo(directory, { segmentBytes: SLAB_BYTES }),
      reconnect: { initialDelayMs: 0, maxDelayMs: 0 },
      onEvent: ({ type }) => events.push(type),
    });
    const held = Promise.withResolvers<void>();
    const seen: [epoch: number, number: number][] = [];
    const running = client.run({
      async batch(batch) {
        if (seen.length > FRAMES / 10) await held.promise;
        seen.push(...numbersOf(batch).map((number): [number, number] => [batch.epoch, number]));
      },
    });
    await until(() => client.stats().batches > 0, "batch");
    first.give(numbered(FRAMES - 1, FRAME_BYTES - 4, 1), null);
    await until(() => client.stats().framesSpilled > FRAMES / 4, "spilled frames");
    held.resolve();
    await until(() => client.stats().reconnects === 1, "second connection");
    const behind = seen.length;
    second.give(null);
    await within(running, "end");
    assertGreater(FRAMES, behind);
    assertEquals(seen.map(([, number]) => number), upTo(FRAMES + 10));
    assertEquals(seen.slice(-10).every(([epoch]) => epoch === 2), true);
    assertEquals(events.filter((type) => type === "connected").length, 2);
  }
  await Deno.remove(directory, { recursive: true });
});
