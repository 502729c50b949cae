/** The bytes on disk, digit by digit: what an older version wrote must stay readable. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeCursor, encodeCursor, fileOf, nameOf } from "../../src/spill/cursors.ts";
import { SpillFormatError } from "../../src/spill/errors.ts";
import {
  checkTrailer,
  decodeRecordHeader,
  decodeSegmentHeader,
  encodeRecordHeader,
  encodeSegmentHeader,
  encodeTrailer,
  PAYLOAD_BYTES_MAX,
  RECORD_HEADER_BYTES,
  recordBytes,
  type RecordHeader,
  RecordKind,
  type SegmentHeader,
  segmentName,
  segmentNumber,
  trailerBytes,
} from "../../src/spill/format.ts";
import { crc32c } from "../../src/spill/crc32c.ts";
import { hex } from "../framing/bytes.ts";

const MARKER = hex("0102030405060708");
const SEGMENT: SegmentHeader = {
  kind: "journal",
  number: 3,
  firstSequence: 2 ** 33,
  createdMicros: 7,
  marker: MARKER,
  previousEpoch: 5,
};
const SEGMENT_BYTES = hex(`
  5350494c4c574159 01000000 02000000 0300000000000000 0000000002000000 0700000000000000
  0102030405060708 05000000 0000000000000000 ${
  crcOf(`
  5350494c4c574159 01000000 02000000 0300000000000000 0000000002000000 0700000000000000
  0102030405060708 05000000 0000000000000000`)
}`);
const HEADER: RecordHeader = {
  payloadBytes: 3,
  kind: RecordKind.chunk,
  sequence: 2 ** 33,
  streamOffset: 256,
  timeMicros: 1,
  epoch: 9,
  frameCount: 4,
};
const HEADER_BYTES = "0102030405060708 03000000 02000000 0000000002000000 0001000000000000" +
  "0100000000000000 09000000 04000000";

/** The checksum of hexadecimal digits, as it stands on disk. */
function crcOf(digits: string): string {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, crc32c(hex(digits)), true);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

Deno.test("encodeSegmentHeader() gives the bytes of version 1, decodeSegmentHeader() reads them", () => {
  assertEquals(encodeSegmentHeader(SEGMENT), SEGMENT_BYTES);
  assertEquals(decodeSegmentHeader(SEGMENT_BYTES, "s"), { header: SEGMENT });
});

Deno.test("encodeRecordHeader() gives the bytes of version 1, decodeRecordHeader() reads them", () => {
  const bytes = new Uint8Array(RECORD_HEADER_BYTES);
  encodeRecordHeader(bytes, MARKER, HEADER);
  assertEquals(bytes, hex(HEADER_BYTES + crcOf(HEADER_BYTES)));
  assertEquals(decodeRecordHeader(bytes, MARKER), { header: HEADER });
});

Deno.test("recordBytes() is a multiple of 8 with room for all", () => {
  for (let payload = 0; payload < 40; payload++) {
    assertEquals(recordBytes(payload) % 8, 0);
    const spare = recordBytes(payload) - RECORD_HEADER_BYTES - payload - 4;
    assert(spare >= 0 && spare < 8);
    assertEquals(trailerBytes(payload), spare + 4);
  }
});

Deno.test("checkTrailer() takes what encodeTrailer() wrote, and no other bit", () => {
  const trailer = new Uint8Array(trailerBytes(3)).fill(0xee);
  encodeTrailer(trailer, 0x12345678);
  assertEquals(trailer.subarray(0, -4), new Uint8Array(trailer.length - 4));
  assertEquals(checkTrailer(trailer, 0x12345678), undefined);
  for (let bit = 0; bit < trailer.length * 8; bit++) {
    trailer[bit >> 3] ^= 1 << (bit & 7);
    assert(checkTrailer(trailer, 0x12345678) !== undefined, `bit ${bit}`);
    trailer[bit >> 3] ^= 1 << (bit & 7);
  }
});

Deno.test("decoders refuse every flipped bit and every cut", () => {
  const record = hex(HEADER_BYTES + crcOf(HEADER_BYTES));
  const cursor = encodeCursor({ epoch: 3, sequence: 4 });
  const decoders: [Uint8Array, (bytes: Uint8Array) => object][] = [
    [SEGMENT_BYTES, (bytes) => decodeSegmentHeader(bytes, "s")],
    [record, (bytes) => decodeRecordHeader(bytes, MARKER)],
    [cursor, (bytes) => decodeCursor(bytes, "c")],
  ];
  for (const [good, decode] of decoders) {
    assert(!("expected" in decode(good)));
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = good.slice();
      bad[bit >> 3] ^= 1 << (bit & 7);
      assert("expected" in decode(bad), `bit ${bit}`);
    }
    for (let length = 0; length < good.length; length++) {
      assert("expected" in decode(good.subarray(0, length)), `${length} bytes`);
    }
  }
});

/** A record's header with one field changed, and a checksum that fits. */
function forged(at: number, digits: string): Uint8Array {
  const bytes = hex(HEADER_BYTES + "00000000");
  bytes.set(hex(digits), at);
  new DataView(bytes.buffer).setUint32(48, crc32c(bytes.subarray(0, 48)), true);
  return bytes;
}

Deno.test("decodeRecordHeader() refuses what no record has, even with its checksum", () => {
  const tooLong = (PAYLOAD_BYTES_MAX + 1).toString(16).padStart(8, "0").match(/../g)!.reverse();
  const cases: [number, string, string, string][] = [
    [8, tooLong.join(""), `a payload of at most ${PAYLOAD_BYTES_MAX} bytes`, "268435457"],
    [12, "03000000", "a kind of record, 1 or 2", "3"],
    [16, "ffffffffffffffff", "a sequence below 2^53", "18446744073709552000"],
  ];
  for (const [at, digits, expected, actual] of cases) {
    assertEquals(decodeRecordHeader(forged(at, digits), MARKER), { expected, actual });
  }
});

Deno.test("decoders throw for another version, which is no damage", () => {
  const segment = SEGMENT_BYTES.slice();
  segment[8] = 2;
  new DataView(segment.buffer).setUint32(60, crc32c(segment.subarray(0, 60)), true);
  const message = "expected format version 1 in s, got 2";
  assertThrows(() => decodeSegmentHeader(segment, "s"), SpillFormatError, message);
  const cursor = encodeCursor({ epoch: 1, sequence: 1 });
  cursor[8] = 2;
  new DataView(cursor.buffer).setUint32(28, crc32c(cursor.subarray(0, 28)), true);
  assertThrows(() => decodeCursor(cursor, "s"), SpillFormatError, message);
});

Deno.test("segmentNumber() takes names segmentName() gives, and no others", () => {
  for (const number of [1, 9_999_999_999, 10_000_000_000]) {
    assertEquals(segmentNumber(segmentName(number)), number);
  }
  for (const name of ["segment-1.spill", "segment-0000000001.spill.bad", "lock", "cursor-a"]) {
    assertEquals(segmentNumber(name), undefined);
  }
});

Deno.test("nameOf() gives the name fileOf() was given, whatever is in it", () => {
  for (const name of ["a", "handler.ts", "../../up", "A", "Größe €", "con", "a%20b", "\0"]) {
    const file = fileOf(name);
    assert(/^[a-z0-9_%-]+$/.test(file), file);
    assertEquals(nameOf(file), name);
  }
  assertEquals(new Set(["A", "a", "%41"].map(fileOf)).size, 3);
  for (const name of ["", "x".repeat(201), "€".repeat(30)]) {
    assertThrows(() => fileOf(name), Error, "cursor takes a name of 1 to 200 bytes");
  }
  for (const file of ["cursor-", "cursor-A", "cursor-%ff", "cursor-a.new", "lock"]) {
    assertEquals(nameOf(file), undefined);
  }
});
