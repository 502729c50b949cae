/** Records that can't be read back: each is told of and counted once, whoever knows of it first. */
import { assertEquals, assertGreater } from "@std/assert";
import { type ClientEvent, connect } from "../../mod.ts";
import { spillTo } from "../../spill.ts";
import { recordBytes, SEGMENT_HEADER_BYTES } from "../../src/spill/format.ts";
import { openSpill } from "../../src/spill/open.ts";
import type { OpenStore } from "../../src/spill/record_store.ts";
import type { SpillStore } from "../../src/spill/store.ts";
import { FRAMING, numbered, until, within } from "../client/harness.ts";
import { FaultDisk } from "../spill/fault_disk.ts";
import { inDirectory, readStore } from "../spill/harness.ts";
import { random } from "../spill/random.ts";
import { ScriptedTransport } from "../transport/scripted.ts";
import { FRAMES, SLAB_BYTES, spilling } from "./left_behind.ts";

/** So many records are read ahead by then. */
const READ_AHEAD = 3;

/** Records and frames from the middle of the `first` record on, up to the end of the segment, which become zeros. */
async function damage(
  disk: FaultDisk,
  first: number,
): Promise<{ records: number; frames: number }> {
  await using copy = await openSpill(disk.copy());
  const { records } = await readStore(copy);
  const before = records.slice(0, first);
  const from = before.reduce(
    (end, { header }) => end + recordBytes(header.payloadBytes),
    SEGMENT_HEADER_BYTES,
  );
  const [segment] = disk.names().filter((name) => name.startsWith("segment"));
  disk.bytesOf(segment).fill(0, from + 100);
  const damaged = records.slice(first);
  return {
    records: damaged.length,
    frames: damaged.reduce((sum, { header }) => sum + header.frameCount, 0),
  };
}

Deno.test("damage that takes records along which are just being written counts each once", async () => {
  const disk = new FaultDisk(random(1));
  let store: SpillStore | undefined;
  const gate: { closed?: Promise<void> } = {};
  /** What it has written it tells of when the gate opens. */
  const openStore: OpenStore = async (_, options) => {
    const opened = store = await openSpill(disk, options);
    const appendAll = opened.appendAll.bind(opened);
    opened.appendAll = async (records, sequence) => {
      const result = await appendAll(records, sequence);
      await gate.closed;
      return result;
    };
    return opened;
  };
  const lost = { records: 0, frames: 0 };
  const onEvent = (event: ClientEvent) => {
    if (event.type !== "spill_lost") return;
    lost.records += event.records;
    lost.frames += event.frames;
  };
  const transport = new ScriptedTransport(numbered(FRAMES, 60));
  const client = await spilling(disk, {
    ...{ target: transport, onEvent, openStore, segmentBytes: 2 ** 30 },
  });
  const held = Promise.withResolvers<void>();
  let frames = 0;
  const running = client.run({
    async batch(batch) {
      await held.promise;
      frames += batch.count;
    },
  });
  await until(() => transport.starved, "whole stream");
  const { sequence } = store!.last;
  const { promise, resolve: open } = Promise.withResolvers<void>();
  gate.closed = promise;
  transport.give(numbered(1000, 60, FRAMES));
  await until(() => store!.last.sequence > sequence, "record");
  const damaged = await damage(disk, READ_AHEAD);
  held.resolve();
  await until(() => lost.records > 0, "damage");
  open();
  transport.give(null);
  await within(running, "end");
  assertEquals(lost, damaged);
  const stats = client.stats();
  assertGreater(lost.frames, 1000);
  assertEquals(stats.framesLostOnDisk, lost.frames);
  assertEquals(frames + lost.frames, FRAMES + 1000);
  assertEquals([stats.framesPending, stats.framesDropped], [0, 0]);
});

Deno.test("a directory removed under way costs its records, and no time for each of them", () =>
  inDirectory(async (outer) => {
    const directory = `${outer}/spill`;
    const held = Promise.withResolvers<void>();
    let [frames, lost] = [0, 0];
    const transport = new ScriptedTransport(numbered(FRAMES, 60));
    const client = await connect(transport, {
      framing: FRAMING,
      bufferBytes: 2 * SLAB_BYTES,
      whenFull: spillTo(directory, { segmentBytes: SLAB_BYTES }),
      onEvent: (event) => {
        if (event.type === "spill_lost") lost += event.frames;
      },
    });
    const running = client.run({
      async batch(batch) {
        await held.promise;
        frames += batch.count;
      },
    });
    await until(() => transport.starved, "whole stream");
    await until(() => client.stats().framesSpilled > FRAMES / 2, "spilled frames");
    await Deno.rename(directory, `${outer}/gone`);
    held.resolve();
    transport.give(numbered(10, 60, FRAMES), null);
    // Tried again, each record would take ten seconds.
    await within(running, "end");
    const stats = client.stats();
    assertGreater(lost, FRAMES / 4);
    assertEquals(stats.framesLostOnDisk, lost);
    assertEquals(frames + lost + stats.framesDropped, FRAMES + 10);
    assertEquals(stats.framesPending, 0);
  }));
