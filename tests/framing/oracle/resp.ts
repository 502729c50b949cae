/** Naive resp: one whole RESP2 or RESP3 value a frame, by recursive descent. */
import { RESP_DEPTH_MAX } from "../../../src/core/abi.ts";
import type { RespFraming } from "../../../src/framing.ts";
import { type Cursor, type Decoder, Invalid, searchBehind, utf8 } from "./cursor.ts";

const CR = 0x0d;
const LF = 0x0a;
const LENGTH_DIGITS_MAX = 10;
const COUNT_MAX = 2 ** 31 - 1;

/** A length or count; `null` for the nulls of RESP2. */
type Count = number | "streamed" | null;

/** Types whose value can be streamed, and whose length can be -1. */
const STREAMED = "$*~%";
const NULLABLE = "$*";

/** One top-level value. */
export function resp({ maxFrameLength: max = 131072 }: RespFraming): Decoder {
  return {
    next(cursor) {
      new Value(cursor, max).read(0);
      return cursor.stream.slice(cursor.start, cursor.at);
    },
    search: (stream, from) => searchBehind(stream, from, utf8("\n")),
  };
}

class Value {
  constructor(readonly cursor: Cursor, readonly max: number) {}

  /** Reads a value inside `depth` open aggregates; returns its type. */
  read(depth: number, ends: string = ""): string {
    const start = this.cursor.at;
    const type = String.fromCharCode(this.byte());
    switch (type) {
      case "+":
      case "-":
      case ":":
      case "_":
      case "#":
      case ",":
      case "(":
        this.line();
        break;
      case "$":
      case "!":
      case "=":
        this.bulk(type);
        break;
      case "*":
      case "~":
      case ">":
        this.aggregate(type, start, depth, 1);
        break;
      case "%":
        this.aggregate(type, start, depth, 2);
        break;
      case "|":
        this.aggregate(type, start, depth, 2);
        // The value the attribute belongs to.
        this.read(depth);
        break;
      default:
        if (type !== ends) this.cursor.reject("bad_type");
        this.expect(CR);
        this.expect(LF);
    }
    return type;
  }

  byte(): number {
    const byte = this.cursor.byte();
    if (this.cursor.read > this.max) this.cursor.reject("frame_too_long");
    return byte;
  }

  expect(expected: number): void {
    if (this.byte() !== expected) this.cursor.reject("bad_byte");
  }

  /** A line whose content means nothing here. */
  line(): void {
    let before = 0;
    let byte = 0;
    while (byte !== LF) [before, byte] = [byte, this.byte()];
    if (before !== CR) throw new Invalid("bad_byte", this.cursor.at - 2);
  }

  bulk(type: string): void {
    const length = this.count(type, this.bulkFits);
    if (length === null) return;
    if (length === "streamed") {
      while (this.part() > 0);
    } else this.data(length);
  }

  /** One part of a streamed string; the empty one ends it. */
  part(): number {
    if (this.byte() !== ";".charCodeAt(0)) this.cursor.reject("bad_type");
    const length = this.count(";", (n, at) => n !== 0 && this.bulkFits(n, at)) as number;
    if (length > 0) this.data(length);
    return length;
  }

  /** Rejects bulk data that can't end within `max`; the cursor is behind the "\r" of their header. */
  bulkFits = (length: number | "streamed", at: number): void => {
    if (length === "streamed") return;
    const whole = this.cursor.read + 1 + length + 2;
    if (whole > this.max) throw new Invalid("frame_too_long", at);
  };

  data(length: number): void {
    this.cursor.bytes(length);
    this.expect(CR);
    this.expect(LF);
  }

  aggregate(type: string, start: number, depth: number, perCount: number): void {
    const count = this.count(type, (count, at) => {
      const elements = count === "streamed" ? 1 : count * perCount;
      if (elements > COUNT_MAX) throw new Invalid("length_overflow", at);
      if (elements > 0 && depth === RESP_DEPTH_MAX) throw new Invalid("too_deep", start);
    });
    if (count === "streamed") {
      while (this.read(depth + 1, ".") !== ".");
      return;
    }
    for (let i = 0; i < (count ?? 0) * perCount; i++) this.read(depth + 1);
  }

  /** The rest of a header line. `judge` is asked once the "\r" is read, and told where the number begins. */
  count(type: string, judge: (count: number | "streamed", at: number) => unknown): Count {
    const start = this.cursor.at;
    const text = this.number(type, start);
    const isNull = text === "-1" && NULLABLE.includes(type);
    if (text[0] === "-" && !isNull) throw new Invalid("length_negative", start);
    const count = text === "?" ? "streamed" : Number(text);
    if (!isNull) judge(count, start);
    this.expect(LF);
    return isNull ? null : count;
  }

  /** "?", or digits behind an optional "-", up to the "\r". */
  number(type: string, start: number): string {
    let text = "";
    while (true) {
      const byte = this.byte();
      if (byte === CR && /[?0-9]/.test(text)) return text;
      if (text === "?") this.cursor.reject("bad_byte");
      text += String.fromCharCode(byte);
      if (text === "?" && STREAMED.includes(type)) continue;
      if (!/^-?\d*$/.test(text)) this.cursor.reject("bad_digit");
      if (text.replace("-", "").length <= LENGTH_DIGITS_MAX) continue;
      if (text[0] === "-") throw new Invalid("length_negative", start);
      this.cursor.reject("$!=;".includes(type) ? "frame_too_long" : "length_overflow");
    }
  }
}
