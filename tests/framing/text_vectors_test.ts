/** Oracle and core against delimiters, decimal lengths and escapes as their specifications show them. */
import type { Framing } from "../../src/framing.ts";
import { ascii, hex, join, ramp } from "./bytes.ts";
import { check } from "./vectors.ts";

const END = "C0";

Deno.test("decode() and Core read lines and delimited frames", () => {
  check({ type: "lines" }, "ABC\nDEF\r\n\r\n\n\rG\rpartial", {
    frames: ["ABC", "DEF", "", ""],
    consumed: 12,
  });
  check({ type: "lines", keepDelimiter: true }, "ABC\nDEF\r\n", { frames: ["ABC\n", "DEF\r\n"] });
  check({ type: "delimiter", delimiter: "\r\n" }, "A\rB\r\n\r\nC\r", {
    frames: ["A\rB", ""],
    consumed: 7,
  });
  check({ type: "delimiter", delimiter: hex("00FF"), keepDelimiter: true }, hex("410000FF00"), {
    frames: [hex("410000FF")],
    consumed: 4,
  });
});

Deno.test("decode() and Core bound the bytes before a line end or delimiter", () => {
  const lines: Framing = { type: "lines", maxFrameLength: 3 };
  check(lines, "abc\nab\r\nabc", { frames: ["abc", "ab"], consumed: 8 });
  const violation = { name: "frame_too_long", at: 7 } as const;
  check(lines, "abc\nabcd", { frames: ["abc"], consumed: 4, violation });
  check(lines, "abc\nabc\r\n", { frames: ["abc"], consumed: 4, violation });
  check({ ...lines, onInvalid: "skip" }, "abcd\nabcdef\nabc\nabcd", {
    frames: ["abc"],
    skippedFrames: 3,
    skippedBytes: 16,
  });
  const delimiter: Framing = { type: "delimiter", delimiter: "--", maxFrameLength: 3 };
  check(delimiter, "abc--abc-", { frames: ["abc"], consumed: 5 });
  check(delimiter, "abc--abcd--", {
    frames: ["abc"],
    consumed: 5,
    violation: { name: "frame_too_long", at: 8 },
  });
  check({ ...delimiter, onInvalid: "skip" }, "abcd--ab--abcde-", {
    frames: ["ab"],
    consumed: 15,
    skippedFrames: 2,
    skippedBytes: 11,
  });
});

Deno.test("decode() and Core read syslog over TCP as RFC 6587 counts it", () => {
  const framing: Framing = { type: "octet_counting" };
  const message =
    "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - 'su root' failed";
  check(framing, `${message.length} ${message}2 \n 10`, { frames: [message, "\n "], consumed: 88 });
  const wrong = (stream: string, name: "bad_digit" | "frame_too_long", at: number) =>
    check({ ...framing, maxFrameLength: 9 }, `1 a${stream}`, {
      frames: ["a"],
      consumed: 3,
      violation: { name, at: 3 + at },
    });
  wrong("0 ", "bad_digit", 0);
  wrong(" 1", "bad_digit", 0);
  wrong("<34>", "bad_digit", 0);
  wrong("1x", "bad_digit", 1);
  wrong("-1 ", "bad_digit", 0);
  wrong("10 ", "frame_too_long", 0);
  wrong("4294967296 ", "frame_too_long", 0);
  wrong("18446744073709551615 ", "frame_too_long", 10);
});

Deno.test("decode() and Core find the next octet count behind garbage", () => {
  const framing: Framing = { type: "octet_counting", maxFrameLength: 20, onInvalid: "skip" };
  check(framing, "1 a<x>3 abc1 b", {
    frames: ["a", "abc", "b"],
    skippedFrames: 1,
    skippedBytes: 3,
  });
  // A length too long is skipped with its message.
  check(framing, "21 123456789012345678901 1 a", {
    frames: ["a"],
    skippedFrames: 2,
    skippedBytes: 25,
  });
  // Digits behind a zero are no beginning.
  check(framing, "x0023 1 a", { frames: ["a"], skippedFrames: 1, skippedBytes: 6 });
});

Deno.test("decode() and Core read netstrings as their specification writes them", () => {
  const framing: Framing = { type: "netstring", maxFrameLength: 20 };
  check(framing, join(hex("31323a68656c6c6f20776f726c64212c"), "0:,"), {
    frames: ["hello world!", ""],
  });
  check(framing, "12:hello world!", { consumed: 0 });
  const wrong = (stream: string, name: "bad_digit" | "bad_byte" | "frame_too_long", at: number) =>
    check(framing, `1:a,${stream}`, {
      frames: ["a"],
      consumed: 4,
      violation: { name, at: 4 + at },
    });
  wrong("00:,", "bad_digit", 1);
  wrong("01:a,", "bad_digit", 1);
  wrong(":,", "bad_digit", 0);
  wrong("-1:,", "bad_digit", 0);
  wrong("1;a,", "bad_digit", 1);
  wrong("1:ab", "bad_byte", 3);
  wrong("21:", "frame_too_long", 0);
  wrong("4294967296:", "frame_too_long", 0);
  wrong("18446744073709551615:", "frame_too_long", 10);
});

Deno.test("decode() and Core find the next netstring behind a comma", () => {
  const framing: Framing = { type: "netstring", maxFrameLength: 3, onInvalid: "skip" };
  check(framing, "1:ab,1:c,4:wxyz,2:de,x,1:f,", {
    frames: ["c", "de", "f"],
    skippedFrames: 3,
    skippedBytes: 5 + 7 + 2,
  });
});

Deno.test("decode() and Core read SLIP as RFC 1055 escapes it", () => {
  const framing: Framing = { type: "slip", maxFrameLength: 3 };
  check(framing, hex(`${END} 4142 ${END}${END} DBDC DBDD 43 ${END} 44`), {
    frames: ["AB", hex("C0DB43")],
    consumed: 11,
    paddingBytes: 2,
  });
  check(framing, hex(`41 DB 42 ${END}`), { consumed: 0, violation: { name: "bad_escape", at: 2 } });
  check(framing, hex(`41424344`), { consumed: 0, violation: { name: "frame_too_long", at: 3 } });
  check(framing, hex(`414243 DB`), { consumed: 0 });
  check(framing, hex(`414243 DBDC`), { consumed: 0, violation: { name: "frame_too_long", at: 4 } });
  check({ ...framing, onInvalid: "skip" }, hex(`41DB${END} 41424344${END} 45${END} DB41`), {
    frames: ["E"],
    skippedFrames: 3,
    skippedBytes: 3 + 5 + 2,
  });
});

Deno.test("decode() and Core read the COBS vectors of Cheshire and Baker's table", () => {
  const cases: [string, string][] = [
    ["00", "0101"],
    ["0000", "010101"],
    ["00110000", "0102110101"],
    ["11220033", "0311220233"],
    ["11223344", "0511223344"],
    ["11000000", "0211010101"],
  ];
  for (const [decoded, encoded] of cases) {
    check({ type: "cobs" }, hex(`${encoded}00`), { frames: [hex(decoded)] });
  }
  const long = ramp(1, 254);
  const end = hex("00");
  check({ type: "cobs" }, join(hex("FF"), long, end), { frames: [long] });
  check({ type: "cobs" }, join(hex("01FF"), long, end), { frames: [join(end, long)] });
  check({ type: "cobs" }, join(hex("FF"), long, hex("02FF"), end), { frames: [ramp(1, 255)] });
  check({ type: "cobs" }, join(hex("FF"), ramp(2, 254), hex("0101"), end), {
    frames: [join(ramp(2, 254), end)],
  });
  check({ type: "cobs" }, join(hex("FE"), ramp(3, 253), hex("0201"), end), {
    frames: [join(ramp(3, 253), hex("0001"))],
  });
  // Behind a zero of its own, the longest block moves what follows.
  check({ type: "cobs" }, join(hex("01FF"), long, hex("02FF"), end), {
    frames: [join(end, ramp(1, 255))],
  });
  check({ type: "cobs" }, join(hex("034142 FF"), long, hex("02FF"), end), {
    frames: [join("AB", end, ramp(1, 255))],
  });
  // An encoder may end the longest block with an empty one.
  check({ type: "cobs" }, join(hex("FF"), long, hex("01"), end), { frames: [long] });
});

Deno.test("decode() and Core reject COBS codes that point behind the end and frames too long", () => {
  const framing: Framing = { type: "cobs", maxFrameLength: 3 };
  check(framing, hex("00 0241 00 00 01 00 02"), {
    frames: ["A", ""],
    consumed: 7,
    paddingBytes: 2,
  });
  check(framing, hex("0241 0341 00"), { consumed: 0, violation: { name: "bad_byte", at: 2 } });
  // Three bytes, at most one longest block and a code fit 5 bytes.
  check(framing, hex("0101010101"), { consumed: 0 });
  check(framing, hex("010101010101"), {
    consumed: 0,
    violation: { name: "frame_too_long", at: 5 },
  });
  check(framing, hex("0541424344 00"), {
    consumed: 0,
    violation: { name: "frame_too_long", at: 0 },
  });
  check({ ...framing, onInvalid: "skip" }, hex("0500 0241 00 0101010101010100 0242 00 09"), {
    frames: ["A", "B"],
    consumed: 16,
    skippedFrames: 2,
    skippedBytes: 2 + 8,
  });
});

Deno.test("decode() and Core read Mode S Beast messages", () => {
  const type: Framing["type"] = "beast";
  const time = "1A1A 0102030405";
  const undoubled = "1A 0102030405";
  const bodies = { 31: ramp(0x60, 2), 32: ramp(0x60, 7), 33: ramp(0x60, 14), 34: ramp(0x60, 14) };
  for (const [digit, body] of Object.entries(bodies)) {
    check({ type }, join(hex(`1A ${digit} ${time} 1A1A`), body, hex("1A")), {
      frames: [join(hex(`${digit} ${undoubled} 1A`), body)],
      consumed: 11 + body.length,
    });
  }
});

Deno.test("decode() and Core reject what is no Beast message and find the next", () => {
  const type: Framing["type"] = "beast";
  const good = hex("1A31 010203040506 FF 4142");
  const frame = good.subarray(1);
  check({ type }, hex("31"), { consumed: 0, violation: { name: "bad_byte", at: 0 } });
  check({ type }, hex("1A35"), { consumed: 0, violation: { name: "bad_type", at: 1 } });
  check({ type }, hex("1A1A"), { consumed: 0, violation: { name: "bad_type", at: 1 } });
  check({ type }, hex("1A31 01 1A31"), { consumed: 0, violation: { name: "bad_escape", at: 4 } });
  const skip: Framing = { type, onInvalid: "skip" };
  // A cut-off message, the next begins inside it.
  check(skip, join(hex("1A33 0102"), good), { frames: [frame], skippedFrames: 1, skippedBytes: 4 });
  // Doubled marks are no beginning, a mark at the end may be one.
  check(skip, join(hex("00 1A1A 31 1A35"), good, hex("00 1A")), {
    frames: [frame],
    consumed: 18,
    skippedFrames: 2,
    skippedBytes: 7,
  });
});

Deno.test("decode() and Core take a raw stream as it comes", () => {
  check({ type: "raw" }, "abc", { frames: [ascii("abc")] });
  check({ type: "raw" }, "", {});
});
