/** Naive delimiter and lines. */
import type { DelimiterFraming, LinesFraming } from "../../../src/framing.ts";
import { type Decoder, Invalid, matches, searchBehind, utf8 } from "./cursor.ts";

/** Frames ended by a delimiter; too long is told once it can't start within the first `max` bytes. */
export function delimiter(framing: DelimiterFraming): Decoder {
  const { maxFrameLength: max = 131072, keepDelimiter = false } = framing;
  const end = typeof framing.delimiter === "string" ? utf8(framing.delimiter) : framing.delimiter;
  return {
    next(cursor) {
      for (let length = 0; length <= max; length++) {
        const whole = cursor.bytes(length + end.length);
        if (matches(whole, length, end)) return keepDelimiter ? whole : whole.slice(0, length);
        cursor.at = cursor.start;
      }
      throw new Invalid("frame_too_long", cursor.start + max);
    },
    search: (stream, from) => searchBehind(stream, from, end),
  };
}

/** Lines ended by "\n" or "\r\n". */
export function lines({ maxFrameLength: max = 131072, keepDelimiter }: LinesFraming): Decoder {
  return {
    next(cursor) {
      const line: number[] = [];
      while (line.at(-1) !== 0x0a) {
        line.push(cursor.byte());
        if (line.length > max && line.at(-1) !== 0x0a) cursor.reject("frame_too_long");
      }
      if (!keepDelimiter) {
        line.pop();
        if (line.at(-1) === 0x0d) line.pop();
      }
      return Uint8Array.from(line);
    },
    search: (stream, from) => searchBehind(stream, from, utf8("\n")),
  };
}
