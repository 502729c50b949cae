/** Rare orders of failures and power cuts, each as it once could have lost something. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { SpillIoError } from "../../src/spill/errors.ts";
import { segmentName } from "../../src/spill/format.ts";
import { Crash, FaultDisk } from "./fault_disk.ts";
import {
  appended,
  CURSOR_FILE,
  handled,
  infoOf,
  openSmall,
  readStore,
  SEGMENT_BYTES,
} from "./harness.ts";
import { random } from "./random.ts";

const RECORD = new Uint8Array(1000);
/** The disk is not asked to write it down before a sync. */
const SMALL_RECORD = new Uint8Array(300);

/** The disk after the power was cut and nothing that was not synced is left. */
function powerCut(disk: FaultDisk): FaultDisk {
  return disk.restarted(() => false, random(1));
}

function ignoreCrash(error: unknown): void {
  if (!(error instanceof Crash)) throw error;
}

Deno.test("sequences go on after a power cut when the last segment was just deleted", async () => {
  const disk = new FaultDisk(random(1));
  await using store = await openSmall(disk, { maxBytes: SEGMENT_BYTES });
  for (let n = 1; n <= 3; n++) await appended(store, n, new Uint8Array(1200));
  await handled(store, 3);
  await appended(store, 4, SMALL_RECORD);
  assertEquals(disk.names(), [CURSOR_FILE, segmentName(2)]);
  const cut = powerCut(disk);
  // Its cursor would say it as well: the segment has to.
  await cut.remove(CURSOR_FILE);
  await using left = await openSmall(cut);
  assertEquals(left.last, { epoch: 1, sequence: 3 });
});

Deno.test("no record gets a sequence that a handler has acknowledged already", async () => {
  const disk = new FaultDisk(random(1));
  {
    await using store = await openSmall(disk);
    await store.registerCursor("h");
    for (let n = 1; n <= 5; n++) await appended(store, n, RECORD);
    store.acknowledge("h", { epoch: 7, sequence: 5 });
    assertEquals((await store.sync()).type, "synced");
  }
  // Damage took what was synced.
  disk.replace(segmentName(2), disk.bytesOf(segmentName(2)).slice(0, 100));
  await using store = await openSmall(disk);
  assertEquals(store.last, { epoch: 7, sequence: 5 });
  assertEquals(await appended(store, 6, RECORD), 6);
  const { records } = await readStore(store);
  assertEquals(records.at(-1)?.header.sequence, 6);
});

Deno.test("a segment whose name could not be synced gets no record after a restart", async () => {
  const disk = new FaultDisk(random(1));
  {
    await using store = await openSmall(disk);
    disk.fault = ({ operation, name }) =>
      operation === "sync" && name === "." || operation === "remove" ? "error" : undefined;
    assertEquals((await store.append(infoOf(1), [RECORD])).type, "failed");
    assertEquals(disk.names(), [segmentName(1)]);
    disk.fault = () => undefined;
  }
  await using store = await openSmall(disk);
  assertEquals(await appended(store, 1, RECORD), 1);
  assertEquals(await store.sync(), { type: "synced", sequence: 1 });
  await using left = await openSmall(powerCut(disk));
  assertEquals((await readStore(left)).records.length, 1);
});

Deno.test("a cursor whose name could not be synced is written again after a restart", async () => {
  const disk = new FaultDisk(random(1));
  {
    await using store = await openSmall(disk);
    await appended(store, 1, RECORD);
    disk.fault = ({ operation, name, index }) =>
      operation === "sync" && name === "." && index > 3 ? "error" : undefined;
    await assertRejects(() => store.registerCursor("h"), SpillIoError, "EIO");
    disk.fault = () => undefined;
  }
  await using store = await openSmall(disk);
  assertEquals((await store.registerCursor("h")).sequence, 0);
  assertEquals((await store.sync()).type, "synced");
  await using left = await openSmall(powerCut(disk));
  assertEquals(left.cursors().map(({ name }) => name), ["h"]);
});

Deno.test("nothing is deleted for a cursor that is not on disk for certain", async () => {
  const disk = new FaultDisk(random(1));
  {
    await using store = await openSmall(disk);
    await store.registerCursor("h");
    for (let n = 1; n <= 8; n++) await appended(store, n, RECORD);
    assertEquals((await store.sync()).type, "synced");
    store.acknowledge("h", { epoch: 1, sequence: 8 });
    // The cursor gets its name, but not on the disk.
    disk.fault = ({ operation, name }) =>
      operation === "sync" && name === "." ? "error" : undefined;
    assertEquals((await store.sync()).type, "failed");
    disk.fault = () => undefined;
  }
  await using store = await openSmall(disk);
  assertEquals((await store.registerCursor("h")).sequence, 8);
  await appended(store, 9, SMALL_RECORD);
  await using left = await openSmall(powerCut(disk));
  assertEquals((await left.registerCursor("h")).sequence, 0);
  assertEquals((await readStore(left)).records.length, 8);
});

Deno.test("what is left after a power cut while segments are deleted has no gap", async () => {
  // The cursor takes five operations, and each of four segments two.
  for (let at = 0; at < 17; at++) {
    for (let seed = 0; seed < 20; seed++) {
      const disk = new FaultDisk(random(1));
      await using store = await openSmall(disk);
      for (let n = 1; n <= 16; n++) await appended(store, n, RECORD);
      await handled(store, 0);
      const first = disk.operations.length;
      disk.fault = ({ index }) => index === first + at ? "crash_after" : undefined;
      await handled(store, 14).catch(ignoreCrash);
      await using left = await openSmall(disk.restarted((draw) => draw() < 0.5, random(seed)));
      const { records, lost } = await readStore(left);
      assertEquals([lost, records.at(-1)?.header.sequence], [[], 16], `at ${at}, seed ${seed}`);
      const [{ acknowledged }] = left.cursors();
      assert(records[0].header.sequence <= acknowledged.sequence + 1, `at ${at}, seed ${seed}`);
    }
  }
});
