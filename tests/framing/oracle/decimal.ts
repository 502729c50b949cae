/** Naive octet_counting (RFC 6587) and netstring: decimal lengths ahead of the bytes. */
import type { NetstringFraming, OctetCountingFraming } from "../../../src/framing.ts";
import { type Cursor, type Decoder, type Found, Invalid, searchBehind, utf8 } from "./cursor.ts";

const LENGTH_DIGITS_MAX = 10;
const SPACE = 0x20;
const COLON = 0x3a;
const COMMA = 0x2c;

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** Digits up to `end`. A leading zero is wrong, but for the whole length "0" where `zero` allows it. */
function readLength(cursor: Cursor, end: number, zero: boolean): number {
  let digits = "";
  while (true) {
    const byte = cursor.byte();
    if (byte === end && digits !== "") return Number(digits);
    const leadingZero = byte === 0x30 && digits === "" && !zero;
    if (!isDigit(byte) || leadingZero || digits === "0") cursor.reject("bad_digit");
    if (digits.length === LENGTH_DIGITS_MAX) cursor.reject("frame_too_long");
    digits += String.fromCharCode(byte);
  }
}

/** `LEN SP MSG`. */
export function octetCounting({ maxFrameLength: max = 131072 }: OctetCountingFraming): Decoder {
  return {
    next(cursor) {
      const length = readLength(cursor, SPACE, false);
      if (length > max) throw new Invalid("frame_too_long", cursor.start, cursor.read + length);
      return cursor.bytes(length);
    },
    search: searchLength,
  };
}

/** The next nonzero digit that a digit does not precede, seen from where the search began. */
function searchLength(stream: Uint8Array, from: number): Found {
  for (let at = from; at < stream.length; at++) {
    const follows = at === from || !isDigit(stream[at - 1]);
    if (follows && isDigit(stream[at]) && stream[at] !== 0x30) return { at, found: true };
  }
  return { at: stream.length, found: false };
}

/** `LEN:BYTES,`. */
export function netstring({ maxFrameLength: max = 131072 }: NetstringFraming): Decoder {
  return {
    next(cursor) {
      const length = readLength(cursor, COLON, true);
      if (length > max) throw new Invalid("frame_too_long", cursor.start, cursor.read + length + 1);
      const payload = cursor.bytes(length);
      if (cursor.byte() !== COMMA) cursor.reject("bad_byte");
      return payload;
    },
    search: (stream, from) => searchBehind(stream, from, utf8(",")),
  };
}
