/** Naive nats: protocol lines, and MSG and HMSG with their payload. */
import type { NatsFraming } from "../../../src/framing.ts";
import { type Cursor, type Decoder, Invalid, searchBehind, utf8 } from "./cursor.ts";

const CR = 0x0d;
const LF = 0x0a;

/** One line, or one message with its payload. */
export function nats({ maxFrameLength: max = 1052672 }: NatsFraming): Decoder {
  return {
    next(cursor) {
      readLine(cursor, max);
      const line = String.fromCharCode(...cursor.stream.slice(cursor.start, cursor.at));
      if (/^h?msg[ \t]/i.test(line)) {
        const payload = announced(line, cursor);
        const whole = cursor.read + payload + 2;
        if (whole > max) throw new Invalid("frame_too_long", cursor.start, whole);
        cursor.bytes(payload);
        if (cursor.byte() !== CR) cursor.reject("bad_byte");
        if (cursor.byte() !== LF) cursor.reject("bad_byte");
      }
      return cursor.stream.slice(cursor.start, cursor.at);
    },
    search: (stream, from) => searchBehind(stream, from, utf8("\n")),
  };
}

function readLine(cursor: Cursor, max: number): void {
  while (cursor.byte() !== LF) {
    if (cursor.read > max) cursor.reject("frame_too_long");
  }
  if (cursor.read > max) cursor.reject("frame_too_long");
}

/** The last token of a line: the bytes that follow it. */
function announced(line: string, cursor: Cursor): number {
  const text = line.replace(/\r?\n$/, "").trimEnd();
  const token = text.split(/[ \t]+/).at(-1)!;
  const bad = token.search(/[^0-9]/);
  if (bad >= 0) throw new Invalid("bad_digit", cursor.start + text.length - token.length + bad);
  return Number(token);
}
