/**
 * A short life of a store, what it was promised, and what has to be left of it
 * whatever happens.
 */
import { assert, assertEquals } from "@std/assert";
import type { Position } from "../../src/spill/cursors.ts";
import type { Disk } from "../../src/spill/disk.ts";
import { isDiskError } from "../../src/spill/errors.ts";
import type { SpillStore } from "../../src/spill/store.ts";
import { Crash } from "./fault_disk.ts";
import { appended, infoOf, openSmall, type ReadAll, readAll } from "./harness.ts";
import { between, noise, random } from "./random.ts";

const HANDLER = "Preise/€";

/** What the caller was told. */
export class Promises {
  /** Payloads handed in for a sequence, failed appends included. */
  readonly attempts = new Map<number, Uint8Array[]>();
  /** Payloads appended, by sequence. */
  readonly records = new Map<number, Uint8Array>();
  /** Up to here on disk. */
  synced = 0;
  /** Acknowledged at any time. */
  acknowledged = 0;
  /** Where the cursor stands, and where it stood at the last completed sync. */
  position = 0;
  storedPosition = 0;
  registered = false;
}

/** Lives through the trace on `disk`. Ends early at a crash; errors of the disk are lived with. */
export async function live(disk: Disk, promises: Promises): Promise<"ended" | "crashed"> {
  const draw = random(7);
  let store: SpillStore | undefined;
  const append = async (times: number) => {
    for (let i = 0; i < times; i++) await attempt(store!, between(draw, 0, 1400), promises);
  };
  try {
    store = await opened(disk);
    if (store === undefined) return "ended";
    await append(2);
    await synced(store, promises);
    await registered(store, promises);
    await append(4);
    await acknowledge(store, promises, 2);
    await synced(store, promises);
    await append(3);
    await acknowledge(store, promises, 5);
    await synced(store, promises);
    await append(2);
    await store.close();
    store = await opened(disk);
    if (store === undefined) return "ended";
    await append(1);
    await acknowledge(store, promises, 2);
    await synced(store, promises);
    await append(1);
    return "ended";
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
    return "crashed";
  } finally {
    // Whoever crashed gave nothing up.
    if (store !== undefined) await store.close();
  }
}

async function opened(disk: Disk): Promise<SpillStore | undefined> {
  try {
    return await openSmall(disk);
  } catch (error) {
    if (!isDiskError(error)) throw error;
    return undefined;
  }
}

async function attempt(store: SpillStore, size: number, promises: Promises): Promise<void> {
  const sequence = store.last.sequence + 1;
  const tries = promises.attempts.get(sequence) ?? [];
  const payload = noise(random(sequence * 100 + tries.length), size);
  promises.attempts.set(sequence, [...tries, payload]);
  const half = size >> 1;
  const parts = [payload.subarray(0, half), payload.subarray(half)];
  const result = await store.append(infoOf(sequence), parts);
  if (result.type === "failed") return;
  assert(result.type === "appended");
  assertEquals(result.sequence, sequence);
  promises.records.set(sequence, payload);
}

async function synced(store: SpillStore, promises: Promises): Promise<void> {
  const result = await store.sync();
  if (result.type === "failed") return;
  promises.synced = result.sequence;
  if (promises.registered) promises.storedPosition = promises.position;
}

async function registered(store: SpillStore, promises: Promises): Promise<void> {
  try {
    await store.registerCursor(HANDLER);
    promises.registered = true;
  } catch (error) {
    if (!isDiskError(error)) throw error;
  }
}

/** Acknowledges up to `records` further records. */
async function acknowledge(store: SpillStore, promises: Promises, records: number): Promise<void> {
  if (!promises.registered) return;
  const { sequence } = await store.registerCursor(HANDLER);
  const to = Math.min(store.last.sequence, sequence + records);
  store.acknowledge(HANDLER, { epoch: infoOf(to).epoch, sequence: to });
  promises.position = to;
  promises.acknowledged = Math.max(promises.acknowledged, to);
}

/** Opens what is left and checks it. */
export async function checkLeft(disk: Disk, promises: Promises): Promise<void> {
  await using store = await openSmall(disk);
  const position = checkCursor(store, promises);
  const all = await readFrom(store);
  checkRecords(all, promises, position.sequence);
  await checkGoesOn(store, all);
}

function checkCursor(store: SpillStore, promises: Promises): Position {
  const [cursor] = store.cursors();
  if (!promises.registered) return cursor?.acknowledged ?? { epoch: 0, sequence: 0 };
  assertEquals(cursor.name, HANDLER);
  const { sequence } = cursor.acknowledged;
  assert(
    sequence >= promises.storedPosition,
    `cursor at ${sequence}, ${promises.storedPosition} is stored`,
  );
  assert(
    sequence <= promises.acknowledged,
    `cursor at ${sequence}, ${promises.acknowledged} is acknowledged`,
  );
  return cursor.acknowledged;
}

async function readFrom(store: SpillStore): Promise<ReadAll> {
  using reader = store.reader();
  return await readAll(reader);
}

/** Nothing that was synced is missing, nothing is there twice, nothing was not handed in. */
function checkRecords(all: ReadAll, promises: Promises, acknowledged: number): void {
  let last = 0;
  for (const { header, payload } of all.records) {
    const { sequence } = header;
    assert(sequence > last, `sequence ${sequence} behind ${last}`);
    last = sequence;
    // Once synced, it can only be the record that was reported as appended.
    const known = sequence <= promises.synced
      ? [promises.records.get(sequence)!]
      : promises.attempts.get(sequence) ?? [];
    const same = known.some((bytes) => equal(bytes, payload));
    assert(same, `record ${sequence} was never handed in, or is another one`);
    const info = infoOf(sequence);
    assertEquals({ ...info, sequence, payloadBytes: payload.length }, header);
  }
  const there = new Set(all.records.map(({ header }) => header.sequence));
  for (let sequence = acknowledged + 1; sequence <= promises.synced; sequence++) {
    assert(there.has(sequence), `record ${sequence} is missing, ${promises.synced} are synced`);
  }
}

/** A new record goes behind all others, and survives. */
async function checkGoesOn(store: SpillStore, all: ReadAll): Promise<void> {
  const last = all.records.at(-1)?.header.sequence ?? 0;
  const [cursor] = store.cursors();
  const sequence = await appended(store, 1, Uint8Array.of(1, 2, 3));
  assert(sequence > last);
  assert(sequence > (cursor?.acknowledged.sequence ?? 0));
  assertEquals(await store.sync(), { type: "synced", sequence });
  using reader = store.reader(sequence);
  const { records } = await readAll(reader);
  assertEquals(records.map(({ payload }) => payload), [Uint8Array.of(1, 2, 3)]);
}

/** Whether two byte strings are equal. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
