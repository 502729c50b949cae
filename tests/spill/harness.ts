/** What the spill store's tests share. */
import { assert, assertEquals } from "@std/assert";
import type { Disk } from "../../src/spill/disk.ts";
import type { Finding } from "../../src/spill/finding.ts";
import { type RecordHeader, type RecordInfo, RecordKind } from "../../src/spill/format.ts";
import { openSpill } from "../../src/spill/open.ts";
import type { OpenOptions } from "../../src/spill/options.ts";
import type { SpillReader } from "../../src/spill/reader.ts";
import type { SpillStore } from "../../src/spill/store.ts";

/** The smallest segments there are. */
export const SEGMENT_BYTES = 4096;
/** The only handler of a store, where a test needs no second one. */
const HANDLER = "handler";
/** File of its cursor. */
export const CURSOR_FILE = `cursor-${HANDLER}`;

/** What is said of a record, told apart by `n`. */
export function infoOf(n: number): RecordInfo {
  return {
    kind: RecordKind.chunk,
    epoch: 1 + (n >> 4),
    streamOffset: n * 1000,
    frameCount: n,
    timeMicros: 1_700_000_000_000_000 + n,
  };
}

/** A store of small segments. */
export function openSmall(disk: Disk, options: OpenOptions = {}): Promise<SpillStore> {
  return openSpill(disk, { segmentBytes: SEGMENT_BYTES, ...options });
}

/** Appends, which has to succeed; gives the sequence. */
export async function appended(
  store: SpillStore,
  n: number,
  ...parts: Uint8Array[]
): Promise<number> {
  const result = await store.append(infoOf(n), parts);
  assert(result.type === "appended", JSON.stringify(result));
  return result.sequence;
}

/** Has the handler acknowledge all up to `sequence`, and syncs: what that leaves to nobody is deleted. */
export async function handled(store: SpillStore, sequence: number): Promise<void> {
  await store.registerCursor(HANDLER);
  store.acknowledge(HANDLER, { epoch: infoOf(sequence).epoch, sequence });
  assertEquals((await store.sync()).type, "synced");
}

/** What a reader gives until its end. */
export interface ReadAll {
  records: { header: RecordHeader; payload: Uint8Array }[];
  lost: Finding[];
}

/** Reads to the end. */
export async function readAll(reader: SpillReader): Promise<ReadAll> {
  const all: ReadAll = { records: [], lost: [] };
  // Bounded: a reader that repeats itself is a defect, and fails.
  for (let turn = 0; turn < 100_000; turn++) {
    const result = await reader.next();
    if (result.type === "end") return all;
    if (result.type === "failed") throw result.error;
    if (result.type === "lost") all.lost.push(result.finding);
    else all.records.push({ header: result.header, payload: result.payload.slice() });
  }
  throw new Error("expected the reader to come to an end");
}

/** Reads all of a store. */
export async function readStore(store: SpillStore): Promise<ReadAll> {
  using reader = store.reader();
  return await readAll(reader);
}

/** A directory of its own for `body`. */
export async function inDirectory<T>(body: (directory: string) => Promise<T>): Promise<T> {
  const directory = await Deno.makeTempDir({ prefix: "spillway_spill_" });
  try {
    return await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
