import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { type ClientEvent, connect, DisconnectError, type Target } from "../../mod.ts";
import { spillBy } from "../../src/backlog/spill_to.ts";
import { openSpill } from "../../src/spill/open.ts";
import { FRAMING, numbered, numbersOf, until, within } from "../client/harness.ts";
import { FaultDisk } from "../spill/fault_disk.ts";
import { random } from "../spill/random.ts";
import { ScriptedTransport } from "../transport/scripted.ts";

const SLAB_BYTES = 256 * 1024;
const FRAMES = 40_000;

/** A client that spills to `disk`. */
async function spilling(
  disk: FaultDisk,
  target: Target = new ScriptedTransport(),
  onEvent?: (event: ClientEvent) => void,
) {
  return await connect(target, {
    framing: FRAMING,
    bufferBytes: 2 * SLAB_BYTES,
    whenFull: spillBy((_, options) => openSpill(disk, options), disk.path, {
      segmentBytes: SLAB_BYTES,
    }),
    onEvent,
  });
}

/** The disk a process left that died with no frame handled, and how many it had spilled. */
async function leftBehind(): Promise<{ disk: FaultDisk; frames: number }> {
  const disk = new FaultDisk(random(1));
  const transport = new ScriptedTransport(numbered(FRAMES, 60));
  await using client = await spilling(disk, transport);
  await until(() => transport.starved, "whole stream");
  await until(() => client.stats().framesSpilled > FRAMES / 2, "spilled frames");
  return { disk: disk.copy(), frames: client.stats().framesSpilled };
}

/** Numbers of the frames on a disk, handed out by a client of its own. */
async function recovered(disk: FaultDisk): Promise<number[]> {
  const numbers: number[] = [];
  await using client = await spilling(disk, new ScriptedTransport(null));
  await within(
    client.run({ batch: (batch) => void numbers.push(...numbersOf(batch)) }),
    "end of the feed",
  );
  return numbers;
}

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
  await assertRejects(() => spilling(disk, `127.0.0.1:${port}`), DisconnectError, "refused");
  assertEquals((await recovered(disk)).length, frames);
});

Deno.test("what a dead process left and nobody read stays when the client is closed", async () => {
  const { disk, frames } = await leftBehind();
  const client = await spilling(disk);
  await client.close();
  const stats = client.stats();
  assertEquals(stats.framesDropped, 0);
  assertEquals(stats.framesPending, stats.framesRecovered);
  assertGreater(frames, stats.framesRecovered);
  assertEquals((await recovered(disk)).length, frames);
});

Deno.test("records the disk never gives back are lost after ten attempts each, and the feed ends", async () => {
  const { disk } = await leftBehind();
  using time = new FakeTime();
  const lost: number[] = [];
  const client = await spilling(disk, new ScriptedTransport(null), (event) => {
    if (event.type === "spill_lost") lost.push(time.now);
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
