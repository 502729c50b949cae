/** A stream written out by hand, and what a specification says it comes to. */
import { assertEquals } from "@std/assert";
import type { Framing } from "../../src/framing.ts";
import { assertAgrees, describe, summary } from "./agree.ts";
import { ascii } from "./bytes.ts";
import { CoreHarness, type SlabUse } from "./core_harness.ts";
import { decode, type OracleResult } from "./oracle/mod.ts";

/** What a stream comes to; what is left out is zero or absent, `consumed` the whole stream. */
export interface Expected extends Partial<Omit<OracleResult, "frames">> {
  frames?: (string | Uint8Array)[];
}

/** Asserts that the oracle makes of `stream` what `expected` says, and the core too, however it is split. */
export function check(framing: Framing, stream: Uint8Array | string, expected: Expected): void {
  const bytes = typeof stream === "string" ? ascii(stream) : stream;
  const result = decode(framing, bytes);
  const { frames, ...rest } = result;
  const { frames: payloads = [], ...stated } = expected;
  assertEquals(
    { frames: frames.map((frame) => frame.payload), ...rest },
    {
      frames: payloads.map((p) => typeof p === "string" ? ascii(p) : p),
      consumed: bytes.length,
      skippedFrames: 0,
      skippedBytes: 0,
      paddingBytes: 0,
      ...stated,
    },
  );
  if (framing.type !== "raw") assertEverySplit(new CoreHarness(framing), bytes, result);
}

/** Asserts that the core makes `expected` of `stream` split at any one point, and at all. */
export function assertEverySplit(
  harness: CoreHarness,
  stream: Uint8Array,
  expected: OracleResult,
): void {
  const wanted = summary(expected);
  const assertChunked = (chunks: Uint8Array[], use?: SlabUse) =>
    assertAgrees(
      harness.run(chunks, use),
      expected,
      wanted,
      () => describe(harness.framing, chunks),
    );
  for (let at = 0; at <= stream.length; at++) {
    assertChunked([stream.subarray(0, at), stream.subarray(at)]);
  }
  const bytes = Array.from(stream, (byte) => Uint8Array.of(byte));
  assertChunked(bytes, { capacity: 1, held: 2 });
}
