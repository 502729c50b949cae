/** Looking at damaged directories, and putting them in order. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { SpillLockedError } from "../../src/spill/errors.ts";
import { findingSentence } from "../../src/spill/finding.ts";
import { SEGMENT_HEADER_BYTES, segmentName } from "../../src/spill/format.ts";
import { readSpill, verifySpill } from "../../src/spill/inspect.ts";
import { repairSpill } from "../../src/spill/repair.ts";
import { Crash, FaultDisk } from "./fault_disk.ts";
import { appended, infoOf, openSmall, readAll, readStore } from "./harness.ts";
import { between, random } from "./random.ts";
import { SEED } from "./seed.ts";
import { equal } from "./trace.ts";

const RECORD_BYTES = 1056;

/** Eight records of 1000 bytes in three segments. */
async function directory(): Promise<FaultDisk> {
  const disk = new FaultDisk(random(1));
  await using store = await openSmall(disk);
  await store.registerCursor("h");
  for (let n = 1; n <= 8; n++) await appended(store, n, new Uint8Array(1000).fill(n));
  store.acknowledge("h", { epoch: 1, sequence: 2 });
  assertEquals((await store.sync()).type, "synced");
  return disk;
}

/** The same with a bit flipped in a record of the second segment: its header, or its payload. */
async function damaged(record: number, at: number): Promise<FaultDisk> {
  const disk = await directory();
  disk.bytesOf(segmentName(2))[SEGMENT_HEADER_BYTES + record * RECORD_BYTES + at] ^= 4;
  return disk;
}

async function sequencesOf(disk: FaultDisk): Promise<number[]> {
  using reader = await readSpill(disk);
  return (await readAll(reader)).records.map(({ header }) => header.sequence);
}

Deno.test("what is missing before the first segment is lost of a recording, and was handled of all else", async () => {
  for (const kind of ["recording", "journal"] as const) {
    const disk = new FaultDisk(random(1));
    await using store = await openSmall(disk, { kind });
    for (let n = 1; n <= 8; n++) await appended(store, n, new Uint8Array(1000).fill(n));
    await store.sync();
    await disk.remove(segmentName(1));
    const { findings, segments: [{ firstSequence }] } = await verifySpill(disk);
    using reader = await readSpill(disk);
    const { lost } = await readAll(reader);
    const told = kind === "recording" ? [["missing_records", firstSequence - 1]] : [];
    assertEquals(findings.map(({ type, records }) => [type, records]), told);
    assertEquals(lost.map(({ type, records }) => [type, records]), told);
  }
});

Deno.test("verifySpill() tells what is there and changes nothing", async () => {
  const disk = await directory();
  const before = disk.operations.length;
  const report = await verifySpill(disk);
  assertEquals(disk.operations.length, before);
  assertEquals(report.findings, []);
  assertEquals([report.findingsTotal, report.lostRecords, report.setAside], [0, 0, []]);
  assertEquals(report.cursors, [
    {
      name: "h",
      epoch: 1,
      sequence: 2,
      handledFrames: 0,
      waitingRecords: 6,
      waitingFrames: 3 + 4 + 5 + 6 + 7 + 8,
    },
  ]);
  const of = (file: number, first: number, next: number, frames: number) => ({
    file: segmentName(file),
    bytes: SEGMENT_HEADER_BYTES + (next - first) * RECORD_BYTES,
    records: next - first,
    frames,
    payloadBytes: (next - first) * 1000,
    firstSequence: first,
    nextSequence: next,
    firstMicros: infoOf(first).timeMicros,
    lastMicros: infoOf(next - 1).timeMicros,
    firstEpoch: 1,
    lastEpoch: 1,
  });
  assertEquals(report.segments, [of(1, 1, 4, 6), of(2, 4, 7, 15), of(3, 7, 9, 15)]);
});

Deno.test("verifySpill() names file, offset, expected and actual of all that is wrong", async () => {
  const header = await damaged(1, 8);
  const bytes = header.bytesOf(segmentName(3));
  header.replace(segmentName(3), bytes.slice(0, -100));
  header.replace(segmentName(4), new Uint8Array(64));
  header.replace("cursor-other", new Uint8Array(32));
  header.replace("cursor-h.new", new Uint8Array(3));
  const report = await verifySpill(header);
  const of = (type: string) => report.findings.filter((finding) => finding.type === type);
  assertEquals(report.findings.map(({ action }) => action), Array(5).fill("none"));
  assertEquals(
    of("bad_record").map(({ file, offset, bytes, records }) => [file, offset, bytes, records]),
    [
      [segmentName(2), 64 + RECORD_BYTES, RECORD_BYTES, 1],
      [segmentName(3), 64 + RECORD_BYTES, RECORD_BYTES - 100, 0],
    ],
  );
  assertEquals(of("bad_cursor").map(({ file }) => file), ["cursor-other"]);
  assertEquals(of("unfinished_file").map(({ file }) => file), ["cursor-h.new", segmentName(4)]);
  const sentence = findingSentence(of("bad_record")[1]);
  assertEquals(
    sentence,
    `${segmentName(3)} at 1120: expected a record of 1056 bytes, got 956 ` +
      "(956 bytes, 0 records, nothing was changed)",
  );
});

Deno.test("verifySpill() finds a segment that is gone", async () => {
  const disk = await directory();
  await disk.remove(segmentName(2));
  const { findings, lostRecords } = await verifySpill(disk);
  assertEquals([findings.length, findings[0].type, lostRecords], [1, "missing_records", 3]);
});

Deno.test("readSpill() reads from a sequence on and changes nothing", async () => {
  const disk = await damaged(1, 8);
  const before = disk.operations.length;
  assertEquals(await sequencesOf(disk), [1, 2, 3, 4, 6, 7, 8]);
  using reader = await readSpill(disk, 6);
  assertEquals((await readAll(reader)).records.length, 3);
  assertEquals(disk.operations.length, before);
});

for (const [what, at] of [["header", 8], ["payload", 300]] as const) {
  Deno.test(`repairSpill() writes a segment with a damaged ${what} anew and keeps the old one`, async () => {
    const disk = await damaged(1, at);
    const old = disk.bytesOf(segmentName(2)).slice();
    const { findings, findingsTotal, rewritten } = await repairSpill(disk);
    const setAside = `${segmentName(2)}.bad`;
    assertEquals(rewritten, [{ file: segmentName(2), records: 2, setAside }]);
    assertEquals([findingsTotal, findings[0].action, findings[0].records], [1, "set_aside", 1]);
    assertEquals(disk.bytesOf(setAside), old);
    assertEquals(await sequencesOf(disk), [1, 2, 3, 4, 6, 7, 8]);
    // What is lost stays lost, and is said until nobody needs it any more.
    const report = await verifySpill(disk);
    assertEquals(report.findings.map(({ type, records }) => [type, records]), [
      ["missing_records", 1],
    ]);
    assertEquals(report.setAside, [setAside]);
    assertEquals((await repairSpill(disk)).rewritten, []);
  });
}

Deno.test("repairSpill() cuts a torn tail and says what was cut", async () => {
  const disk = await directory();
  const bytes = disk.bytesOf(segmentName(3));
  disk.replace(segmentName(3), bytes.slice(0, -100));
  const { findings } = await repairSpill(disk);
  assertEquals(findings, [{
    type: "torn_tail",
    file: segmentName(3),
    offset: 64 + RECORD_BYTES,
    bytes: RECORD_BYTES - 100,
    records: 1,
    expected: "a record of 1056 bytes",
    actual: "956",
    action: "cut",
  }]);
  assertEquals((await verifySpill(disk)).findings, []);
  assertEquals(await sequencesOf(disk), [1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("repairSpill() sets a segment aside that can't be read at all", async () => {
  const disk = await directory();
  const bytes = disk.bytesOf(segmentName(1));
  bytes.fill(0, 0, 64 + 60);
  const { findings } = await repairSpill(disk);
  assertEquals(findings.map(({ type, action }) => [type, action]), [["bad_segment", "set_aside"]]);
  assertEquals(disk.bytesOf(`${segmentName(1)}.bad`), bytes);
  assertEquals(await sequencesOf(disk), [4, 5, 6, 7, 8]);
});

Deno.test("repairSpill() mends a segment's header from its first record", async () => {
  const disk = await directory();
  disk.bytesOf(segmentName(2))[20] ^= 1;
  const { rewritten } = await repairSpill(disk);
  assertEquals(rewritten.map(({ records }) => records), [3]);
  assertEquals((await verifySpill(disk)).findings, []);
  assertEquals((await sequencesOf(disk)).length, 8);
});

Deno.test("repairSpill() refuses a directory in use", async () => {
  const disk = await directory();
  await using _ = await openSmall(disk);
  await assertRejects(() => repairSpill(disk), SpillLockedError);
});

Deno.test("repairSpill() loses nothing by a crash at any operation", async () => {
  let crashes = 0;
  for (let at = 0; at < 40; at++) {
    for (const fault of ["torn", "crash_after"] as const) {
      const draw = random(SEED + at);
      const disk = (await damaged(between(draw, 0, 2), 300)).copy();
      const old = disk.bytesOf(segmentName(2)).slice();
      disk.fault = ({ index }) => index === at ? fault : undefined;
      const crashed = await repairSpill(disk).then(() => false, (error) => {
        assert(error instanceof Crash);
        return true;
      });
      if (crashed) crashes += 1;
      for (let times = 0; times < 10; times++) {
        const left = disk.restarted((draw) => draw() < 0.5, draw);
        const kept = left.names().some((name) => equal(left.bytesOf(name), old));
        assert(kept, `${fault} at ${at}: the damaged file is gone`);
        await using store = await openSmall(left);
        const { records } = await readStore(store);
        assertEquals(records.length, 7, `${fault} at ${at}`);
      }
    }
  }
  assert(crashes > 20, `${crashes} crashes`);
});
