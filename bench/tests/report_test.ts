import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Sample } from "../lib/measure.ts";
import { digits, median } from "../lib/stats.ts";
import { Summaries } from "../lib/summary.ts";
import { judgeTargets, type Verdict } from "../lib/targets.ts";

/** One round at a rate in MB/s, with 20-byte frames and 10 ns of CPU for each. */
function round(peer: string, test: string, megabytes: number): Sample {
  const bytes = megabytes * 1e6;
  const frames = bytes / 20;
  return { peer, case: test, frames, bytes, wallNs: 1e9, cpuNs: frames * 10 };
}

function verdict(samples: Sample[], text: string): Verdict["verdict"] | undefined {
  return judgeTargets(new Summaries(samples)).find((target) => target.text === text)?.verdict;
}

Deno.test("median() takes the middle, or the mean of the two middle ones", () => {
  assertEquals(median([9, 1, 5]), 5);
  assertEquals(median([4, 1, 3, 2]), 2.5);
  assertEquals(median([]), NaN);
});

Deno.test("digits() keeps three significant digits and dashes what is not there", () => {
  assertEquals([3157.4, 12.34, 0.8765].map(digits), ["3157", "12.3", "0.88"]);
  assertEquals(digits(NaN), "–");
});

Deno.test("Summaries gives medians a peer and case, and their ratio", () => {
  const summaries = new Summaries([
    round("c", "16", 1000),
    round("c", "16", 3000),
    round("c", "16", 2000),
    round("go", "16", 500),
    round("go", "64", 9000),
  ]);
  assertEquals(summaries.get("16", "c")?.megabytesPerSecond, 2000);
  assertEquals(summaries.get("16", "c")?.slowest, 1000);
  assertAlmostEquals(summaries.get("16", "go")!.cpuNsPerFrame, 10);
  assertEquals(summaries.ratio("16", "megabytesPerSecond", "go", "c"), 0.25);
  assertEquals(summaries.ratio("1024", "megabytesPerSecond", "go", "c"), NaN);
});

Deno.test("judgeTargets() takes the better Spillway client at 16 bytes, the worse one elsewhere", () => {
  const samples = ["16", "64"].flatMap((test) => [
    round("c", test, 1000),
    round("spillway-accessors", test, 500),
    round("spillway-columns", test, 1100),
  ]);
  assertEquals(verdict(samples, "16: throughput ≥ 0.8 × c"), "reached");
  assertEquals(verdict(samples, "64: throughput ≥ 1 × c"), "missed");
  assertEquals(verdict(samples, "64: client CPU per frame ≤ 1.2 × c"), "reached");
});

Deno.test("judgeTargets() says what was not measured", () => {
  assertEquals(verdict([round("c", "line", 1000)], "line: throughput ≥ 1 × c"), "not measured");
});
