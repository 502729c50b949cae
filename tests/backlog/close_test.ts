/** What close() drops is counted and never comes again; what comes again counts as waiting. */
import { assertEquals, assertGreater } from "@std/assert";
import {
  type Client,
  type ClientEvent,
  type ClientStats,
  connect,
  type WhenFull,
} from "../../mod.ts";
import { journalBy, spillBy } from "../../src/backlog/spill_to.ts";
import { openSpill } from "../../src/spill/open.ts";
import type { OpenStore } from "../../src/spill/record_store.ts";
import { FRAMING, numbered, until, upTo, within } from "../client/harness.ts";
import { FaultDisk } from "../spill/fault_disk.ts";
import { random } from "../spill/random.ts";
import { ScriptedTransport } from "../transport/scripted.ts";
import { FRAMES, leftBehind, NEW, recovered, SLAB_BYTES, spilling } from "./left_behind.ts";

/** Of frames that fill the index before the slab. */
const SHORT_BYTES = 8;

/** Stores that do an append when `gate` opens, and not before. */
function slowly(disk: FaultDisk, gate: Promise<void>): OpenStore {
  return async (_, options) => {
    const store = await openSpill(disk, options);
    const appendAll = store.appendAll.bind(store);
    store.appendAll = async (records, sequence) => {
      await gate;
      return await appendAll(records, sequence);
    };
    return store;
  };
}

/** Closes a client whose buffer is full, of frames so short that not all that was read is framed; `stuck` until then. */
async function closedFull(whenFull: (gate: Promise<void>) => WhenFull): Promise<ClientStats> {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  let paused = false;
  const client = await connect(new ScriptedTransport(numbered(40 * FRAMES)), {
    framing: FRAMING,
    bufferBytes: 2 * SLAB_BYTES,
    whenFull: whenFull(gate),
    onEvent: ({ type }) => paused ||= type === "paused",
  });
  await until(() => paused, "full buffer");
  const closing = client.close();
  open();
  await within(closing, "end");
  const stats = client.stats();
  assertEquals(stats.frames, Math.floor(stats.bytesRead / SHORT_BYTES));
  assertEquals(stats.partialBytesDropped, stats.bytesRead % SHORT_BYTES);
  assertEquals(stats.framesPending + stats.framesDropped, stats.frames);
  return stats;
}

Deno.test("what was read is framed at close(), and dropped", async () => {
  const { frames, framesDropped } = await closedFull(() => "block");
  assertEquals(framesDropped, frames);
});

Deno.test("what was read is framed at close(), and dropped where a disk is behind", async () => {
  const disk = new FaultDisk(random(1));
  const { frames, framesDropped } = await closedFull((gate) =>
    spillBy(slowly(disk, gate), disk.path)
  );
  assertEquals(framesDropped, frames);
  assertEquals(await recovered(disk), []);
});

Deno.test("what was read is framed at close(), and in the journal", async () => {
  const disk = new FaultDisk(random(1));
  const { frames, framesPending } = await closedFull((gate) =>
    journalBy(slowly(disk, gate), disk.path)
  );
  assertEquals(framesPending, frames);
  assertEquals(await recovered(disk, { whenFull: journalBy }), upTo(frames));
});

/** Fills the buffer while the store takes its time, and closes the client meanwhile. */
async function closedAhead(disk: FaultDisk, meanwhile = () => {}): Promise<Client> {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  let paused = false;
  const client = await spilling(disk, {
    target: new ScriptedTransport(numbered(FRAMES, 60, NEW)),
    onEvent: ({ type }: ClientEvent) => paused ||= type === "paused",
    openStore: slowly(disk, gate),
  });
  await until(() => paused, "full buffer");
  const closing = client.close();
  meanwhile();
  open();
  await within(closing, "end");
  const { frames, framesDropped, framesPending, framesRecovered } = client.stats();
  assertEquals(framesPending + framesDropped, frames + framesRecovered);
  return client;
}

Deno.test("what is on its way to disk at close(), behind what a dead process left, counts as waiting", async () => {
  const { disk, frames: left } = await leftBehind();
  const { frames, framesDropped, framesSpilled } = (await closedAhead(disk)).stats();
  const numbers = await recovered(disk);
  const again = numbers.filter((number) => number >= NEW).length;
  assertEquals(numbers.length - again, left);
  assertGreater(again, 0);
  assertEquals([framesSpilled, framesDropped], [again, frames - again]);
});

Deno.test("what is on its way to disk at close(), and refused, is dropped and counted", async () => {
  const { disk, frames: left } = await leftBehind();
  const refuse = () => disk.fault = ({ operation }) => operation === "write" ? "error" : undefined;
  const { frames, framesDropped, framesSpilled } = (await closedAhead(disk, refuse)).stats();
  disk.fault = () => undefined;
  assertEquals([framesSpilled, framesDropped], [0, frames]);
  assertEquals((await recovered(disk)).length, left);
});

Deno.test("what is on its way to disk at close() is dropped where all that is there is", async () => {
  const disk = new FaultDisk(random(1));
  const { frames, framesDropped, framesPending } = (await closedAhead(disk)).stats();
  assertEquals([framesDropped, framesPending], [frames, 0]);
  assertEquals(await recovered(disk), []);
});

for (const [what, refused] of [["cursor", "create"], ["cursor", "rename"], ["segment", "sync"]]) {
  Deno.test(`what close() could not pass, since ${refused} of a ${what} was refused, counts as waiting`, async () => {
    const disk = new FaultDisk(random(1));
    const transport = new ScriptedTransport(numbered(FRAMES, 60));
    const told: string[] = [];
    const onEvent = ({ type }: ClientEvent) => void told.push(type);
    const client = await spilling(disk, { target: transport, onEvent, segmentBytes: 2 ** 30 });
    await until(() => transport.starved, "whole stream");
    disk.fault = ({ operation, name }) =>
      operation === refused && name.startsWith(what) ? "error" : undefined;
    await within(client.close(), "end");
    disk.fault = () => undefined;
    const { frames, framesDropped, framesPending } = client.stats();
    assertEquals((await recovered(disk)).length, framesPending);
    assertEquals([framesPending + framesDropped, told.at(-1)], [frames, "spill_failed"]);
    assertGreater(framesPending, FRAMES / 2);
  });
}

Deno.test("what close() has passed is dropped, though its name could not be synced", async () => {
  const disk = new FaultDisk(random(1));
  const transport = new ScriptedTransport(numbered(FRAMES, 60));
  const client = await spilling(disk, { target: transport, segmentBytes: 2 ** 30 });
  await until(() => transport.starved, "whole stream");
  disk.fault = ({ operation, name }) => operation === "sync" && name === "." ? "error" : undefined;
  await within(client.close(), "end");
  disk.fault = () => undefined;
  const { frames, framesDropped, framesPending } = client.stats();
  assertEquals([framesDropped, framesPending], [frames, 0]);
  assertEquals(await recovered(disk), []);
});

for (const [kind, by] of [["spill", spillBy], ["journal", journalBy]] as const) {
  Deno.test(`a record that can't be read counts as lost once, restarts included (${kind})`, async () => {
    const whenFull = (open: OpenStore, path: string) => by(open, path, { segmentBytes: 2 ** 30 });
    const { disk } = await leftBehind({ whenFull });
    const [segment] = disk.names().filter((name) => name.startsWith("segment"));
    const bytes = disk.bytesOf(segment);
    // The second record's payload.
    bytes[SLAB_BYTES + SLAB_BYTES / 2] ^= 1;
    let lost = 0;
    const onEvent = (event: ClientEvent) => {
      if (event.type === "spill_lost") lost += event.records;
    };
    const client = await spilling(disk, { whenFull, onEvent });
    const [held, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let next: number | undefined;
    const running = client.run({
      batch(batch) {
        const number = batch.u32(0, 0);
        // Behind the damage it stands.
        if (number !== (next ?? number)) {
          begun.resolve();
          return held.promise;
        }
        next = number + batch.count;
      },
    });
    await within(begun.promise, "batch behind the damage");
    const closing = client.close();
    held.resolve();
    await closing;
    await running;
    assertEquals(lost, 1);
    const numbers = await recovered(disk, { whenFull, onEvent });
    assertEquals(lost, 1);
    assertGreater(numbers[0], next!);
  });
}
