/** What a process that died has spilled: delivered first, and never deleted unread. */
import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { DisconnectError } from "../../mod.ts";
import { ScriptedTransport } from "../transport/scripted.ts";
import { leftBehind, recovered, spilling } from "./left_behind.ts";

Deno.test("what a dead process left is delivered first, in order", async () => {
  const { disk, frames } = await leftBehind();
  const numbers = await recovered(disk);
  assertEquals(numbers.length, frames);
  assert(numbers.every((number, i) => i === 0 || number === numbers[i - 1] + 1));
  assertEquals(await recovered(disk.copy()), []);
});

Deno.test("what a dead process left stays when its successor finds no server", async () => {
  const { disk, frames } = await leftBehind();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await assertRejects(
    () => spilling(disk, { target: `127.0.0.1:${port}` }),
    DisconnectError,
    "refused",
  );
  assertEquals((await recovered(disk)).length, frames);
});

Deno.test("what a dead process left and nobody read stays when the client is closed", async () => {
  const { disk, frames } = await leftBehind();
  const records: number[] = [];
  const client = await spilling(disk, {
    onEvent: (event) => {
      if (event.type === "spill_recovered" || event.type === "spill_left") {
        records.push(event.records);
      }
    },
  });
  await client.close();
  const stats = client.stats();
  // Some were read ahead, and are in the counts.
  const [found, left] = records;
  assertEquals(records.length, 2);
  assertGreater(left, 0);
  assertGreater(found, left);
  assertEquals(stats.framesDropped, 0);
  assertEquals(stats.framesPending, stats.framesRecovered);
  assertGreater(frames, stats.framesRecovered);
  assertEquals((await recovered(disk)).length, frames);
});

Deno.test("records the disk never gives back are lost after ten attempts each, and the feed ends", async () => {
  const { disk } = await leftBehind();
  using time = new FakeTime();
  const lost: number[] = [];
  const client = await spilling(disk, {
    target: new ScriptedTransport(null),
    onEvent: ({ type }) => type === "spill_lost" && lost.push(time.now),
  });
  // Two records may be read ahead by now.
  disk.readFault = () => true;
  let ended = false;
  const running = client.run({ batch() {} }).finally(() => ended = true);
  const started = time.now;
  for (let seconds = 0; !ended && seconds < 100_000; seconds++) await time.tickAsync(1000);
  await running;
  // The first attempt is made at once, then there is one a second.
  assertEquals(lost.map((at) => at - started), lost.map((_, i) => 9000 * (i + 1)));
  assertGreater(lost.length, 1);
});
