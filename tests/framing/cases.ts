/** The configurations every framing is tested in. Small maxima, so that short streams exceed them. */
import type { Framing } from "../../src/framing.ts";
import { ascii, hex } from "./bytes.ts";

type Case<T extends Framing["type"]> = Omit<Extract<Framing, { type: T }>, "type" | "onInvalid">;

const CASES: { [T in Framing["type"]]: Case<T>[] } = {
  length_field: [
    { lengthFieldLength: 1, maxFrameLength: 24 },
    { lengthFieldLength: 2, maxFrameLength: 24, initialBytesToStrip: 2 },
    { lengthFieldLength: 2, maxFrameLength: 24, lengthAdjustment: -2, byteOrder: "little" },
    { lengthFieldLength: 3, maxFrameLength: 24, lengthFieldOffset: 2, lengthAdjustment: 2 },
    { lengthFieldLength: 4, maxFrameLength: 24, initialBytesToStrip: 6 },
    { lengthFieldLength: 4, maxFrameLength: 24, lengthAdjustment: -9, byteOrder: "little" },
    { lengthFieldLength: 8, maxFrameLength: 24, lengthFieldOffset: 1, initialBytesToStrip: 9 },
    { lengthFieldLength: 8, maxFrameLength: 24, byteOrder: "little" },
    {
      lengthFieldLength: 1,
      lengthFieldOffset: 2,
      maxFrameLength: 24,
      resync: { magic: hex("CAFE") },
    },
    {
      lengthFieldLength: 2,
      lengthFieldOffset: 3,
      maxFrameLength: 24,
      lengthAdjustment: -5,
      initialBytesToStrip: 3,
      resync: { magic: hex("010102"), checksum: { type: "crc16" } },
    },
    {
      lengthFieldLength: 8,
      lengthFieldOffset: 1,
      maxFrameLength: 24,
      resync: { magic: hex("FF"), checksum: { type: "sum8" } },
    },
    {
      lengthFieldLength: 1,
      maxFrameLength: 24,
      resync: { checksum: { type: "xor8" } },
    },
    {
      lengthFieldLength: 4,
      maxFrameLength: 24,
      resync: { checksum: { type: "crc32", byteOrder: "little" } },
    },
  ],
  varint_length: [{ maxFrameLength: 20 }, { maxFrameLength: 300 }],
  fixed_length: [
    { frameLength: 1 },
    { frameLength: 7 },
    { frameLength: 6, resync: { magic: hex("47") } },
    { frameLength: 9, resync: { magic: hex("A0A0A1"), checksum: { type: "crc32c" } } },
    { frameLength: 4, resync: { checksum: { type: "xor8" } } },
    { frameLength: 3, resync: { checksum: { type: "crc16", byteOrder: "little" } } },
  ],
  delimiter: [
    { delimiter: "\n", maxFrameLength: 16 },
    { delimiter: "\r\n", maxFrameLength: 16 },
    { delimiter: hex("0000"), maxFrameLength: 16, keepDelimiter: true },
    { delimiter: "abab", maxFrameLength: 16 },
    { delimiter: "12345678", maxFrameLength: 40 },
    { delimiter: "aab", maxFrameLength: 1, keepDelimiter: true },
  ],
  lines: [
    { maxFrameLength: 16 },
    { maxFrameLength: 40, keepDelimiter: true },
    { maxFrameLength: 1 },
  ],
  octet_counting: [{ maxFrameLength: 16 }, { maxFrameLength: 200 }],
  netstring: [{ maxFrameLength: 16 }, { maxFrameLength: 200 }],
  slip: [{ maxFrameLength: 16 }, { maxFrameLength: 64 }, { maxFrameLength: 1 }],
  cobs: [{ maxFrameLength: 16 }, { maxFrameLength: 600 }, { maxFrameLength: 1 }],
  beast: [{}],
  resp: [{ maxFrameLength: 40 }, { maxFrameLength: 400 }, { maxFrameLength: 6 }],
  nats: [{ maxFrameLength: 40 }, { maxFrameLength: 300 }, { maxFrameLength: 4 }],
  raw: [{}],
};

/** Every framing type there is. */
export const TYPES = Object.keys(CASES) as Framing["type"][];

/** All configurations of one framing, closing and skipping. */
export function framingsOf(type: Framing["type"]): Framing[] {
  return CASES[type].flatMap((options) => {
    const close = { type, ...options } as Framing;
    return type === "raw" ? [close] : [close, { ...close, onInvalid: "skip" } as Framing];
  });
}

/** Bytes that mean something to a framing, for garbage that gets far. */
export function alphabetOf(framing: Framing): Uint8Array {
  switch (framing.type) {
    case "length_field":
    case "fixed_length":
      return Uint8Array.of(0, 1, 2, 3, 5, 0x7f, 0xff, ...framing.resync?.magic ?? []);
    case "varint_length":
      return hex("00 01 02 14 15 40 7F 80 81 FF");
    case "delimiter": {
      const { delimiter } = framing;
      return typeof delimiter === "string" ? ascii(delimiter + "x") : hex("00 01");
    }
    case "lines":
      return ascii("\r\nx");
    case "octet_counting":
      return ascii("01239 x");
    case "netstring":
      return ascii("01239:,x");
    case "slip":
      return hex("C0 DB DC DD 41 00");
    case "cobs":
      return hex("00 01 02 03 05 FF");
    case "beast":
      return hex("1A 30 31 32 33 34 35");
    case "resp":
      return ascii("+-:_#,($!=*~>%|;.?0123\r\n\r\n");
    case "nats":
      return ascii("MSGmsgHh 019\t\r\n\r\n");
    case "raw":
      return ascii("x");
  }
}
