/** Naive nats: protocol lines, and MSG and HMSG with their payload. */
import type { NatsFraming } from "../../../src/framing.ts";
import { type Cursor, type Decoder, Invalid, searchBehind, utf8 } from "./cursor.ts";

const CR = 0x0d;
const LF = 0x0a;

/** One line, or one message with its payload. */
export function nats({ maxFrameLength: max = 1052672 }: NatsFraming): Decoder {
  return {
    next(cursor) {
      const line = readLine(cursor, max);
      if (/^h?msg[ \t]/i.test(line)) {
        const { token, at } = lastToken(line, cursor.start);
        const bad = token.search(/[^0-9]/);
        if (bad >= 0) throw new Invalid("bad_digit", at + bad);
        const whole = line.length + Number(token) + 2;
        if (whole > max) throw new Invalid("frame_too_long", at, whole);
        cursor.bytes(Number(token));
        for (const end of [CR, LF]) {
          if (cursor.byte() !== end) throw new Invalid("bad_byte", cursor.at - 1, whole);
        }
      }
      return cursor.stream.slice(cursor.start, cursor.at);
    },
    search: (stream, from) => searchBehind(stream, from, utf8("\n")),
  };
}

/** A line with its end, one character a byte. */
function readLine(cursor: Cursor, max: number): string {
  let line = "";
  while (!line.endsWith("\n")) {
    line += String.fromCharCode(cursor.byte());
    if (line.length > max) cursor.reject("frame_too_long");
  }
  return line;
}

/** The last word of a line, and where in the stream it begins. */
function lastToken(line: string, start: number): { token: string; at: number } {
  const text = line.replace(/\r?\n$/, "").replace(/[ \t]+$/, "");
  const token = text.split(/[ \t]+/).at(-1)!;
  return { token, at: start + text.length - token.length };
}
