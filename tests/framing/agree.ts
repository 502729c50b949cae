/** Asserts that the core and the oracle say the same. */
import { assertEquals } from "@std/assert";
import type { Framing } from "../../src/framing.ts";
import type { CoreResult } from "./core_harness.ts";
import type { OracleResult } from "./oracle/mod.ts";

/** All of a result in one string, which compares faster than its parts. */
export function summary(result: OracleResult): string {
  const { frames, consumed, violation, skippedFrames, skippedBytes, paddingBytes } = result;
  const index = frames.map((f) => `${f.rawOffset}+${f.rawLength}:${f.payload}`);
  const wrong = violation && `${violation.name}@${violation.at}`;
  return [consumed, wrong, skippedFrames, skippedBytes, paddingBytes, ...index].join("\n");
}

/** Asserts that `actual` is `expected`, whose `summary()` it is given; `context` is told on failure. */
export function assertAgrees(
  actual: CoreResult,
  expected: OracleResult,
  expectedSummary: string,
  context: () => string,
): void {
  if (summary(actual) === expectedSummary) return;
  const { columns: _, missingFields: __, ...comparable } = actual;
  assertEquals(comparable, expected, context());
}

/** A framing and a stream in chunks, as a failure tells them. */
export function describe(framing: Framing, chunks: readonly Uint8Array[]): string {
  const shown = chunks.map((chunk) => JSON.stringify(String.fromCharCode(...chunk)));
  return `${JSON.stringify(framing)}, chunks ${shown.join(" ")}`;
}
