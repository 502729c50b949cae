/** Vectors written out by hand from each framing's specification. */
import { assertEquals, assertThrows } from "@std/assert";
import type { Framing } from "../../src/framing.ts";
import { checksum } from "../../push/checksum.ts";
import { encodeFrame, varint } from "../../push/encode.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const hex = (text: string): Uint8Array =>
  Uint8Array.from(text.replaceAll(/\s/g, "").match(/../g) ?? [], (pair) => parseInt(pair, 16));
const run = (first: number, last: number): Uint8Array =>
  Uint8Array.from({ length: last - first + 1 }, (_, i) => first + i);
const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((p) => [...p]));
const HELLO = bytesOf("HELLO, WORLD");

Deno.test("encodeFrame() writes length fields as the examples of Netty's LengthFieldBasedFrameDecoder", () => {
  const cases: [Framing, Uint8Array, string][] = [
    [{ type: "length_field", lengthFieldLength: 2 }, HELLO, "000C"],
    [{ type: "length_field", lengthFieldLength: 2, initialBytesToStrip: 2 }, HELLO, "000C"],
    // The field counts itself.
    [{ type: "length_field", lengthFieldLength: 2, lengthAdjustment: -2 }, HELLO, "000E"],
    [
      { type: "length_field", lengthFieldOffset: 2, lengthFieldLength: 3 },
      join(hex("CAFE"), HELLO),
      "CAFE 00000C",
    ],
    // A header between field and content that the field does not count.
    [
      { type: "length_field", lengthFieldLength: 3, lengthAdjustment: 2 },
      join(hex("CAFE"), HELLO),
      "00000C CAFE",
    ],
    [
      {
        type: "length_field",
        lengthFieldOffset: 1,
        lengthFieldLength: 2,
        lengthAdjustment: 1,
        initialBytesToStrip: 3,
      },
      join(hex("CAFE"), HELLO),
      "CA 000C FE",
    ],
    // The field counts the whole message.
    [
      {
        type: "length_field",
        lengthFieldOffset: 1,
        lengthFieldLength: 2,
        lengthAdjustment: -3,
        initialBytesToStrip: 3,
      },
      join(hex("CAFE"), HELLO),
      "CA 0010 FE",
    ],
  ];
  for (const [framing, payload, header] of cases) {
    assertEquals(encodeFrame(framing, payload), join(hex(header), HELLO));
  }
});

Deno.test("encodeFrame() writes length fields of every width and byte order", () => {
  const fields: [1 | 2 | 3 | 4 | 8, string, string][] = [
    [1, "0C", "0C"],
    [2, "000C", "0C00"],
    [3, "00000C", "0C0000"],
    [4, "0000000C", "0C000000"],
    [8, "000000000000000C", "0C00000000000000"],
  ];
  for (const [lengthFieldLength, big, little] of fields) {
    const framing = { type: "length_field", lengthFieldLength } as const;
    assertEquals(encodeFrame(framing, HELLO), join(hex(big), HELLO));
    assertEquals(
      encodeFrame({ ...framing, byteOrder: "little" }, HELLO),
      join(hex(little), HELLO),
    );
  }
});

Deno.test("encodeFrame() refuses lengths the field cannot hold", () => {
  const oneByte: Framing = { type: "length_field", lengthFieldLength: 1 };
  assertEquals(encodeFrame(oneByte, new Uint8Array(255))[0], 255);
  assertThrows(() => encodeFrame(oneByte, new Uint8Array(256)), RangeError, "cannot hold 256");
  assertThrows(
    () => encodeFrame({ type: "length_field", lengthAdjustment: 13 }, HELLO),
    RangeError,
    "cannot hold -1",
  );
  assertThrows(
    () => encodeFrame({ type: "length_field", lengthFieldOffset: 13 }, HELLO),
    RangeError,
    "13",
  );
});

Deno.test("encodeFrame() puts magic and checksum around a length field", () => {
  const framing: Framing = {
    type: "length_field",
    lengthFieldOffset: 3,
    lengthFieldLength: 2,
    resync: { magic: hex("CAFE"), checksum: { type: "sum8" } },
  };
  // CA+FE+07+00+03+61+62 = 0x295; the field counts "ab" and the checksum.
  assertEquals(encodeFrame(framing, join(hex("07"), bytesOf("ab"))), hex("CAFE 07 0003 6162 95"));
  assertThrows(
    () => encodeFrame({ ...framing, lengthFieldOffset: 1 }, HELLO),
    RangeError,
    "A magic of 2 bytes needs a lengthFieldOffset",
  );
});

Deno.test("checksum() gives the check values of the CRC catalogue", () => {
  const check = bytesOf("123456789");
  assertEquals(checksum("crc16", check), 0x29b1);
  assertEquals(checksum("crc32", check), 0xcbf43926);
  assertEquals(checksum("crc32c", check), 0xe3069283);
  assertEquals(checksum("xor8", check), 0x31);
  assertEquals(checksum("sum8", check), 0xdd);
  // RFC 3720, B.4: 32 bytes of zeroes.
  assertEquals(checksum("crc32c", new Uint8Array(32)), 0x8a9136aa);
});

Deno.test("encodeFrame() appends the checksum in the byte order asked for", () => {
  const check = bytesOf("123456789");
  const framing = { type: "fixed_length", frameLength: 13 } as const;
  assertEquals(
    encodeFrame({ ...framing, resync: { checksum: { type: "crc32" } } }, check),
    join(check, hex("CBF43926")),
  );
  assertEquals(
    encodeFrame(
      { ...framing, resync: { checksum: { type: "crc32", byteOrder: "little" } } },
      check,
    ),
    join(check, hex("2639F4CB")),
  );
});

Deno.test("encodeFrame() writes the varints of the protobuf encoding guide", () => {
  assertEquals(varint(0), hex("00"));
  assertEquals(varint(1), hex("01"));
  assertEquals(varint(127), hex("7F"));
  assertEquals(varint(128), hex("8001"));
  assertEquals(varint(150), hex("9601"));
  assertEquals(varint(300), hex("AC02"));
  assertEquals(varint(2 ** 32), hex("8080808010"));
  const payload = new Uint8Array(300).fill(7);
  assertEquals(encodeFrame({ type: "varint_length" }, payload), join(hex("AC02"), payload));
  assertEquals(encodeFrame({ type: "varint_length" }, new Uint8Array()), hex("00"));
});

Deno.test("encodeFrame() holds fixed_length to its length, magic and checksum included", () => {
  const framing: Framing = {
    type: "fixed_length",
    frameLength: 6,
    resync: { magic: hex("AA55"), checksum: { type: "xor8" } },
  };
  assertEquals(encodeFrame(framing, hex("010203")), hex("AA55 010203 FF"));
  assertThrows(() => encodeFrame(framing, hex("0102")), RangeError, "has 6 bytes");
  assertEquals(encodeFrame({ type: "fixed_length", frameLength: 3 }, hex("010203")), hex("010203"));
});

Deno.test("encodeFrame() ends delimited frames and refuses a delimiter inside", () => {
  const crlf: Framing = { type: "delimiter", delimiter: "\r\n" };
  assertEquals(encodeFrame(crlf, bytesOf("a\rb\n")), bytesOf("a\rb\n\r\n"));
  assertEquals(encodeFrame(crlf, bytesOf("")), bytesOf("\r\n"));
  assertThrows(() => encodeFrame(crlf, bytesOf("a\r\nb")), RangeError, "its own delimiter");
  // "a" + "aa" would be found one byte early.
  assertThrows(
    () => encodeFrame({ type: "delimiter", delimiter: bytesOf("aa") }, bytesOf("a")),
    RangeError,
  );
  assertEquals(encodeFrame({ type: "delimiter", delimiter: hex("03") }, hex("02")), hex("0203"));
});

Deno.test("encodeFrame() ends lines, and a trailing CR makes the line end CRLF", () => {
  assertEquals(encodeFrame({ type: "lines" }, bytesOf("one")), bytesOf("one\n"));
  assertEquals(encodeFrame({ type: "lines" }, bytesOf("one\r")), bytesOf("one\r\n"));
  assertThrows(() => encodeFrame({ type: "lines" }, bytesOf("one\ntwo")), RangeError);
});

Deno.test("encodeFrame() counts octets as RFC 6587, 3.4.1", () => {
  const message = "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - failed";
  assertEquals(
    encodeFrame({ type: "octet_counting" }, bytesOf(message)),
    bytesOf(`${message.length} ${message}`),
  );
  assertThrows(() => encodeFrame({ type: "octet_counting" }, new Uint8Array()), RangeError);
});

Deno.test("encodeFrame() writes the netstrings of the netstring specification", () => {
  assertEquals(
    encodeFrame({ type: "netstring" }, bytesOf("hello world!")),
    hex("31 32 3a 68 65 6c 6c 6f 20 77 6f 72 6c 64 21 2c"),
  );
  assertEquals(encodeFrame({ type: "netstring" }, new Uint8Array()), bytesOf("0:,"));
});

Deno.test("encodeFrame() escapes SLIP as RFC 1055", () => {
  const slip: Framing = { type: "slip" };
  assertEquals(encodeFrame(slip, hex("01C002DB03")), hex("01 DBDC 02 DBDD 03 C0"));
  assertEquals(encodeFrame(slip, hex("DBDCC0")), hex("DBDD DC DBDC C0"));
  assertThrows(() => encodeFrame(slip, new Uint8Array()), RangeError);
});

Deno.test("encodeFrame() stuffs bytes as the COBS tables", () => {
  const vectors: [Uint8Array, Uint8Array][] = [
    [hex(""), hex("01 00")],
    [hex("00"), hex("01 01 00")],
    [hex("0000"), hex("01 01 01 00")],
    [hex("001100"), hex("01 02 11 01 00")],
    [hex("11220033"), hex("03 11 22 02 33 00")],
    [hex("11223344"), hex("05 11 22 33 44 00")],
    [hex("11000000"), hex("02 11 01 01 01 00")],
    [run(0x01, 0xfe), join(hex("FF"), run(0x01, 0xfe), hex("00"))],
    [run(0x00, 0xfe), join(hex("01 FF"), run(0x01, 0xfe), hex("00"))],
    [run(0x01, 0xff), join(hex("FF"), run(0x01, 0xfe), hex("02 FF 00"))],
    [join(run(0x02, 0xff), hex("00")), join(hex("FF"), run(0x02, 0xff), hex("01 01 00"))],
    [join(run(0x03, 0xff), hex("0001")), join(hex("FE"), run(0x03, 0xff), hex("02 01 00"))],
  ];
  for (const [payload, encoded] of vectors) {
    assertEquals(encodeFrame({ type: "cobs" }, payload), encoded);
  }
});

Deno.test("encodeFrame() doubles 0x1a in Beast frames, but not the type", () => {
  const beast: Framing = { type: "beast" };
  assertEquals(
    encodeFrame(beast, hex("31 00001A000000 1A 2DFF")),
    hex("1A 31 00001A1A000000 1A1A 2DFF"),
  );
  assertEquals(encodeFrame(beast, join(hex("32"), new Uint8Array(14))).length, 16);
  assertEquals(encodeFrame(beast, join(hex("33"), new Uint8Array(21))).length, 23);
  assertEquals(encodeFrame(beast, join(hex("34"), new Uint8Array(21))).length, 23);
  assertThrows(() => encodeFrame(beast, join(hex("33"), new Uint8Array(20))), RangeError);
  assertThrows(() => encodeFrame(beast, join(hex("35"), new Uint8Array(21))), RangeError);
  assertThrows(() => encodeFrame(beast, new Uint8Array()), RangeError);
});

Deno.test("encodeFrame() writes RESP bulk strings and NATS messages", () => {
  assertEquals(encodeFrame({ type: "resp" }, bytesOf("hello")), bytesOf("$5\r\nhello\r\n"));
  assertEquals(encodeFrame({ type: "resp" }, bytesOf("")), bytesOf("$0\r\n\r\n"));
  assertEquals(
    encodeFrame({ type: "nats" }, bytesOf("Hello World")),
    bytesOf("MSG feed 1 11\r\nHello World\r\n"),
  );
});

Deno.test("encodeFrame() sends raw payloads as they are", () => {
  assertEquals(encodeFrame({ type: "raw" }, hex("00FF")), hex("00FF"));
});
