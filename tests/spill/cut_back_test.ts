/** Groups of records that the disk took a part of: what was refused is nowhere, whatever comes next. */
import { assertEquals } from "@std/assert";
import type { SpillStore } from "../../src/spill/store.ts";
import { type Fault, FaultDisk, type Operation } from "./fault_disk.ts";
import { appended, infoOf, openSmall, readAll, readStore, SEGMENT_BYTES } from "./harness.ts";
import { random } from "./random.ts";

const BYTES = 100;
const REFUSES = ({ operation }: Operation): Fault | undefined =>
  operation === "write" || operation === "truncate" ? "error" : undefined;

/** Payload that tells what wrote it. */
function filled(n: number, bytes = BYTES): Uint8Array {
  return new Uint8Array(bytes).fill(n);
}

/** Appends four records, of which the disk takes two, and does not give them up. */
async function refused(disk: FaultDisk, store: SpillStore): Promise<void> {
  disk.fault = REFUSES;
  const records = Array.from({ length: 4 }, () => ({ info: infoOf(9), parts: [filled(9)] }));
  assertEquals((await store.appendAll(records)).type, "failed");
  disk.fault = () => undefined;
}

/** What a store opened anew has, as the first byte of each payload. */
async function kept(disk: FaultDisk): Promise<number[]> {
  await using store = await openSmall(disk);
  assertEquals(store.findings.kept, []);
  const { records, lost } = await readStore(store);
  assertEquals(lost, []);
  return records.map(({ payload }) => payload[0]);
}

Deno.test("a part of a group that stayed in the file is gone when the store is closed", async () => {
  const disk = new FaultDisk(random(1));
  const store = await openSmall(disk);
  await appended(store, 1, filled(1));
  await refused(disk, store);
  await store.close();
  assertEquals(await kept(disk), [1]);
});

Deno.test("a part of a group that stayed in the file is gone before a new segment begins", async () => {
  const disk = new FaultDisk(random(1));
  const store = await openSmall(disk);
  await appended(store, 1, filled(1));
  await refused(disk, store);
  // Too long for this segment.
  await appended(store, 2, filled(2, SEGMENT_BYTES));
  assertEquals(store.stats().segments, 2);
  await appended(store, 3, filled(3));
  using reader = store.reader();
  assertEquals((await readAll(reader)).records.map(({ payload }) => payload[0]), [1, 2, 3]);
  await store.close();
  assertEquals(await kept(disk), [1, 2, 3]);
});

Deno.test("a part of a group that stayed in the file is gone when the power was cut in the next segment", async () => {
  const disk = new FaultDisk(random(1));
  const store = await openSmall(disk);
  await appended(store, 1, filled(1));
  await store.sync();
  await refused(disk, store);
  await appended(store, 2, filled(2, SEGMENT_BYTES));
  await store.sync();
  // What the disk took of the group has survived, in two sectors, and what cut it off has not.
  let changes = 0;
  const pulled = disk.restarted(() => (changes += 1) <= 2, random(2));
  await store.close();
  assertEquals(await kept(pulled), [1, 2]);
});

Deno.test("a part of a group that stayed in the file is gone when a sync has resolved, which fails till then", async () => {
  const disk = new FaultDisk(random(1));
  await using store = await openSmall(disk);
  await appended(store, 1, filled(1));
  assertEquals((await store.sync()).type, "synced");
  await refused(disk, store);
  disk.fault = REFUSES;
  assertEquals((await store.sync()).type, "failed");
  disk.fault = () => undefined;
  assertEquals(await store.sync(), { type: "synced", sequence: 1 });
  assertEquals(await kept(disk.restarted(() => true, random(1))), [1]);
});
