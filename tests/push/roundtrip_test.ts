/** Encoders against decoders that were written from the same specifications, apart from them. */
import { assertEquals } from "@std/assert";
import { concat, encodeFrame } from "../../push/encode.ts";
import { seededRandom } from "../../push/generate.ts";
import type { Framing } from "../../src/framing.ts";
import { decode } from "../framing/oracle/mod.ts";
import { delivered } from "./delivered.ts";

const magic = Uint8Array.of(0xca, 0xfe);
const FRAMINGS: Framing[] = [
  { type: "length_field", lengthFieldLength: 2, byteOrder: "little" },
  { type: "length_field", lengthFieldLength: 8, lengthAdjustment: -8, initialBytesToStrip: 8 },
  {
    type: "length_field",
    lengthFieldOffset: 2,
    lengthFieldLength: 3,
    resync: { magic, checksum: { type: "crc32c" } },
  },
  { type: "varint_length" },
  { type: "fixed_length", frameLength: 1 },
  {
    type: "fixed_length",
    frameLength: 12,
    resync: { magic, checksum: { type: "crc16", byteOrder: "little" } },
  },
  { type: "delimiter", delimiter: "\r\n" },
  { type: "delimiter", delimiter: Uint8Array.of(0, 0), keepDelimiter: true },
  { type: "lines" },
  { type: "lines", keepDelimiter: true },
  { type: "octet_counting" },
  { type: "netstring" },
  { type: "slip" },
  { type: "cobs" },
  { type: "beast" },
  { type: "resp" },
  { type: "nats" },
];

/** Random payloads the framing can carry, rich in bytes that mean something to one or another. */
function payloads(framing: Framing, count: number): Uint8Array[] {
  const random = seededRandom(count);
  const special = [0x00, 0x0a, 0x0d, 0x1a, 0x31, 0x32, 0x33, 0x34, 0xc0, 0xdb, 0xdc, 0xdd, 0xff];
  const byte = (): number =>
    random() < 0.4 ? special[Math.floor(random() * special.length)] : random() * 256;
  const found: Uint8Array[] = [];
  while (found.length < count) {
    const size = random() < 0.1 ? 200 + random() * 400 : random() * 24;
    const payload = Uint8Array.from({ length: Math.floor(size) }, byte);
    try {
      encodeFrame(framing, payload);
      found.push(payload);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return found;
}

Deno.test("encodeFrame() writes what comes out as its docstrings say", () => {
  for (const framing of FRAMINGS) {
    const all = payloads(framing, 100);
    const stream = concat(...all.map((payload) => encodeFrame(framing, payload)));
    const result = decode(framing, stream);
    assertEquals(
      result.frames.map((frame) => [...frame.payload]),
      all.map((payload) => [...delivered(framing, payload)]),
      JSON.stringify(framing),
    );
  }
});
