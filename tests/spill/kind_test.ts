/** What a directory is for, and who may take it over. */
import { assertEquals, assertRejects } from "@std/assert";
import { openRecorder } from "../../src/record/recorder.ts";
import { DIRECTORY_KINDS, type DirectoryKind } from "../../src/spill/directory_kind.ts";
import { SpillKindError } from "../../src/spill/errors.ts";
import { RecordKind, segmentName } from "../../src/spill/format.ts";
import { verifySpill } from "../../src/spill/inspect.ts";
import { repairSpill } from "../../src/spill/repair.ts";
import { FaultDisk } from "./fault_disk.ts";
import { infoOf, openSmall } from "./harness.ts";
import { random } from "./random.ts";

const KINDS = DIRECTORY_KINDS.filter((kind) => kind !== "unsaid");

/** A disk with one record of a kind's, handled or not. */
async function diskOf(kind: DirectoryKind, handled: boolean): Promise<FaultDisk> {
  const disk = new FaultDisk(random(1));
  await using store = await openSmall(disk, { kind });
  await store.registerCursor("handler");
  const info = { ...infoOf(1), kind: kind === "recording" ? RecordKind.chunk : RecordKind.batch };
  await store.append(info, [new Uint8Array(8)]);
  if (handled) store.acknowledge("handler", store.last);
  await store.sync();
  return disk;
}

async function opens(disk: FaultDisk, kind: DirectoryKind): Promise<boolean> {
  const before = disk.copy();
  try {
    await (await openSmall(disk, { kind })).close();
    return true;
  } catch (error) {
    if (!(error instanceof SpillKindError)) throw error;
    assertEquals(disk.names(), before.names());
    for (const name of disk.names()) assertEquals(disk.bytesOf(name), before.bytesOf(name));
    return false;
  }
}

/** The kinds that a disk may be opened as. */
async function takenBy(disk: FaultDisk): Promise<readonly DirectoryKind[]> {
  const taken: DirectoryKind[] = [];
  for (const kind of KINDS) if (await opens(disk.copy(), kind)) taken.push(kind);
  return taken;
}

Deno.test("a directory is taken by its own kind, and by others only where nothing can be lost", async () => {
  for (
    const [kind, waiting, handled] of [
      ["spill", ["spill", "journal"], ["spill", "journal"]],
      ["journal", ["journal"], ["spill", "journal"]],
      ["dead_letters", ["dead_letters"], ["dead_letters"]],
      ["recording", ["recording"], ["recording"]],
      ["unsaid", ["spill", "journal", "dead_letters"], ["spill", "journal", "dead_letters"]],
    ] as const
  ) {
    assertEquals(await takenBy(await diskOf(kind, false)), waiting, kind);
    assertEquals(await takenBy(await diskOf(kind, true)), handled, `${kind}, handled`);
  }
  assertEquals(await takenBy(new FaultDisk(random(1))), [...KINDS]);
});

Deno.test("a journal whose cursor is damaged or gone is not taken by a spill", async () => {
  const disk = await diskOf("journal", true);
  const damaged = disk.copy();
  damaged.replace("cursor-handler", new Uint8Array(32));
  assertEquals(await takenBy(damaged), ["journal"]);
  await disk.remove("cursor-handler");
  assertEquals(await takenBy(disk), ["journal"]);
});

Deno.test("what a journal took over is its own from its first sync on, though it wrote nothing", async () => {
  const disk = await diskOf("spill", false);
  await (await openSmall(disk, { kind: "journal" })).close();
  assertEquals(await takenBy(disk), ["spill", "journal"]);
  {
    await using store = await openSmall(disk, { kind: "journal" });
    assertEquals((await store.sync()).type, "synced");
  }
  assertEquals(await takenBy(disk.restarted(() => false, random(2))), ["journal"]);
  // And stays so for who goes on with it.
  await (await openSmall(disk, { kind: "journal" })).close();
  await (await openSmall(disk)).close();
  assertEquals(await takenBy(disk), ["journal"]);
});

Deno.test("a takeover that the disk refuses is a sync that failed, and is tried again", async () => {
  const disk = await diskOf("spill", false);
  await using store = await openSmall(disk, { kind: "journal" });
  await store.registerCursor("handler");
  store.acknowledge("handler", store.last);
  disk.fault = ({ name }) => name.startsWith("segment") ? "error" : undefined;
  const refused = await store.sync();
  assertEquals([refused.type, refused.type === "failed" && refused.acknowledged], ["failed", true]);
  disk.fault = () => undefined;
  assertEquals((await store.sync()).type, "synced");
  assertEquals((await verifySpill(disk)).kind, "journal");
});

Deno.test("a spill that went on in a journal's directory is none", async () => {
  const disk = await diskOf("journal", true);
  {
    await using store = await openSmall(disk, { kind: "spill" });
    await store.append({ ...infoOf(2), kind: RecordKind.batch }, [new Uint8Array(8)]);
  }
  assertEquals(await takenBy(disk.orphaned(random(2))), ["spill", "journal"]);
});

Deno.test("a recording is known by its chunks where its header is damaged, also when that was repaired", async () => {
  const disk = await diskOf("recording", false);
  const bytes = disk.bytesOf(segmentName(1)).slice();
  bytes[20] ^= 1;
  disk.replace(segmentName(1), bytes);
  assertEquals(await takenBy(disk), ["recording"]);
  assertEquals((await repairSpill(disk)).rewritten.length, 1);
  assertEquals(await takenBy(disk), ["recording"]);
  assertEquals((await verifySpill(disk)).kind, "recording");
});

Deno.test("a refusal says what was expected, what is there and what to do", async () => {
  const disk = await diskOf("journal", false);
  const error = await assertRejects(() => openRecorder(disk), SpillKindError);
  assertEquals([error.directory, error.expected, error.actual], ["disk", "recording", "journal"]);
  assertEquals(
    error.message,
    "expected a recording or nothing in disk, but it holds a journal: give another directory " +
      "(--durable or journalTo() goes on with this one)",
  );
});
