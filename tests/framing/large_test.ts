/** The core against the oracle: streams over several slabs, with frames up to the default maximum. */
import { encodeFrame, resyncOverhead } from "../../push/encode.ts";
import type { Framing, LengthFieldFraming } from "../../src/framing.ts";
import { assertAgrees, summary } from "./agree.ts";
import { hex } from "./bytes.ts";
import { CoreHarness } from "./core_harness.ts";
import { decode } from "./oracle/mod.ts";
import { fit } from "./streams.ts";

const STREAM_BYTES = 640 * 1024;
const PAYLOAD_BYTES_MAX = 128 * 1024;

const FRAMINGS: Framing[] = [
  { type: "length_field", initialBytesToStrip: 4 },
  { type: "length_field", lengthFieldLength: 2, resync: { checksum: { type: "crc32" } } },
  { type: "varint_length" },
  { type: "fixed_length", frameLength: 188, resync: { magic: hex("47") } },
  { type: "delimiter", delimiter: "\r\n" },
  { type: "lines" },
  { type: "octet_counting" },
  { type: "netstring" },
  { type: "slip" },
  { type: "cobs" },
  { type: "beast" },
  { type: "resp" },
  { type: "nats" },
];

/** Numbers below `bound`, the same in every run. */
function numbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** The longest payload of the default maximum; frames of one size take no more. */
function longestPayload(framing: Framing): number {
  if (framing.type === "fixed_length" || framing.type === "beast") return 256;
  const { lengthFieldLength = 4, resync } = framing as Partial<LengthFieldFraming>;
  const framed = Math.min(PAYLOAD_BYTES_MAX, 2 ** (8 * lengthFieldLength));
  // Headers of decimal digits, varints and MSG lines are shorter than this.
  return framed - resyncOverhead(resync) - 24;
}

/** Mostly small payloads, one in 200 up to the longest a frame can have. */
function payloadOf(framing: Framing, below: (bound: number) => number): Uint8Array {
  const length = below(200) === 0 ? below(longestPayload(framing)) : 1 + below(40);
  // From a space on: no byte ends a line. Every second payload is all escapes.
  const [first, count] = below(2) === 0 ? [0x20, 0xd0] : [0xc0, 0x1c];
  return Uint8Array.from({ length }, () => first + below(count));
}

for (const [i, framing] of FRAMINGS.entries()) {
  const { type } = framing;
  Deno.test(`Core frames slab after slab of ${type} in chunks of all sizes as the oracle does (${i})`, () => {
    const below = numbers(type.length);
    const frames: Uint8Array[] = [];
    for (let bytes = 0; bytes < STREAM_BYTES; bytes += frames.at(-1)!.length) {
      frames.push(encodeFrame(framing, fit(framing, payloadOf(framing, below))));
    }
    const stream = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
    frames.reduce((at, frame) => (stream.set(frame, at), at + frame.length), 0);

    const chunks: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += chunks.at(-1)!.length) {
      chunks.push(stream.subarray(at, at + 1 + below(below(2) === 0 ? 65536 : 600)));
    }
    const expected = decode(framing, stream);
    const harness = new CoreHarness(framing);
    for (const held of [0, 1, 2]) {
      const result = harness.run(chunks, { held });
      assertAgrees(result, expected, summary(expected), () => `held ${held}`);
    }
  });
}
