/** The disk is asked to write down what was appended before anybody waits for it. */
import { assert, assertEquals } from "@std/assert";
import { delay } from "../client/harness.ts";
import { FaultDisk } from "./fault_disk.ts";
import { appended, infoOf, openSmall, readStore, SEGMENT_BYTES } from "./harness.ts";
import { random } from "./random.ts";

/** More than an eighth of a segment. */
const RECORD = new Uint8Array(SEGMENT_BYTES / 6);

const syncsOf = (disk: FaultDisk) =>
  disk.operations.filter(({ operation, name }) => operation === "sync" && name !== ".").length;

Deno.test("what was appended is on disk before a sync asks for it, and is not claimed to be", async () => {
  const disk = new FaultDisk(random(1));
  await using store = await openSmall(disk);
  await appended(store, 1, RECORD);
  await using left = await openSmall(disk.restarted(() => false, random(1)));
  assertEquals((await readStore(left)).records.length, 1);
  assertEquals(store.syncedSequence, 0);
});

Deno.test("little is not written down by itself", async () => {
  const disk = new FaultDisk(random(1));
  await using store = await openSmall(disk);
  await appended(store, 1, new Uint8Array(10));
  const before = syncsOf(disk);
  for (let n = 2; n <= 4; n++) await appended(store, n, new Uint8Array(10));
  assertEquals(syncsOf(disk), before);
});

Deno.test("what the disk lost while nobody waited is told to all who append or sync then", async () => {
  const disk = new FaultDisk(random(1));
  await using store = await openSmall(disk);
  await appended(store, 1, new Uint8Array(10));
  assertEquals((await store.sync()).type, "synced");
  disk.fault = ({ operation }) => operation === "sync" ? "error" : undefined;
  await appended(store, 2, RECORD);
  await delay(0);
  const refused = await store.append(infoOf(3), [new Uint8Array(10)]);
  assert(refused.type === "failed");
  // It says yes from now on, but what it forgot it has forgotten.
  disk.fault = () => undefined;
  const failed = await store.sync();
  assert(failed.type === "failed");
  assertEquals(failed.error, refused.error);
  assertEquals(await store.sync(), failed);
  assertEquals(store.syncedSequence, 1);
  const { error } = failed;
  assertEquals(await store.append(infoOf(4), [RECORD]), { type: "failed", error });
  await using left = await openSmall(disk.restarted(() => false, random(1)));
  assertEquals((await readStore(left)).records.length, 1);
});

Deno.test("records are appended while the disk writes others down", async () => {
  const disk = new FaultDisk(random(1));
  const store = await openSmall(disk);
  await appended(store, 1, new Uint8Array(10));
  let release = () => {};
  disk.syncHeld = new Promise((resolve) => release = resolve);
  await appended(store, 2, RECORD);
  await appended(store, 3, RECORD);
  let synced = false;
  const syncing = store.sync().then((result) => {
    synced = true;
    return result;
  });
  await delay(0);
  assertEquals(synced, false);
  release();
  assertEquals(await syncing, { type: "synced", sequence: 3 });
  await store.close();
  await using left = await openSmall(disk.restarted(() => false, random(1)));
  assertEquals((await readStore(left)).records.length, 3);
});
