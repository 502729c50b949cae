/** What becomes of frames when the handler is slower than the server and the buffer is full. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import type { ClientEvent, WhenFull } from "../../mod.ts";
import { connected, delay, numbered, numbersOf, until, upTo, within } from "../client/harness.ts";
import { ScriptedTransport } from "../transport/scripted.ts";

const BUFFER_BYTES = 4 * 256 * 1024;
const FRAMES = 100_000;
const FRAME_BYTES = 64;

/** Lets a handler hold its first batch until the whole stream has been read, or reading has paused. */
async function held(whenFull: WhenFull) {
  const transport = new ScriptedTransport(numbered(1, FRAME_BYTES - 4));
  const events: ClientEvent["type"][] = [];
  await using client = await connected(transport, {
    bufferBytes: BUFFER_BYTES,
    whenFull,
    onEvent: ({ type }) => events.push(type),
  });
  const numbers: number[] = [];
  const release = Promise.withResolvers<void>();
  const running = client.run({
    async batch(batch) {
      await release.promise;
      numbers.push(...numbersOf(batch));
    },
  });
  await until(() => client.stats().batches > 0, "batch");
  transport.give(numbered(FRAMES - 1, FRAME_BYTES - 4, 1));
  await until(() => transport.starved || events.includes("paused"), "whole stream or pause");
  const whileHeld = client.stats();
  release.resolve();
  transport.give(null);
  await within(running, "end");
  return { numbers, whileHeld, stats: client.stats(), events };
}

function assertAscending(numbers: number[]): void {
  for (let i = 1; i < numbers.length; i++) assertGreater(numbers[i], numbers[i - 1]);
}

Deno.test("block pauses reading and loses nothing", async () => {
  const { numbers, whileHeld, stats } = await held("block");
  assert(whileHeld.bytesRead <= BUFFER_BYTES, `${whileHeld.bytesRead} bytes read`);
  assertEquals(numbers, upTo(FRAMES));
  assertEquals(stats.framesDropped, 0);
});

Deno.test("drop_oldest reads on, keeps what came last and counts what it dropped", async () => {
  const { numbers, whileHeld, stats } = await held("drop_oldest");
  assertEquals(whileHeld.bytesRead, FRAMES * FRAME_BYTES);
  assertEquals(stats.pauses, 0);
  assertAscending(numbers);
  // The batch that was out was never dropped, and behind the gap everything is there.
  assertEquals(numbers[0], 0);
  assertEquals(numbers.at(-1), FRAMES - 1);
  const gaps = numbers.filter((number, i) => i > 0 && number !== numbers[i - 1] + 1);
  assertEquals(gaps.length, 1);
  assertEquals(stats.framesDroppedOldest, FRAMES - numbers.length);
  assertEquals(stats.framesDropped, stats.framesDroppedOldest);
  assertEquals(stats.frames, stats.framesDelivered + stats.framesDropped);
});

Deno.test("drop_newest reads on, keeps what came first and counts what it dropped", async () => {
  const { numbers, whileHeld, stats } = await held("drop_newest");
  assertEquals(whileHeld.bytesRead, FRAMES * FRAME_BYTES);
  assertEquals(stats.pauses, 0);
  assertEquals(numbers, upTo(numbers.length));
  // All but the slab that is read into, which holds an index of frames too short to fill it.
  assertGreater(numbers.length, (BUFFER_BYTES * 3 / 4) / FRAME_BYTES * 0.9);
  assertEquals(stats.framesDroppedNewest, FRAMES - numbers.length);
  assertEquals(stats.framesDropped, stats.framesDroppedNewest);
  assertEquals(stats.frames, stats.framesDelivered + stats.framesDropped);
});

for (const whenFull of ["block", "drop_oldest", "drop_newest"] as const) {
  Deno.test(`${whenFull}: the water marks are told once each`, async () => {
    const { events } = await held(whenFull);
    const marks = events.filter((type) => type === "high_water" || type === "low_water");
    assertEquals(marks.slice(0, 2), ["high_water", "low_water"]);
    // Behind a pause the rest of the stream may fill the buffer again.
    if (whenFull !== "block") assertEquals(marks.length, 2);
  });
}

Deno.test("drop_oldest never drops what a handler holds, and pauses when that is all there is", async () => {
  const transport = new ScriptedTransport(numbered(1), numbered(FRAMES, FRAME_BYTES - 4, 1));
  await using client = await connected(transport, {
    bufferBytes: 2 * 256 * 1024,
    whenFull: "drop_oldest",
    // One batch of all the first slabs hold.
    dutyCycleMs: 1e6,
  });
  const first: number[] = [];
  const running = client.run({
    async batch(batch) {
      const before = numbersOf(batch);
      await delay(5);
      // What is on loan is not overwritten while frames are dropped behind it.
      assertEquals(numbersOf(batch), before);
      first.push(...before);
    },
  });
  await until(() => transport.starved, "whole stream");
  transport.give(null);
  await within(running, "end");
  const { framesDelivered, framesDropped, frames } = client.stats();
  assertEquals(framesDelivered + framesDropped, frames);
  assertEquals(frames, FRAMES + 1);
  assertEquals(first.length, framesDelivered);
  assertAscending(first);
});
