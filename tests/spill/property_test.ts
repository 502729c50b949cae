/** Random lives of a store against a list. A failure names the seed: `SPILLWAY_SEED=… deno test`. */
import { assert, assertEquals } from "@std/assert";
import { DenoDisk } from "../../src/spill/deno_disk.ts";
import type { Disk } from "../../src/spill/disk.ts";
import type { SpillReader } from "../../src/spill/reader.ts";
import type { SpillStore } from "../../src/spill/store.ts";
import { FaultDisk } from "./fault_disk.ts";
import { inDirectory, infoOf, openSmall, SEGMENT_BYTES } from "./harness.ts";
import { between, noise, type Random, random } from "./random.ts";
import { SEED } from "./seed.ts";
import { equal } from "./trace.ts";

const RUNS = Number(Deno.env.get("SPILLWAY_RUNS") ?? 10_000) / 100;
const HANDLERS = ["a", "b"];
const MAX_BYTES = 6 * SEGMENT_BYTES;

/** A store, and what it should hold. */
class Life {
  store!: SpillStore;
  readonly #disk: Disk;
  readonly #draw: Random;
  /** Payload by sequence, which begins at 1. */
  readonly #payloads: Uint8Array[] = [new Uint8Array(0)];
  /** What each handler has read, and what it has acknowledged. */
  readonly #read = new Map<string, number>();
  readonly #acknowledged = new Map<string, number>();
  readonly #readers = new Map<string, SpillReader>();
  fulls = 0;

  constructor(disk: Disk, draw: Random) {
    this.#disk = disk;
    this.#draw = draw;
  }

  async open(): Promise<void> {
    this.store = await openSmall(this.#disk, { maxBytes: MAX_BYTES });
    assertEquals(this.store.findings.kept, []);
    assertEquals(this.store.last.sequence, this.#payloads.length - 1);
    for (const name of HANDLERS) {
      const { sequence } = await this.store.registerCursor(name);
      const known = this.#acknowledged.get(name);
      if (known !== undefined) assert(sequence <= known);
      this.#acknowledged.set(name, sequence);
      this.#read.set(name, sequence);
      this.#readers.set(name, this.store.reader(sequence + 1));
    }
  }

  async step(): Promise<void> {
    const name = HANDLERS[between(this.#draw, 0, HANDLERS.length - 1)];
    const what = this.#draw();
    if (what < 0.45) await this.#append();
    else if (what < 0.8) await this.#readOne(name);
    else if (what < 0.9) this.#acknowledge(name);
    else if (what < 0.98) await this.#sync();
    else await this.#reopen();
    this.#checkStats();
  }

  async close(): Promise<void> {
    for (const reader of this.#readers.values()) reader[Symbol.dispose]();
    await this.store.close();
  }

  async #append(): Promise<void> {
    const size = this.#draw() < 0.05 ? between(this.#draw, 0, 9000) : between(this.#draw, 0, 700);
    const payload = noise(this.#draw, size);
    const cut = between(this.#draw, 0, size);
    const sequence = this.#payloads.length;
    const parts = [payload.subarray(0, cut), payload.subarray(cut)];
    const before = this.store.stats();
    const result = await this.store.append(infoOf(sequence), parts);
    if (result.type === "appended") {
      assertEquals(result.sequence, sequence);
      this.#payloads.push(payload);
      return;
    }
    assert(result.type === "full");
    assert(before.bytes + result.bytes + 64 > MAX_BYTES, "full, though there is room");
    assertEquals(this.store.stats().bytes, before.bytes);
    this.fulls += 1;
  }

  async #readOne(name: string): Promise<void> {
    const result = await this.#readers.get(name)!.next();
    const sequence = this.#read.get(name)! + 1;
    if (sequence === this.#payloads.length) return assertEquals(result, { type: "end" });
    assert(result.type === "record", JSON.stringify(result));
    const payload = this.#payloads[sequence];
    const { payloadBytes, sequence: given, ...info } = result.header;
    assertEquals([given, payloadBytes, info], [sequence, payload.length, infoOf(sequence)]);
    assert(equal(result.payload, payload));
    this.#read.set(name, sequence);
  }

  #acknowledge(name: string): void {
    const from = this.#acknowledged.get(name)!;
    const sequence = between(this.#draw, from, this.#read.get(name)!);
    this.store.acknowledge(name, { epoch: infoOf(sequence).epoch, sequence });
    this.#acknowledged.set(name, sequence);
  }

  async #sync(): Promise<void> {
    assertEquals(await this.store.sync(), { type: "synced", sequence: this.#payloads.length - 1 });
    for (const { name, stored } of this.store.cursors()) {
      assertEquals(stored.sequence, this.#acknowledged.get(name));
    }
  }

  async #reopen(): Promise<void> {
    await this.close();
    await this.open();
  }

  #checkStats(): void {
    const { bytes, segments, records } = this.store.stats();
    assert(bytes <= MAX_BYTES, `${bytes} bytes`);
    assert(segments <= this.#payloads.length);
    const least = Math.min(...this.#acknowledged.values());
    assert(records >= this.#payloads.length - 1 - least);
  }
}

async function lives(disk: Disk, seed: number, steps: number): Promise<Life> {
  const life = new Life(disk, random(seed));
  try {
    await life.open();
    for (let i = 0; i < steps; i++) await life.step();
    await life.close();
  } catch (error) {
    throw new Error(`SPILLWAY_SEED=${SEED}, life ${seed}`, { cause: error });
  }
  return life;
}

Deno.test("a store gives back what a list would, on a disk in memory", async () => {
  let fulls = 0;
  for (let run = 0; run < RUNS; run++) {
    const seed = SEED + run;
    fulls += (await lives(new FaultDisk(random(seed)), seed, 300)).fulls;
  }
  assert(fulls > RUNS, `${fulls} appends were refused`);
});

Deno.test("a store gives back what a list would, on a real disk", async () => {
  await inDirectory(async (directory) => {
    for (let run = 0; run < 3; run++) {
      await lives(new DenoDisk(`${directory}/${run}`), SEED + run, 200);
    }
  });
});
