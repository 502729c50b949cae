/** Naive slip (RFC 1055), cobs and beast. */
import type { BeastFraming, CobsFraming, SlipFraming } from "../../../src/framing.ts";
import { type Cursor, type Decoder, type Found, Invalid, searchBehind } from "./cursor.ts";

const END = 0xc0;
const ESC = 0xdb;
const ESCAPED: Record<number, number | undefined> = { 0xdc: END, 0xdd: ESC };

/** SLIP; an END without a packet is padding. */
export function slip({ maxFrameLength: max = 131072 }: SlipFraming): Decoder {
  return {
    next(cursor) {
      const packet: number[] = [];
      while (true) {
        const byte = cursor.byte();
        if (byte === END) return packet.length > 0 ? Uint8Array.from(packet) : undefined;
        packet.push(byte === ESC ? ESCAPED[cursor.byte()] ?? cursor.reject("bad_escape") : byte);
        if (packet.length > max) cursor.reject("frame_too_long");
      }
    },
    search: (stream, from) => searchBehind(stream, from, Uint8Array.of(END)),
  };
}

/** COBS; a zero without a block is padding. */
export function cobs({ maxFrameLength: max = 131072 }: CobsFraming): Decoder {
  const encodedMax = max + Math.ceil(max / 254) + 1;
  return {
    next(cursor) {
      while (cursor.byte() !== 0) {
        if (cursor.read > encodedMax) cursor.reject("frame_too_long");
      }
      const encoded = cursor.stream.slice(cursor.start, cursor.at - 1);
      if (encoded.length === 0) return undefined;
      const decoded = unstuff(encoded, cursor.start);
      if (decoded.length > max) throw new Invalid("frame_too_long", cursor.start);
      return decoded;
    },
    search: (stream, from) => searchBehind(stream, from, Uint8Array.of(0)),
  };
}

/** Blocks of a code and `code - 1` bytes; each but the last and the longest stands for a zero more. */
function unstuff(encoded: Uint8Array, start: number): Uint8Array {
  const decoded: number[] = [];
  let at = 0;
  while (at < encoded.length) {
    const code = encoded[at];
    if (at + code > encoded.length) throw new Invalid("bad_byte", start + at);
    decoded.push(...encoded.slice(at + 1, at + code));
    at += code;
    if (code < 255 && at < encoded.length) decoded.push(0);
  }
  return Uint8Array.from(decoded);
}

const MARK = 0x1a;
const MESSAGE_LENGTH: Record<number, number | undefined> = { 0x31: 2, 0x32: 7, 0x33: 14, 0x34: 14 };

/** Mode S Beast. */
export function beast(_: BeastFraming): Decoder {
  return {
    next(cursor) {
      if (cursor.byte() !== MARK) cursor.reject("bad_byte");
      const type = cursor.byte();
      const message = MESSAGE_LENGTH[type] ?? cursor.reject("bad_type");
      const frame = [type];
      for (let i = 0; i < 6 + 1 + message; i++) frame.push(readDoubled(cursor));
      return Uint8Array.from(frame);
    },
    search: searchMark,
  };
}

function readDoubled(cursor: Cursor): number {
  const byte = cursor.byte();
  if (byte === MARK && cursor.byte() !== MARK) cursor.reject("bad_escape");
  return byte;
}

/** The next mark with a type behind it; two marks are one escaped byte, a mark at the end is kept. */
function searchMark(stream: Uint8Array, from: number): Found {
  let at = from;
  while (at < stream.length) {
    if (stream[at] === MARK) {
      if (at + 1 === stream.length) return { at, found: false };
      if (MESSAGE_LENGTH[stream[at + 1]] !== undefined) return { at, found: true };
      if (stream[at + 1] === MARK) at++;
    }
    at++;
  }
  return { at, found: false };
}
