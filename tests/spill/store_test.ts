/** What a store does at its bounds, and when the disk refuses. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { OptionError } from "../../src/errors.ts";
import { SpillIoError, SpillLockedError } from "../../src/spill/errors.ts";
import { findingSentence } from "../../src/spill/finding.ts";
import { type RecordKind, segmentName } from "../../src/spill/format.ts";
import { openSpill } from "../../src/spill/open.ts";
import { FaultDisk } from "./fault_disk.ts";
import {
  appended,
  CURSOR_FILE,
  handled,
  infoOf,
  openSmall,
  readAll,
  readStore,
  SEGMENT_BYTES,
} from "./harness.ts";
import { noise, random } from "./random.ts";

/** `size` bytes that all are `n`. */
function filled(n: number, size = 1000): Uint8Array {
  return new Uint8Array(size).fill(n);
}

Deno.test("append() gives sequences without gaps, over segments and restarts", async () => {
  const disk = new FaultDisk(random(1));
  for (let start = 1; start < 40; start += 10) {
    await using store = await openSmall(disk);
    assertEquals(store.last.sequence, start - 1);
    for (let n = start; n < start + 10; n++) assertEquals(await appended(store, n, filled(n)), n);
  }
  await using store = await openSmall(disk);
  assertEquals(store.last, { epoch: infoOf(40).epoch, sequence: 40 });
  assertEquals(
    (await readStore(store)).records.map(({ header }) => header.frameCount),
    [
      ...Array(40).keys(),
    ].map((n) => n + 1),
  );
});

Deno.test("append() takes parts of any number and size", async () => {
  const disk = new FaultDisk(random(1));
  await using store = await openSpill(disk);
  const bytes = noise(random(2), 400_000);
  const cuts = [
    [],
    [0],
    [0, 0, 1],
    [100_000],
    [10, 65_536 - 62, 20, 70_000, 1],
    [40_000, 40_000, 3, 40_000],
    Array(300).fill(1000),
  ];
  for (const [n, sizes] of cuts.entries()) {
    let at = 0;
    await appended(store, n, ...sizes.map((size) => bytes.subarray(at, at += size)));
  }
  const { records } = await readStore(store);
  for (const [n, sizes] of cuts.entries()) {
    const total = sizes.reduce((sum, size) => sum + size, 0);
    assertEquals(records[n].payload, bytes.slice(0, total));
  }
});

Deno.test("append() gives full at maxBytes and writes nothing; handling makes room", async () => {
  const disk = new FaultDisk(random(1));
  await using store = await openSmall(disk, { maxBytes: 2 * SEGMENT_BYTES });
  let last = 0;
  while (true) {
    const result = await store.append(infoOf(1), [filled(1)]);
    if (result.type === "full") {
      assertEquals(result, { type: "full", bytes: 1056, maxBytes: 2 * SEGMENT_BYTES });
      break;
    }
    assert(result.type === "appended");
    last = result.sequence;
  }
  assertEquals([last, store.stats().fullAppends], [7, 1]);
  const { bytes } = store.stats();
  assert(bytes <= 2 * SEGMENT_BYTES && bytes > 2 * SEGMENT_BYTES - 2 * 1056);
  // A segment is deleted as a whole.
  await handled(store, 2);
  assertEquals((await store.append(infoOf(1), [filled(1)])).type, "full");
  await handled(store, last);
  for (let i = 1; i <= 6; i++) assertEquals(await appended(store, 1, filled(1)), last + i);
  assertEquals((await store.append(infoOf(1), [filled(1)])).type, "full");
  assertEquals((await store.append(infoOf(1), [filled(1, 20_000)])).type, "full");
});

Deno.test("append() deletes the last segment too when all of it is handled and its room is needed", async () => {
  const disk = new FaultDisk(random(1));
  await using store = await openSmall(disk, { maxBytes: SEGMENT_BYTES });
  for (let n = 1; n <= 3; n++) await appended(store, n, filled(n));
  await handled(store, 2);
  assertEquals((await store.append(infoOf(4), [filled(4)])).type, "full");
  await handled(store, 3);
  assertEquals(await appended(store, 4, filled(4)), 4);
  assertEquals((await readStore(store)).records.map(({ header }) => header.sequence), [4]);
  assertEquals(disk.names(), [CURSOR_FILE, segmentName(2)]);
});

Deno.test("append() takes a record longer than a segment", async () => {
  const disk = new FaultDisk(random(1));
  await using store = await openSmall(disk);
  const sizes = [10, 20_000, 10, 9000, 0];
  for (const [n, size] of sizes.entries()) await appended(store, n, filled(n, size));
  const { records } = await readStore(store);
  assertEquals(records.map(({ payload }) => payload.length), sizes);
});

Deno.test("append() refuses what no record has", async () => {
  await using store = await openSmall(new FaultDisk(random(1)));
  const good = infoOf(1);
  const bad = [
    { ...good, epoch: 2 ** 32 },
    { ...good, epoch: -1 },
    { ...good, frameCount: 0.5 },
    { ...good, streamOffset: 2 ** 53 },
    { ...good, timeMicros: NaN },
    { ...good, kind: 3 as RecordKind },
  ];
  for (const info of bad) assertThrows(() => void store.append(info, []), RangeError, "expected");
  assertEquals(store.stats().records, 0);
});

Deno.test("openSpill() refuses options that can't work", async () => {
  const disk = new FaultDisk(random(1));
  for (const options of [{ segmentBytes: 100 }, { segmentBytes: NaN }, { maxBytes: 5000 }]) {
    await assertRejects(() => openSpill(disk, options), OptionError);
  }
});

Deno.test("a store has its directory for itself until it is closed", async () => {
  const disk = new FaultDisk(random(1));
  const store = await openSmall(disk);
  await assertRejects(() => openSmall(disk), SpillLockedError, "this process has it open already");
  await store.close();
  await store.close();
  await assertRejects(() => store.sync(), Error, "expected an open spill store");
  await (await openSmall(disk)).close();
});

Deno.test("a segment that could not be cut back takes no record until it can", async () => {
  const disk = new FaultDisk(random(1));
  await using store = await openSmall(disk);
  await appended(store, 1, filled(1));
  disk.fault = ({ operation }) =>
    operation === "write" || operation === "truncate" ? "error" : undefined;
  for (let i = 0; i < 3; i++) {
    assertEquals((await store.append(infoOf(2), [filled(2)])).type, "failed");
  }
  disk.fault = () => undefined;
  assertEquals(await appended(store, 2, filled(2, 10)), 2);
  assertEquals((await readStore(store)).records.length, 2);
  await store.close();
  await using again = await openSmall(disk);
  assertEquals(again.findings.kept, []);
});

Deno.test("after a sync that failed nothing is claimed until the directory is opened anew", async () => {
  const disk = new FaultDisk(random(1));
  {
    await using store = await openSmall(disk);
    await appended(store, 1, filled(1));
    assertEquals(await store.sync(), { type: "synced", sequence: 1 });
    await appended(store, 2, filled(2, 10));
    disk.fault = ({ operation }) => operation === "sync" ? "error" : undefined;
    const failed = await store.sync();
    assert(failed.type === "failed" && failed.error instanceof SpillIoError);
    assertEquals([failed.error.operation, failed.error.code], ["sync", "EIO"]);
    disk.fault = () => undefined;
    // The disk says yes again, but what it forgot it has forgotten.
    assertEquals(await store.sync(), failed);
    const { error } = failed;
    assertEquals(await store.append(infoOf(3), [filled(3)]), { type: "failed", error });
    assertEquals(store.syncedSequence, 1);
    // What the system still has can be read.
    assertEquals((await readStore(store)).records.length, 2);
  }
  const lost = disk.restarted(() => true, random(2));
  await using store = await openSmall(lost);
  assertEquals((await readStore(store)).records.length, 1);
  await using anew = await openSmall(disk);
  assertEquals(anew.syncedSequence, 2);
  await using kept = await openSmall(disk.restarted(() => false, random(2)));
  assertEquals((await readStore(kept)).records.length, 2);
});

Deno.test("a reader says that the disk refused, and goes on when it does not", async () => {
  const disk = new FaultDisk(random(1));
  await using store = await openSmall(disk);
  for (let n = 1; n <= 10; n++) await appended(store, n, filled(n));
  using reader = store.reader();
  const seen: number[] = [];
  for (let turn = 0; turn < 40; turn++) {
    disk.readFault = () => turn % 3 === 1;
    const result = await reader.next();
    if (result.type === "record") seen.push(result.header.sequence);
    else if (result.type === "failed") assertEquals(result.error.message.includes("EIO"), true);
    else break;
  }
  assertEquals(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

Deno.test("skip() gives up a record that can't be read, and counts it", async () => {
  const disk = new FaultDisk(random(1));
  await using store = await openSmall(disk);
  for (let n = 1; n <= 8; n++) await appended(store, n, filled(n));
  using reader = store.reader();
  const seen: number[] = [];
  disk.readFault = (name) => name === segmentName(1);
  while (true) {
    const result = await reader.next();
    if (result.type === "end") break;
    if (result.type === "failed") reader.skip();
    else if (result.type === "record") seen.push(result.header.sequence);
  }
  assertEquals(seen, [4, 5, 6, 7, 8]);
  assertEquals(store.stats().lostRecords, 3);
});

Deno.test("a reader tells at once of all records of a file that somebody removed, and goes on", async () => {
  const disk = new FaultDisk(random(1));
  await using store = await openSmall(disk);
  for (let n = 1; n <= 8; n++) await appended(store, n, filled(n));
  using reader = store.reader();
  await disk.remove(segmentName(1));
  const gone = await reader.next();
  assert(gone.type === "lost", gone.type);
  assertEquals(
    findingSentence(gone.finding),
    `${segmentName(1)} at 0: expected sequence 1, got no such file (0 bytes, 3 records, skipped)`,
  );
  assertEquals((await readAll(reader)).records.map(({ header }) => header.sequence), [
    4,
    5,
    6,
    7,
    8,
  ]);
  assertEquals(store.stats().lostRecords, 3);
});

Deno.test("next() reads to where it is told, and refuses room of another size", async () => {
  const disk = new FaultDisk(random(1));
  await using store = await openSmall(disk);
  await appended(store, 1, filled(1, 100));
  await appended(store, 2, filled(2, 50));
  using reader = store.reader();
  const memory = new Uint8Array(200);
  const result = await reader.next((bytes) => memory.subarray(20, 20 + bytes));
  assert(result.type === "record" && result.payload.buffer === memory.buffer);
  assertEquals(memory.subarray(20, 120), filled(1, 100));
  await assertRejects(() => reader.next(() => memory), RangeError, "room for 50 bytes, got 200");
  assertEquals((await reader.next()).type, "record");
});

Deno.test("a reader follows the writer, and a writer's deleting does not disturb it", async () => {
  const disk = new FaultDisk(random(1));
  await using store = await openSmall(disk);
  using reader = store.reader();
  assertEquals(await reader.next(), { type: "end" });
  for (let n = 1; n <= 30; n++) {
    await appended(store, n, filled(n));
    const result = await reader.next();
    assert(result.type === "record" && result.header.sequence === n);
    assertEquals(await reader.next(), { type: "end" });
    await handled(store, n);
  }
  const { segments, deletedSegments } = store.stats();
  assertEquals([segments, deletedSegments], [1, 9]);
  using late = store.reader(3);
  const { records, lost } = await readAll(late);
  assertEquals([records[0].header.sequence > 20, lost], [true, []]);
});

Deno.test("segments stay until every registered handler has passed them, restarts included", async () => {
  const disk = new FaultDisk(random(1));
  {
    await using store = await openSmall(disk);
    await store.registerCursor("slow");
    for (let n = 1; n <= 12; n++) await appended(store, n, filled(n));
    await store.registerCursor("quick");
    store.acknowledge("quick", { epoch: 1, sequence: 12 });
    await store.sync();
    assertEquals(store.stats().segments, 4);
    assertThrows(() => store.acknowledge("nobody", { epoch: 1, sequence: 1 }), OptionError);
    assertThrows(() => store.acknowledge("slow", { epoch: 1, sequence: 13 }), RangeError);
  }
  await using store = await openSmall(disk);
  assertEquals(await store.registerCursor("quick"), { epoch: 1, sequence: 12 });
  assertEquals(await store.registerCursor("slow"), { epoch: 0, sequence: 0 });
  store.acknowledge("slow", { epoch: 1, sequence: 7 });
  assertEquals(store.stats().segments, 4);
  await store.sync();
  assertEquals(store.stats().segments, 2);
  // A new one begins at the oldest record there is.
  assertEquals((await store.registerCursor("new")).sequence, 6);
  assertEquals(store.cursors().map(({ name }) => name), ["quick", "slow", "new"]);
  // It holds them back like the others.
  store.acknowledge("slow", { epoch: 1, sequence: 12 });
  await store.sync();
  assertEquals(store.stats().segments, 2);
  store.acknowledge("new", { epoch: 1, sequence: 12 });
  await store.sync();
  assertEquals(store.stats().segments, 1);
});

Deno.test("a deletion the disk refuses is tried again", async () => {
  const disk = new FaultDisk(random(1));
  await using store = await openSmall(disk);
  for (let n = 1; n <= 8; n++) await appended(store, n, filled(n));
  disk.fault = ({ operation }) => operation === "remove" ? "error" : undefined;
  await handled(store, 8);
  assertEquals([store.stats().segments, store.stats().failedDeletions], [3, 1]);
  disk.fault = () => undefined;
  await handled(store, 8);
  assertEquals([store.stats().segments, store.stats().deletedSegments], [1, 2]);
});

Deno.test("a deletion the disk refused is tried again before a store is full", async () => {
  const disk = new FaultDisk(random(1));
  await using store = await openSmall(disk, { maxBytes: SEGMENT_BYTES + 1000 });
  await appended(store, 1, filled(1, SEGMENT_BYTES - 200));
  await handled(store, 1);
  disk.fault = ({ operation }) => operation === "remove" ? "error" : undefined;
  assertEquals((await store.append(infoOf(2), [filled(2)])).type, "appended");
  assertEquals([store.stats().segments, store.stats().failedDeletions], [2, 1]);
  assertEquals((await store.append(infoOf(3), [filled(3, 1500)])).type, "full");
  disk.fault = () => undefined;
  assertEquals(await appended(store, 3, filled(3, 1500)), 3);
  assertEquals(store.stats().segments, 1);
});

Deno.test("calls that overlap are done one after the other", async () => {
  const disk = new FaultDisk(random(1));
  await using store = await openSmall(disk);
  const calls = Array.from({ length: 50 }, (_, n) => store.append(infoOf(n), [filled(n)]));
  calls.push(...[1, 2].map(() => store.sync()) as never[]);
  const results = await Promise.all(calls);
  assertEquals(
    results.slice(0, 50).map((result) => (result as { sequence: number }).sequence),
    [
      ...Array(50).keys(),
    ].map((n) => n + 1),
  );
  assertEquals((await readStore(store)).records.map(({ payload }) => payload[0]), [
    ...Array(50).keys(),
  ]);
});
