/** Flipped bits, holes, cuts and lost files: found, counted, and never given out as good. */
import { assert, assertEquals } from "@std/assert";
import { segmentName } from "../../src/spill/format.ts";
import { FaultDisk } from "./fault_disk.ts";
import { appended, openSmall, readAll, readStore } from "./harness.ts";
import { between, noise, type Random, random } from "./random.ts";
import { SEED } from "./seed.ts";
import { equal } from "./trace.ts";

const HANDLER = "h";
/** Records of about 350 bytes: three segments. */
const RECORDS = 24;

/** A directory as a store left it. */
async function directory(): Promise<{ disk: FaultDisk; payloads: Uint8Array[] }> {
  const disk = new FaultDisk(random(1));
  const draw = random(2);
  const payloads: Uint8Array[] = [new Uint8Array(0)];
  await using store = await openSmall(disk);
  await store.registerCursor(HANDLER);
  for (let n = 1; n <= RECORDS; n++) {
    payloads.push(noise(draw, between(draw, 200, 400)));
    assertEquals(await appended(store, n, payloads[n]), n);
  }
  assertEquals((await store.sync()).type, "synced");
  assertEquals(store.stats().segments, 3);
  return { disk, payloads };
}

/** What a damaged directory gives. */
interface Given {
  delivered: number[];
  lost: number;
  findings: number;
}

/** Opens and reads all; every payload given out must be the one that was written. */
async function open(disk: FaultDisk, payloads: Uint8Array[]): Promise<Given> {
  await using store = await openSmall(disk);
  const { records, lost } = await readStore(store);
  for (const { header, payload } of records) {
    assert(equal(payload, payloads[header.sequence]), `record ${header.sequence} is another`);
  }
  const delivered = records.map(({ header }) => header.sequence);
  assertEquals(delivered, [...new Set(delivered)].sort((a, b) => a - b));
  assertEquals(store.cursors().map(({ name }) => name), [HANDLER]);
  const lostRecords = lost.reduce((sum, finding) => sum + finding.records, 0);
  assertEquals(store.stats().lostRecords, lostRecords);
  return { delivered, lost: lostRecords, findings: store.findings.total + lost.length };
}

Deno.test("a flipped bit anywhere is found, and costs one record at the most", async () => {
  const { disk, payloads } = await directory();
  const draw = random(SEED);
  for (const name of disk.names()) {
    const good = disk.bytesOf(name);
    // Every byte at the beginning, and with each seed others behind it.
    for (let at = 0; at < good.length; at += at < 200 ? 1 : between(draw, 1, 6)) {
      const bad = good.slice();
      bad[at] ^= 1 << between(draw, 0, 7);
      const copy = disk.copy();
      copy.replace(name, bad);
      const { delivered, findings } = await open(copy, payloads);
      assert(findings > 0, `${name} at ${at} was not found`);
      assert(delivered.length >= RECORDS - 1, `${name} at ${at}: ${delivered.length} records`);
    }
  }
});

/** Damages a few places of one file. */
function damage(bytes: Uint8Array, draw: Random): Uint8Array {
  let bad = bytes.slice();
  for (let times = between(draw, 1, 4); times > 0; times--) {
    const from = between(draw, 0, bad.length);
    const length = between(draw, 0, draw() < 0.5 ? 20 : 2000);
    const how = draw();
    if (how < 0.3) bad.fill(0, from, from + length);
    else if (how < 0.6) bad.set(noise(draw, Math.min(length, bad.length - from)), from);
    else if (how < 0.75) bad = bad.slice(0, from);
    else if (how < 0.9) bad.copyWithin(from, between(draw, 0, bad.length), bad.length);
    else bad = Uint8Array.of(...bad, ...noise(draw, length));
  }
  return bad;
}

Deno.test("whatever is done to the files, a store opens, counts what is lost and goes on", async () => {
  const { disk, payloads } = await directory();
  for (let run = 0; run < 1500; run++) {
    const draw = random(SEED + run);
    const copy = disk.copy();
    for (const name of copy.names()) {
      if (draw() < 0.5) copy.replace(name, damage(copy.bytesOf(name), draw));
    }
    const segments = copy.names().filter((name) => name.endsWith(".spill"));
    if (draw() < 0.1) await copy.remove(segments[between(draw, 0, segments.length - 1)]);
    if (draw() < 0.1) await copy.rename(segments[0], segmentName(9)).catch(() => {});
    try {
      const { delivered, lost } = await open(copy, payloads);
      assert(delivered.length + lost <= RECORDS, `${delivered.length} and ${lost}`);
      // Before the first and behind the last one nobody can know how many there were.
      const span = delivered.length === 0 ? 0 : delivered.at(-1)! - delivered[0] + 1;
      assert(span <= delivered.length + lost, `${span}, ${delivered.length} and ${lost}`);
      await goesOn(copy);
    } catch (error) {
      throw new Error(`SPILLWAY_SEED=${SEED}, run ${run}`, { cause: error });
    }
  }
});

async function goesOn(disk: FaultDisk): Promise<void> {
  await using store = await openSmall(disk);
  const sequence = await appended(store, 1, Uint8Array.of(7));
  assertEquals((await store.sync()).type, "synced");
  using reader = store.reader(sequence);
  assertEquals((await readAll(reader)).records.map(({ payload }) => payload), [Uint8Array.of(7)]);
}

Deno.test("a finding says where, what was expected and what came", async () => {
  const { disk, payloads } = await directory();
  const name = segmentName(1);
  const bytes = disk.bytesOf(name);
  // The length of the second record.
  const second = 64 + Math.ceil((56 + payloads[1].length) / 8) * 8;
  bytes[second + 8] ^= 1;
  await using store = await openSmall(disk);
  assertEquals(store.findings.total, 0);
  const { lost } = await readStore(store);
  const [{ expected, actual, ...finding }] = lost;
  assertEquals(finding, {
    type: "bad_record",
    file: name,
    offset: second,
    bytes: Math.ceil((56 + payloads[2].length) / 8) * 8,
    records: 1,
    action: "skipped",
  });
  assert(/^checksum 0x[0-9a-f]{8}$/.test(expected) && /^0x[0-9a-f]{8}$/.test(actual));
});

Deno.test("nobody imitates a record by what he sends", async () => {
  const disk = new FaultDisk(random(3));
  const sizes = [300, 300, 300];
  {
    await using other = await openSmall(new FaultDisk(random(4)));
    await using store = await openSmall(disk);
    for (const [i, size] of sizes.entries()) await appended(store, i + 1, new Uint8Array(size));
    await appended(other, 1, Uint8Array.of(66));
    // A whole segment, as anybody may have it, records and all.
    const forged = new FaultDisk(random(5));
    await using forger = await openSmall(forged);
    for (let i = 1; i <= 9; i++) await appended(forger, i, Uint8Array.of(66));
    await appended(store, 4, forged.bytesOf(segmentName(1)));
    await appended(store, 5, Uint8Array.of(5));
  }
  const bytes = disk.bytesOf(segmentName(1));
  const fourth = 64 + sizes.reduce((sum, size) => sum + Math.ceil((56 + size) / 8) * 8, 0);
  // Without its length, the payload is searched for the next record.
  bytes[fourth + 8] ^= 1;
  await using store = await openSmall(disk);
  const { records, lost } = await readStore(store);
  assertEquals(records.map(({ header }) => header.sequence), [1, 2, 3, 5]);
  assertEquals(lost.map(({ records }) => records), [1]);
});
