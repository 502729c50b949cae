/** A stream written out by hand, and what a specification says it comes to. */
import { assertEquals } from "@std/assert";
import type { Framing } from "../../../src/framing.ts";
import { ascii } from "../bytes.ts";
import { decode, type OracleResult } from "./mod.ts";

/** What a stream comes to; what is left out is zero or absent, `consumed` the whole stream. */
export interface Expected extends Partial<Omit<OracleResult, "frames">> {
  frames?: (string | Uint8Array)[];
}

/** Asserts that the oracle makes of `stream` what `expected` says. */
export function check(framing: Framing, stream: Uint8Array | string, expected: Expected): void {
  const bytes = typeof stream === "string" ? ascii(stream) : stream;
  const { frames, ...rest } = decode(framing, bytes);
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
}
