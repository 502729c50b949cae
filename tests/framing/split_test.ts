/**
 * The core against the oracle: short streams split at every point, whole,
 * truncated, with each byte corrupted, and oversized.
 */
import { encodeFrame } from "../../push/encode.ts";
import type { Framing } from "../../src/framing.ts";
import { ascii, join } from "./bytes.ts";
import { framingsOf, TYPES } from "./cases.ts";
import { CoreHarness } from "./core_harness.ts";
import { hostileHeaders } from "./hostile.ts";
import { decode } from "./oracle/mod.ts";
import { fit } from "./streams.ts";
import { assertEverySplit } from "./vectors.ts";

const STREAM_BYTES_MAX = 64;

/** What a byte is corrupted to: itself with one bit flipped, and bytes that end or escape frames. */
const CORRUPTIONS: ((byte: number) => number)[] = [
  (byte) => byte ^ 1,
  (byte) => byte ^ 0x80,
  () => 0x00,
  () => 0x0a,
  () => 0xff,
];

/** A few frames of different lengths. */
function validStream(framing: Framing): Uint8Array {
  const payloads = ["a", "", "0123456", "\r", "x\x1ay\xc0"];
  const frames = payloads.flatMap((payload) => {
    try {
      return [encodeFrame(framing, fit(framing, ascii(payload)))];
    } catch (error) {
      // The framing can't carry this one.
      if (error instanceof RangeError) return [];
      throw error;
    }
  });
  let stream: Uint8Array = new Uint8Array();
  for (const frame of frames) {
    if (stream.length + frame.length <= STREAM_BYTES_MAX / 2) stream = join(stream, frame);
  }
  return stream;
}

function* truncated(stream: Uint8Array): Generator<Uint8Array> {
  for (let end = 0; end <= stream.length; end++) yield stream.subarray(0, end);
}

function* corrupted(stream: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < stream.length; at++) {
    for (const corrupt of CORRUPTIONS) yield stream.with(at, corrupt(stream[at]));
  }
}

/** Headers of impossible frames between valid ones, and bytes that end no frame. */
function* oversized(framing: Framing, stream: Uint8Array): Generator<Uint8Array> {
  for (const header of hostileHeaders(framing)) {
    yield join(stream, header, stream).subarray(0, STREAM_BYTES_MAX);
  }
  yield join(stream, new Uint8Array(STREAM_BYTES_MAX).fill(0x61)).subarray(0, STREAM_BYTES_MAX);
}

for (const type of TYPES) {
  if (type === "raw") continue;
  Deno.test(`Core frames short streams of ${type} as the oracle does, split at every point`, () => {
    for (const framing of framingsOf(type)) {
      const harness = new CoreHarness(framing);
      const valid = validStream(framing);
      for (const streams of [truncated(valid), corrupted(valid), oversized(framing, valid)]) {
        for (const stream of streams) assertEverySplit(harness, stream, decode(framing, stream));
      }
    }
  });
}
