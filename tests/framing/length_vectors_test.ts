/** Oracle and core against length prefixes as their specifications show them. */
import { assertEquals } from "@std/assert";
import type { Framing } from "../../src/framing.ts";
import { ascii, hex, join } from "./bytes.ts";
import { decode } from "./oracle/mod.ts";
import { check } from "./vectors.ts";

const HELLO = ascii("HELLO, WORLD");

Deno.test("decode() and Core read the seven examples of Netty's LengthFieldBasedFrameDecoder", () => {
  const cases: [Partial<Framing>, string, string][] = [
    [{ lengthFieldLength: 2 }, "000C", "000C"],
    [{ lengthFieldLength: 2, initialBytesToStrip: 2 }, "000C", ""],
    [{ lengthFieldLength: 2, lengthAdjustment: -2 }, "000E", "000E"],
    [{ lengthFieldOffset: 2, lengthFieldLength: 3 }, "CAFE 00000C", "CAFE 00000C"],
    [{ lengthFieldLength: 3, lengthAdjustment: 2 }, "00000C CAFE", "00000C CAFE"],
    [
      { lengthFieldOffset: 1, lengthFieldLength: 2, lengthAdjustment: 1, initialBytesToStrip: 3 },
      "CA 000C FE",
      "FE",
    ],
    [
      { lengthFieldOffset: 1, lengthFieldLength: 2, lengthAdjustment: -3, initialBytesToStrip: 3 },
      "CA 0010 FE",
      "FE",
    ],
  ];
  for (const [options, before, after] of cases) {
    const framing = { type: "length_field", ...options } as Framing;
    check(framing, join(hex(before), HELLO), { frames: [join(hex(after), HELLO)] });
    check(framing, join(hex(before), HELLO.subarray(0, 11)), { consumed: 0 });
  }
});

Deno.test("decode() and Core read length fields of every width and order", () => {
  for (const width of [1, 2, 3, 4, 8] as const) {
    const big = new Uint8Array(width);
    big[width - 1] = 2;
    const framing = { type: "length_field", lengthFieldLength: width } as const;
    check(framing, join(big, "hi"), { frames: [join(big, "hi")] });
    const little = big.toReversed();
    check({ ...framing, byteOrder: "little" }, join(little, "hi"), {
      frames: [join(little, "hi")],
    });
  }
});

Deno.test("decode() and Core tell where a length field is wrong", () => {
  const type = "length_field";
  const at = (name: string, offset: number) => ({ consumed: 0, violation: { name, at: offset } });
  const cases: [Partial<Framing>, string, ReturnType<typeof at>][] = [
    [{ maxFrameLength: 16 }, "0000000D", at("frame_too_long", 0)],
    [{}, "FFFFFFFF", at("frame_too_long", 0)],
    [{ lengthAdjustment: -4 }, "00000003", at("length_below_header", 0)],
    [{ lengthFieldLength: 2, lengthAdjustment: -8 }, "0003", at("length_negative", 0)],
    [{ lengthFieldLength: 8 }, "0000000100000000", at("frame_too_long", 0)],
    [{ lengthFieldLength: 8 }, "FFFFFFFFFFFFFFFF", at("length_overflow", 0)],
    [{ lengthFieldLength: 8 }, "3FFFFFFFFFFFFFFF", at("frame_too_long", 0)],
    [{ lengthFieldLength: 8 }, "4000000000000000", at("length_overflow", 0)],
    [
      { lengthFieldLength: 8, lengthFieldOffset: 1, byteOrder: "little" },
      "AA FFFFFFFFFFFFFFFF",
      at("length_overflow", 1),
    ],
    [{ lengthFieldLength: 1, initialBytesToStrip: 3 }, "0141", at("strip_exceeds_frame", 0)],
  ];
  for (const [options, stream, expected] of cases) {
    check({ type, ...options } as Framing, hex(stream), expected as never);
  }
});

Deno.test("decode() and Core skip a length field's rejected frame by its length", () => {
  const framing: Framing = {
    type: "length_field",
    lengthFieldLength: 1,
    maxFrameLength: 4,
    onInvalid: "skip",
  };
  check(framing, hex("0161 05 1112131415 0162"), {
    frames: [hex("0161"), hex("0162")],
    skippedFrames: 1,
    skippedBytes: 6,
  });
  check(framing, hex("0161 05 1112"), {
    frames: [hex("0161")],
    skippedFrames: 1,
    skippedBytes: 3,
  });
  check({ ...framing, lengthAdjustment: -1 }, hex("00 0261"), {
    frames: [hex("0261")],
    skippedFrames: 1,
    skippedBytes: 1,
  });
});

Deno.test("decode() and Core find the next magic behind garbage", () => {
  const framing: Framing = {
    type: "fixed_length",
    frameLength: 4,
    onInvalid: "skip",
    resync: { magic: hex("CAFE") },
  };
  check(framing, hex("CAFE0102 CACAFE0304 CAFE"), {
    frames: [hex("CAFE0102"), hex("CAFE0304")],
    consumed: 9,
    skippedFrames: 1,
    skippedBytes: 1,
  });
  check(framing, hex("0102CA"), { consumed: 2, skippedFrames: 1, skippedBytes: 2 });
  check({ ...framing, onInvalid: "close" }, hex("CAFE0102 CAFF"), {
    frames: [hex("CAFE0102")],
    consumed: 4,
    violation: { name: "bad_magic", at: 5 },
  });
});

Deno.test("decode() and Core verify checksums", () => {
  const digits = ascii("123456789");
  const sums = [["xor8", "31"], ["sum8", "DD"], ["crc16", "29B1"], ["crc32", "CBF43926"], [
    "crc32c",
    "E3069283",
  ]] as const;
  for (const [type, sum] of sums) {
    const frameLength = 9 + sum.length / 2;
    const framing: Framing = { type: "fixed_length", frameLength, resync: { checksum: { type } } };
    const frame = join(digits, hex(sum));
    check(framing, join(frame, frame), { frames: [frame, frame] });
    const wrong = join(ascii("123456780"), hex(sum));
    const violation = { name: "bad_checksum", at: 9 } as const;
    check(framing, join(wrong, frame), { consumed: 0, violation });
    check({ ...framing, onInvalid: "skip" }, join(wrong, frame), {
      frames: [frame],
      skippedFrames: 1,
      skippedBytes: frameLength,
    });
  }
});

Deno.test("decode() and Core search on from the second byte behind a wrong checksum", () => {
  const framing: Framing = {
    type: "length_field",
    lengthFieldLength: 1,
    maxFrameLength: 8,
    onInvalid: "skip",
    resync: { checksum: { type: "xor8" } },
  };
  // 02 02 00 is a frame, 02 02 03 is not, and 02 03 01 inside it is.
  check(framing, hex("020200 02 020301"), {
    frames: [hex("020200"), hex("020301")],
    skippedFrames: 1,
    skippedBytes: 1,
  });
});

Deno.test("decode() and Core read varints as protobuf's encoding guide writes them", () => {
  const framing: Framing = { type: "varint_length" };
  // 150 is 96 01.
  const payload = new Uint8Array(150).fill(7);
  check(framing, join(hex("9601"), payload, hex("0161 00")), { frames: [payload, "a", ""] });
  // Padded to ten bytes it is 1 all the same.
  check(framing, hex("81808080808080808000 61"), { frames: ["a"] });
  check(framing, join(hex("9601"), payload.subarray(1)), { consumed: 0 });
  check(framing, hex("96"), { consumed: 0 });
});

Deno.test("decode() and Core reject varints that are too long or say too much", () => {
  const close: Framing = { type: "varint_length", maxFrameLength: 100 };
  const skip: Framing = { ...close, onInvalid: "skip" };
  const cases = [
    // 2^64 - 1, 2^63, 2^62 + 1, 2^62, 2^32, 101.
    ["FFFFFFFFFFFFFFFFFF01", "length_overflow", 0, 10],
    ["80808080808080808001", "length_overflow", 0, 10],
    ["818080808080808040", "length_overflow", 0, 9],
    ["808080808080808040", "frame_too_long", 0, undefined],
    ["8080808010", "frame_too_long", 0, undefined],
    ["65", "frame_too_long", 0, undefined],
    // 2^64, and eleven bytes.
    ["80808080808080808002", "varint_too_long", 9, 10],
    ["8080808080808080808000", "varint_too_long", 9, 10],
  ] as const;
  for (const [varint, name, at, discarded] of cases) {
    const stream = hex(`0161 ${varint} 0162`);
    check(close, stream, { frames: ["a"], consumed: 2, violation: { name, at: 2 + at } });
    const { skippedBytes } = decode(skip, stream);
    assertEquals(skippedBytes, discarded ?? stream.length - 2, varint);
  }
});
