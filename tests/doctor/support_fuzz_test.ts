/** Damaged captures: the same each time, of every kind, none too large. */
import { assert, assertEquals } from "@std/assert";
import { random } from "../spill/random.ts";
import { SEED } from "../spill/seed.ts";
import { parseCapture } from "./support/capture.ts";
import { readCaptures } from "./support/captures.ts";
import { fuzzedCapture } from "./support/fuzz.ts";
import { tcpOf } from "./support/network.ts";

const RUNS = 300;
const BYTES_MAX = 2 ** 21;
const SEEDS = readCaptures().map(({ bytes }) => bytes);

/** How the model takes `file`; it must not hang, nor fall over its own feet. */
function taken(file: Uint8Array): "empty" | "packets" | "not a capture" | "bad gzip" {
  try {
    const packets = parseCapture(file);
    packets.slice(0, 100).forEach(tcpOf);
    return packets.length === 0 ? "empty" : "packets";
  } catch (error) {
    assert(error instanceof Error && !(error instanceof RangeError), `${error}`);
    return file[0] === 0x1f ? "bad gzip" : "not a capture";
  }
}

Deno.test("fuzzedCapture() damages in many ways", () => {
  const ways = new Map<string, number>();
  for (let run = 0; run < RUNS; run++) {
    const file = fuzzedCapture(SEEDS, random(SEED + run));
    assert(file.length <= BYTES_MAX, `seed ${SEED + run}`);
    const way = taken(file);
    ways.set(way, (ways.get(way) ?? 0) + 1);
  }
  // Most get past the first header, or there would be nothing to find behind it.
  assert((ways.get("packets") ?? 0) > RUNS / 2, JSON.stringify([...ways]));
  for (const way of ["empty", "not a capture", "bad gzip"]) assert(ways.has(way), way);
});

Deno.test("fuzzedCapture() gives the same for the same numbers, and leaves the seeds alone", () => {
  const before = SEEDS.map((seed) => seed.slice());
  for (let run = 0; run < 30; run++) {
    const [first, second] = [1, 2].map(() => fuzzedCapture(SEEDS, random(SEED + run)));
    assertEquals(first, second);
  }
  assertEquals(
    SEEDS.every((seed, index) => seed.every((byte, at) => byte === before[index][at])),
    true,
  );
});
