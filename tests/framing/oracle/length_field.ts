/** Naive length_field and fixed_length, with magic and checksum. */
import { checksum, CHECKSUM_WIDTH } from "../../../push/checksum.ts";
import type { ViolationName } from "../../../src/errors.ts";
import type { FixedLengthFraming, LengthFieldFraming, Resync } from "../../../src/framing.ts";
import { type Cursor, type Decoder, type Found, Invalid, matches } from "./cursor.ts";

/** No sum with a larger length is a frame: half of what an i64 holds. */
const LENGTH_MAX = (2n ** 63n - 1n) / 2n;

/** Netty's LengthFieldBasedFrameDecoder. */
export function lengthField(framing: LengthFieldFraming): Decoder {
  const {
    lengthFieldOffset: offset = 0,
    lengthFieldLength: width = 4,
    lengthAdjustment = 0,
    initialBytesToStrip: strip = 0,
    byteOrder = "big",
    maxFrameLength: max = 131072,
    resync,
  } = framing;
  const header = offset + width;
  return {
    next(cursor) {
      readMagic(cursor, resync);
      cursor.bytes(offset - cursor.read);
      const value = unsigned(cursor.bytes(width), byteOrder);
      const rejectLength = (name: ViolationName, discard: bigint) =>
        new Invalid(
          name,
          cursor.start + offset,
          // With a magic a bad length is more likely garbage than a frame of that length.
          resync?.magic ? undefined : Number(discard),
        );
      if (value > LENGTH_MAX) throw rejectLength("length_overflow", BigInt(header));
      const length = BigInt(header) + value + BigInt(lengthAdjustment);
      if (length < 0n) throw rejectLength("length_negative", BigInt(header));
      if (length < header) throw rejectLength("length_below_header", BigInt(header));
      if (length > max) throw rejectLength("frame_too_long", length);
      cursor.bytes(Number(length) - header);
      if (strip > length) {
        throw new Invalid("strip_exceeds_frame", cursor.start, Number(length));
      }
      const frame = cursor.stream.slice(cursor.start, cursor.at);
      verify(frame, cursor.start, resync);
      return frame.slice(strip);
    },
    search: (stream, from) => searchMagic(stream, from, resync),
  };
}

/** Frames of one size. */
export function fixedLength(framing: FixedLengthFraming): Decoder {
  const { frameLength, resync } = framing;
  return {
    next(cursor) {
      readMagic(cursor, resync);
      cursor.bytes(frameLength - cursor.read);
      const frame = cursor.stream.slice(cursor.start, cursor.at);
      verify(frame, cursor.start, resync, resync?.magic ? undefined : frameLength);
      return frame;
    },
    search: (stream, from) => searchMagic(stream, from, resync),
  };
}

function unsigned(bytes: Uint8Array, byteOrder: "big" | "little"): bigint {
  const digits = [...(byteOrder === "big" ? bytes : bytes.toReversed())];
  return digits.reduce((value, digit) => value * 256n + BigInt(digit), 0n);
}

function readMagic(cursor: Cursor, resync: Resync | undefined): void {
  for (const expected of resync?.magic ?? []) {
    if (cursor.byte() !== expected) cursor.reject("bad_magic");
  }
}

function verify(frame: Uint8Array, start: number, resync?: Resync, discard?: number): void {
  if (resync?.checksum === undefined) return;
  const { type, byteOrder = "big" } = resync.checksum;
  const split = frame.length - CHECKSUM_WIDTH[type];
  if (split < 0) throw new Invalid("bad_checksum", start, discard);
  const expected = BigInt(checksum(type, frame.slice(0, split)));
  if (unsigned(frame.slice(split), byteOrder) !== expected) {
    throw new Invalid("bad_checksum", start + split, discard);
  }
}

/** The next magic; one cut off by the end of the stream is kept. Without a magic a frame may start anywhere. */
function searchMagic(stream: Uint8Array, from: number, resync: Resync | undefined): Found {
  const magic = resync?.magic;
  if (magic === undefined) return { at: from, found: true };
  let at = from;
  while (at < stream.length && !matches(stream, at, magic)) at++;
  return { at, found: at + magic.length <= stream.length };
}
