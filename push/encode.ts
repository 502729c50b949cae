/**
 * Encoders: a payload in, the bytes on the wire out, for every framing a client
 * can read. Written to be plainly right rather than fast, because the tests use
 * them as the other side of the framer.
 *
 * An encoder refuses, with a `RangeError`, a payload its framing cannot carry,
 * so that every frame it does encode comes out of the client. `maxFrameLength`
 * is not looked at: it belongs to the reading side.
 *
 * @example
 * ```ts
 * import { encodeFrame } from "./encode.ts";
 *
 * const hello = new TextEncoder().encode("hello");
 * encodeFrame({ type: "netstring" }, hello); // 5:hello,
 * encodeFrame({ type: "length_field", lengthFieldLength: 2 }, hello); // 00 05 hello
 * ```
 *
 * @module
 */

import type {
  DelimiterFraming,
  FixedLengthFraming,
  Framing,
  LengthFieldFraming,
  Resync,
} from "../src/framing.ts";
import { checksum, CHECKSUM_WIDTH } from "./checksum.ts";

const utf8 = new TextEncoder();

/** One array holding the parts one after the other. */
export function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Where `needle` first occurs in `bytes`, or -1. */
export function indexOf(bytes: Uint8Array, needle: Uint8Array): number {
  for (let at = 0; at + needle.length <= bytes.length; at++) {
    if (needle.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

/** `value` as `width` bytes. */
function integer(value: bigint, width: number, byteOrder: "big" | "little"): Uint8Array {
  if (value < 0n || value >= 1n << BigInt(8 * width)) {
    throw new RangeError(`Length field of ${width} bytes cannot hold ${value}`);
  }
  const bytes = new Uint8Array(width);
  for (let i = 0; i < width; i++) bytes[i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return byteOrder === "little" ? bytes : bytes.reverse();
}

/** Appends the checksum over all of `frame`, if `resync` asks for one. */
function withChecksum(frame: Uint8Array, resync: Resync | undefined): Uint8Array {
  const option = resync?.checksum;
  if (option === undefined) return frame;
  const value = BigInt(checksum(option.type, frame));
  return concat(frame, integer(value, CHECKSUM_WIDTH[option.type], option.byteOrder ?? "big"));
}

/** Bytes the encoder itself adds around a payload for `resync`. */
export function resyncOverhead(resync: Resync | undefined): number {
  const option = resync?.checksum;
  return (resync?.magic?.length ?? 0) + (option === undefined ? 0 : CHECKSUM_WIDTH[option.type]);
}

/**
 * Length field. `payload` is the frame without magic, length field and
 * checksum: what comes ahead of the field, up to `lengthFieldOffset` bytes
 * (less the magic), then what comes behind it. The client delivers
 * magic + head + field + rest + checksum, less `initialBytesToStrip` bytes.
 *
 * ```text
 * lengthFieldOffset 3, lengthFieldLength 2, magic CAFE, a 1-byte checksum
 * BEFORE (3 bytes)        AFTER (8 bytes)
 * +------+-----------+    +-------+------+--------+-----------+-----+
 * | head |   rest    |    | magic | head | length |   rest    | sum |
 * | 0x07 | 0x61 0x62 | -> | CA FE | 0x07 | 0x0003 | 0x61 0x62 | 95  |
 * +------+-----------+    +-------+------+--------+-----------+-----+
 * ```
 */
export function encodeLengthField(framing: LengthFieldFraming, payload: Uint8Array): Uint8Array {
  const { lengthFieldOffset = 0, lengthFieldLength = 4, lengthAdjustment = 0 } = framing;
  const magic = framing.resync?.magic ?? new Uint8Array();
  if (magic.length > lengthFieldOffset) {
    throw new RangeError(
      `A magic of ${magic.length} bytes needs a lengthFieldOffset of at least that, got ${lengthFieldOffset}`,
    );
  }
  const body = concat(magic, payload);
  if (body.length < lengthFieldOffset) {
    throw new RangeError(
      `A lengthFieldOffset of ${lengthFieldOffset} needs that many bytes ahead of the field, got ${body.length}`,
    );
  }
  const sumWidth = resyncOverhead(framing.resync) - magic.length;
  const behindField = body.length - lengthFieldOffset + sumWidth;
  const field = integer(
    BigInt(behindField) - BigInt(lengthAdjustment),
    lengthFieldLength,
    framing.byteOrder ?? "big",
  );
  const frame = concat(
    body.subarray(0, lengthFieldOffset),
    field,
    body.subarray(lengthFieldOffset),
  );
  return withChecksum(frame, framing.resync);
}

/** `value` as a protobuf varint: 7 bits a byte, lowest first, high bit set on all but the last. */
export function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(value);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** Varint length, then the payload. The client delivers `payload`. */
export function encodeVarintLength(payload: Uint8Array): Uint8Array {
  return concat(varint(payload.length), payload);
}

/**
 * Fixed length. `payload` is the frame without magic and checksum and must fill
 * `frameLength` with them. The client delivers magic + payload + checksum.
 */
export function encodeFixedLength(framing: FixedLengthFraming, payload: Uint8Array): Uint8Array {
  const length = payload.length + resyncOverhead(framing.resync);
  if (length !== framing.frameLength) {
    throw new RangeError(
      `A frame of fixed_length has ${framing.frameLength} bytes, this one would have ${length}`,
    );
  }
  return withChecksum(
    concat(framing.resync?.magic ?? new Uint8Array(), payload),
    framing.resync,
  );
}

/** `payload` + `end`, refused if `end` would be found any earlier. */
function ended(payload: Uint8Array, end: Uint8Array, type: string): Uint8Array {
  const frame = concat(payload, end);
  if (indexOf(frame, end) !== payload.length) {
    throw new RangeError(`A frame of ${type} cannot hold its own delimiter`);
  }
  return frame;
}

/**
 * Delimiter. `payload` must not hold the delimiter, nor begin one at its end.
 * The client delivers `payload`, with `keepDelimiter` payload + delimiter.
 */
export function encodeDelimiter(framing: DelimiterFraming, payload: Uint8Array): Uint8Array {
  const { delimiter } = framing;
  return ended(
    payload,
    typeof delimiter === "string" ? utf8.encode(delimiter) : delimiter,
    framing.type,
  );
}

/**
 * Lines ended by `\n`. `payload` must not hold a `\n`; one that ends in `\r`
 * makes a `\r\n` line end. The client delivers `payload` without that last
 * `\r`, with `keepDelimiter` all that was encoded.
 */
export function encodeLine(payload: Uint8Array): Uint8Array {
  return ended(payload, utf8.encode("\n"), "lines");
}

/** Octet counting, `LEN SP MSG`, which has no empty MSG. The client delivers `payload`. */
export function encodeOctetCounting(payload: Uint8Array): Uint8Array {
  if (payload.length === 0) throw new RangeError("A frame of octet_counting cannot be empty");
  return concat(utf8.encode(`${payload.length} `), payload);
}

/** Netstring, `LEN:BYTES,`. The client delivers `payload`. */
export function encodeNetstring(payload: Uint8Array): Uint8Array {
  return concat(utf8.encode(`${payload.length}:`), payload, utf8.encode(","));
}

const SLIP_END = 0xc0;
const SLIP_ESC = 0xdb;
const SLIP_ESC_END = 0xdc;
const SLIP_ESC_ESC = 0xdd;

/** SLIP: escaped, then END. An empty packet is no packet. The client delivers `payload`. */
export function encodeSlip(payload: Uint8Array): Uint8Array {
  if (payload.length === 0) throw new RangeError("A frame of slip cannot be empty");
  const bytes: number[] = [];
  for (const byte of payload) {
    if (byte === SLIP_END) bytes.push(SLIP_ESC, SLIP_ESC_END);
    else if (byte === SLIP_ESC) bytes.push(SLIP_ESC, SLIP_ESC_ESC);
    else bytes.push(byte);
  }
  bytes.push(SLIP_END);
  return Uint8Array.from(bytes);
}

/**
 * COBS, then 0x00. Each group is a code byte `n` and the `n - 1` non-zero bytes
 * behind it; a code below 255 stands for a zero after them, except at the end.
 * The client delivers `payload`.
 */
export function encodeCobs(payload: Uint8Array): Uint8Array {
  const bytes: number[] = [];
  let group: number[] = [];
  let groupOpen = true;
  for (const byte of payload) {
    groupOpen = true;
    if (byte !== 0) group.push(byte);
    if (byte === 0 || group.length === 254) {
      bytes.push(group.length + 1, ...group);
      group = [];
      groupOpen = byte === 0;
    }
  }
  if (groupOpen) bytes.push(group.length + 1, ...group);
  bytes.push(0);
  return Uint8Array.from(bytes);
}

const BEAST_ESCAPE = 0x1a;

/** Bytes of a Beast frame after its type: 6 of time, 1 of signal, the message. */
export const BEAST_BODY_LENGTH: Readonly<Record<string, number>> = {
  "1": 6 + 1 + 2,
  "2": 6 + 1 + 7,
  "3": 6 + 1 + 14,
  "4": 6 + 1 + 14,
};

/**
 * Beast: 0x1a, the type, the rest with every 0x1a doubled. `payload` begins
 * with the type byte (`"1"` to `"4"`) and has that type's length. The client
 * delivers `payload`.
 */
export function encodeBeast(payload: Uint8Array): Uint8Array {
  const bodyLength = BEAST_BODY_LENGTH[String.fromCharCode(payload[0] ?? 0)];
  if (bodyLength !== payload.length - 1) {
    throw new RangeError(
      "A frame of beast is a type from 1 to 4 and that type's 9, 14, 21 or 21 bytes",
    );
  }
  const bytes: number[] = [BEAST_ESCAPE, payload[0]];
  for (const byte of payload.subarray(1)) {
    bytes.push(byte);
    if (byte === BEAST_ESCAPE) bytes.push(BEAST_ESCAPE);
  }
  return Uint8Array.from(bytes);
}

/** RESP: a bulk string holding `payload`. The client delivers all that was encoded. */
export function encodeResp(payload: Uint8Array): Uint8Array {
  return concat(utf8.encode(`$${payload.length}\r\n`), payload, utf8.encode("\r\n"));
}

/** NATS: a `MSG` holding `payload`, on subject `feed`, for subscription 1. The client delivers all that was encoded. */
export function encodeNats(payload: Uint8Array): Uint8Array {
  return concat(utf8.encode(`MSG feed 1 ${payload.length}\r\n`), payload, utf8.encode("\r\n"));
}

/**
 * The bytes on the wire for one frame. What `payload` means and what the client
 * delivers for it is said at each framing's own encoder; `raw` sends it as it is.
 */
export function encodeFrame(framing: Framing, payload: Uint8Array): Uint8Array {
  switch (framing.type) {
    case "length_field":
      return encodeLengthField(framing, payload);
    case "varint_length":
      return encodeVarintLength(payload);
    case "fixed_length":
      return encodeFixedLength(framing, payload);
    case "delimiter":
      return encodeDelimiter(framing, payload);
    case "lines":
      return encodeLine(payload);
    case "octet_counting":
      return encodeOctetCounting(payload);
    case "netstring":
      return encodeNetstring(payload);
    case "slip":
      return encodeSlip(payload);
    case "cobs":
      return encodeCobs(payload);
    case "beast":
      return encodeBeast(payload);
    case "resp":
      return encodeResp(payload);
    case "nats":
      return encodeNats(payload);
    case "raw":
      return payload;
  }
}
