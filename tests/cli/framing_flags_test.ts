import { assertEquals, assertThrows } from "@std/assert";
import type { Framing } from "../../src/framing.ts";
import { framingFlags, framingHelp, parseFraming, unescapeBytes } from "../../cli/framing_flags.ts";
import { parseFlags, UsageError } from "../../cli/usage.ts";

const framingOf = (line: string): Framing =>
  parseFraming(parseFlags(line.split(" ").filter(Boolean), framingFlags).flags);

Deno.test("parseFraming() reads every framing", () => {
  const cases: [string, Framing][] = [
    ["", { type: "lines" }],
    [
      "--framing lines --keep-delimiter --on-invalid skip",
      { type: "lines", keepDelimiter: true, onInvalid: "skip" },
    ],
    ["--framing delimiter --delimiter |", { type: "delimiter", delimiter: Uint8Array.of(0x7c) }],
    [
      "--framing length_field --length-field-offset 1 --length-field-length 2" +
      " --length-adjustment=-3 --initial-bytes-to-strip 3 --byte-order little",
      {
        type: "length_field",
        lengthFieldOffset: 1,
        lengthFieldLength: 2,
        lengthAdjustment: -3,
        initialBytesToStrip: 3,
        byteOrder: "little",
      },
    ],
    [
      "--framing fixed_length --frame-length 9 --magic CAfe --checksum crc16" +
      " --checksum-byte-order little",
      {
        type: "fixed_length",
        frameLength: 9,
        resync: {
          magic: Uint8Array.of(0xca, 0xfe),
          checksum: { type: "crc16", byteOrder: "little" },
        },
      },
    ],
    ["--framing varint_length --max-frame-length 1MiB", {
      type: "varint_length",
      maxFrameLength: 1_048_576,
    }],
    ["--framing=octet_counting", { type: "octet_counting" }],
    ["--framing netstring", { type: "netstring" }],
    ["--framing slip", { type: "slip" }],
    ["--framing cobs", { type: "cobs" }],
    ["--framing beast --on-invalid close", { type: "beast", onInvalid: "close" }],
    ["--framing resp", { type: "resp" }],
    ["--framing nats", { type: "nats" }],
    ["--framing raw", { type: "raw" }],
  ];
  for (const [line, framing] of cases) assertEquals(framingOf(line), framing);
});

Deno.test("parseFraming() knows Vector's words", () => {
  assertEquals(framingOf("--framing newline_delimited").type, "lines");
  assertEquals(framingOf("--framing character_delimited --delimiter ;").type, "delimiter");
  assertEquals(framingOf("--framing length_delimited").type, "length_field");
  assertEquals(framingOf("--framing varint_length_delimited").type, "varint_length");
  assertEquals(framingOf("--framing bytes").type, "raw");
});

Deno.test("parseFraming() says what is wrong", () => {
  const cases: [string, string][] = [
    ["--framing morse", "--framing must be one of"],
    ["--framing constructor", "--framing must be one of"],
    ["--framing delimiter", "--framing delimiter needs --delimiter"],
    ["--framing delimiter --delimiter 123456789", "1 to 8 bytes, got 9"],
    ["--framing delimiter --delimiter \\q", "got \\q"],
    ["--framing fixed_length", "needs --frame-length"],
    ["--framing length_field --length-field-length 5", "one of 1, 2, 3, 4, 8, got 5"],
    ["--framing length_field --length-adjustment", "--length-adjustment needs a value"],
    ["--framing length_field --magic 123", "in hex"],
    ["--framing length_field --checksum-byte-order big", "needs --checksum"],
    ["--framing slip --byte-order big", "--byte-order has no meaning with --framing slip"],
    ["--framing slip --keep-delimiter", "--keep-delimiter has no meaning with --framing slip"],
    ["--max-frame-length 65MiB", "at most 64MiB"],
    ["--max-frame-length many", "number of bytes"],
    ["--framimg slip", "Unknown flag --framimg"],
  ];
  for (const [line, message] of cases) assertThrows(() => framingOf(line), UsageError, message);
});

Deno.test("unescapeBytes() turns escapes into single bytes", () => {
  assertEquals(
    [...unescapeBytes("a\\r\\n\\t\\0\\\\\\xFFn", "delimiter")],
    [0x61, 13, 10, 9, 0, 0x5c, 0xff, 0x6e],
  );
  assertEquals([...unescapeBytes("€", "delimiter")], [0xe2, 0x82, 0xac]);
  assertThrows(() => unescapeBytes("\\", "delimiter"), UsageError);
});

Deno.test("framingHelp() explains every flag", () => {
  for (const name of [...framingFlags.string, ...framingFlags.boolean]) {
    assertEquals(framingHelp("lines").includes(`  --${name} `), true, name);
  }
});
