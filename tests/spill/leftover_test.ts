/** Segments that could neither be made nor removed: files with no record in them, which hide none. */
import { assertEquals } from "@std/assert";
import { readSpill, verifySpill } from "../../src/spill/inspect.ts";
import type { SpillStore } from "../../src/spill/store.ts";
import { FaultDisk } from "./fault_disk.ts";
import { appended, infoOf, openSmall, readAll, readStore, SEGMENT_BYTES } from "./harness.ts";
import { random } from "./random.ts";

/** A payload that begins with `n`. */
function filled(n: number, bytes = 100): Uint8Array {
  return new Uint8Array(bytes).fill(n);
}

/** Too long for the rest of a segment. */
const LONG = SEGMENT_BYTES - 500;

/** A store with one record, and new segments that came to nothing. */
async function withLeftovers(disk: FaultDisk, count = 1): Promise<SpillStore> {
  const store = await openSmall(disk);
  await appended(store, 1, filled(1, 600));
  disk.fault = ({ operation, name }) =>
    operation === "sync" && name === "." || operation === "remove" ? "error" : undefined;
  for (let i = 0; i < count; i++) {
    assertEquals((await store.append(infoOf(2), [filled(2, LONG)])).type, "failed");
  }
  disk.fault = () => undefined;
  assertEquals(disk.names().filter((name) => name.startsWith("segment")).length, 1 + count);
  return store;
}

/** What whoever looks at the disk finds, by the first byte of each record. */
async function assertRecords(disk: FaultDisk, expected: number[]): Promise<void> {
  const { segments, lostRecords } = await verifySpill(disk);
  assertEquals(lostRecords, 0);
  assertEquals(segments.reduce((sum, { records }) => sum + records, 0), expected.length);
  {
    using reader = await readSpill(disk);
    const { records, lost } = await readAll(reader);
    assertEquals([records.map(({ payload }) => payload[0]), lost], [expected, []]);
  }
  for (let starts = 0; starts < 2; starts++) {
    await using store = await openSmall(disk);
    const { records, lost } = await readStore(store);
    assertEquals([records.map(({ payload }) => payload[0]), lost], [expected, []]);
    assertEquals(store.last.sequence, expected.length);
  }
}

for (const count of [1, 3]) {
  Deno.test(`records behind ${count} segments that came to nothing are there at the next start`, async () => {
    const disk = new FaultDisk(random(1));
    const store = await withLeftovers(disk, count);
    await appended(store, 2, filled(2));
    await store.close();
    await assertRecords(disk, [1, 2]);
  });
}

Deno.test("records between a segment that came to nothing and another one are there at the next start", async () => {
  const disk = new FaultDisk(random(1));
  const store = await withLeftovers(disk);
  await appended(store, 2, filled(2));
  await appended(store, 3, filled(3, LONG));
  await appended(store, 4, filled(4));
  await store.close();
  await assertRecords(disk, [1, 2, 3, 4]);
});

Deno.test("a segment that came to nothing is no matter where nothing followed", async () => {
  const disk = new FaultDisk(random(1));
  const store = await withLeftovers(disk);
  await store.close();
  await assertRecords(disk, [1]);
  await using again = await openSmall(disk);
  assertEquals(await appended(again, 2, filled(2)), 2);
});
