/** Damaged captures: no crash, no hang, no memory without bound. */
import { assert } from "@std/assert";
import { CaptureFormatError, diagnose } from "../../doctor/mod.ts";
import { random } from "../spill/random.ts";
import { readCaptures } from "./support/captures.ts";
import { fuzzedCapture } from "./support/fuzz.ts";

/** 100,000 are run by `deno task fuzz-doctor`. */
const RUNS = Number(Deno.env.get("SPILLWAY_DOCTOR_RUNS") ?? 1000);
const SEED = Number(Deno.env.get("SPILLWAY_DOCTOR_SEED") ?? Date.now() % 1_000_000);
/** A file that takes so long hangs, on however busy a machine; and what all of them may leave behind. */
const FILE_MS_MAX = 60_000;
const RSS_GROWN_MAX = 1e9;

Deno.test(`diagnose() survives ${RUNS} damaged captures, seed ${SEED}`, async () => {
  const seeds = readCaptures().map(({ bytes }) => bytes).filter(({ length }) => length < 60_000);
  const rssBefore = Deno.memoryUsage().rss;
  for (let run = 0; run < RUNS; run++) {
    const bytes = fuzzedCapture(seeds, random(SEED + run));
    const began = performance.now();
    try {
      const { connections } = await diagnose(bytes);
      for (const { verdicts } of connections) assert(verdicts.length > 0);
    } catch (error) {
      if (!(error instanceof CaptureFormatError)) {
        throw new Error(`seed ${SEED + run}`, { cause: error });
      }
    }
    // What is not collected yet counts, too: the bound is far above that.
    const grown = Deno.memoryUsage().rss - rssBefore;
    assert(grown < RSS_GROWN_MAX, `seed ${SEED + run}: memory grew by ${grown} bytes`);
    const elapsedMs = performance.now() - began;
    assert(elapsedMs < FILE_MS_MAX, `seed ${SEED + run} took ${elapsedMs} ms`);
  }
});
