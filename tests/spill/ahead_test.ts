/** Records that are gathered while others are written: what becomes of those does not matter to them. */
import { assert, assertEquals } from "@std/assert";
import { openSpill } from "../../src/spill/open.ts";
import type { AppendResult } from "../../src/spill/result.ts";
import type { SpillStore } from "../../src/spill/store.ts";
import { until } from "../client/harness.ts";
import { FaultDisk } from "./fault_disk.ts";
import { inDirectory, infoOf, openSmall, readStore } from "./harness.ts";
import { random } from "./random.ts";

const COUNT = 20;

/** A record that tells which it is by its length and its bytes. */
const payloadOf = (n: number, bytes = 500 + n) => new Uint8Array(bytes).fill(n);

/** Appends records 1 to `COUNT`, none waiting for the one before. */
function appendAtOnce(
  store: SpillStore,
  sequenceOf?: (n: number) => number,
): Promise<AppendResult[]> {
  return Promise.all(Array.from({ length: COUNT }, (_, i) => {
    const record = { info: infoOf(i + 1), parts: [payloadOf(i + 1)] };
    return store.appendAll([record], sequenceOf?.(i + 1));
  }));
}

/** Refuses the `n`th write from now on, and no other. */
function refusingWrite(n: number): FaultDisk["fault"] {
  const writes = new Set<number>();
  return ({ operation, index }) => {
    if (operation !== "write") return undefined;
    // It is asked more than once of each.
    writes.add(index);
    return writes.size === n ? "error" : undefined;
  };
}

/** What is in a store opened anew: numbers, which equal length and bytes of each. */
async function numbersIn(disk: FaultDisk): Promise<number[]> {
  await using store = await openSmall(disk);
  assertEquals(store.findings.kept, []);
  const { records, lost } = await readStore(store);
  assertEquals(lost, []);
  return records.map(({ header, payload }) => {
    const n = header.frameCount;
    assertEquals(payload, payloadOf(n));
    return n;
  });
}

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

Deno.test("records gathered for a segment that has no room for them are in the next one", async () => {
  const disk = new FaultDisk(random(1));
  const store = await openSmall(disk);
  const results = await appendAtOnce(store);
  assertEquals(results.map(({ type }) => type), Array(COUNT).fill("appended"));
  assert(store.stats().segments > 2);
  await store.close();
  assertEquals(await numbersIn(disk), numbers(1, COUNT));
});

Deno.test("records gathered behind one that failed take its place", async () => {
  const disk = new FaultDisk(random(1));
  const store = await openSmall(disk);
  await appendAtOnce(store);
  disk.fault = refusingWrite(3);
  const results = await appendAtOnce(store);
  const failed = 1 + results.findIndex(({ type }) => type === "failed");
  assert(failed > 0 && failed < COUNT);
  const sequences = results.map((result) => result.type === "appended" ? result.sequence : 0);
  assertEquals(sequences.filter((n) => n > 0), numbers(COUNT + 1, 2 * COUNT - 1));
  await store.close();
  const expected = [...numbers(1, COUNT), ...numbers(1, COUNT).filter((n) => n !== failed)];
  assertEquals(await numbersIn(disk), expected);
});

Deno.test("records gathered behind one that failed are overtaken, if they say what is before them", async () => {
  const disk = new FaultDisk(random(1));
  const store = await openSmall(disk);
  // Behind the header of the first segment.
  disk.fault = refusingWrite(4);
  const results = await appendAtOnce(store, (n) => n);
  const types = numbers(1, COUNT).map((n) => n < 3 ? "appended" : n === 3 ? "failed" : "overtaken");
  assertEquals(results.map(({ type }) => type), types);
  await store.close();
  assertEquals(await numbersIn(disk), [1, 2]);
});

Deno.test("a record longer than what is gathered at once is whole, and so are those around it", async () => {
  await inDirectory(async (directory) => {
    const lengths = [10, 3_000_000, 1_048_500, 1_048_576, 10, 2_500_001];
    const payloads = lengths.map((bytes, i) => payloadOf(i + 1, bytes));
    {
      await using store = await openSpill(directory);
      const results = await Promise.all(
        payloads.map((payload, i) =>
          store.append(infoOf(i), [payload.subarray(0, 7), payload.subarray(7)])
        ),
      );
      assertEquals(results.map(({ type }) => type), payloads.map(() => "appended"));
    }
    await using store = await openSpill(directory);
    const { records } = await readStore(store);
    assertEquals(records.map(({ payload }) => payload.length), lengths);
    for (const [i, { payload }] of records.entries()) {
      assert(payload.every((byte) => byte === i + 1));
    }
  });
});

/** The payload of record `n`, and whether it was looked at. */
function watchedPayload(n: number): { payload: Uint8Array; taken: () => boolean } {
  const payload = payloadOf(n);
  let taken = false;
  Object.defineProperty(payload, "subarray", {
    value: (...range: [number, number]) => {
      taken = true;
      return payload.slice(...range);
    },
  });
  return { payload, taken: () => taken };
}

Deno.test("the next records are gathered while others are written, and not over those", async () => {
  const disk = new FaultDisk(random(1));
  const store = await openSmall(disk);
  await store.append(infoOf(1), [payloadOf(1)]);
  let release = () => {};
  disk.writeHeld = new Promise((resolve) => release = resolve);
  const [next, last] = [watchedPayload(3), watchedPayload(4)];
  const appending = [
    store.append(infoOf(2), [payloadOf(2)]),
    store.append(infoOf(3), [next.payload]),
    store.append(infoOf(4), [last.payload]),
  ];
  await until(next.taken, "the next record to be gathered");
  assert(!last.taken(), "one at a time");
  disk.writeHeld = undefined;
  release();
  assertEquals((await Promise.all(appending)).map(({ type }) => type), Array(3).fill("appended"));
  await store.close();
  assertEquals(await numbersIn(disk), [1, 2, 3, 4]);
});
