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
        this.line();
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
    if (before !== CR) this.cursor.reject("bad_byte");
  }

  bulk(type: string): void {
    const length = this.count(type, "frame_too_long");
    if (length === null) return;
    if (length === "streamed") {
      while (this.part() > 0);
    } else this.data(length);
  }

  /** One part of a streamed string; the empty one ends it. */
  part(): number {
    if (this.byte() !== ";".charCodeAt(0)) this.cursor.reject("bad_type");
    const length = this.count(";", "frame_too_long") as number;
    if (length > 0) this.data(length);
    return length;
  }

  data(length: number): void {
    if (this.cursor.read + length + 2 > this.max) {
      throw new Invalid("frame_too_long", this.cursor.start);
    }
    this.cursor.bytes(length);
    this.expect(CR);
    this.expect(LF);
  }

  aggregate(type: string, start: number, depth: number, perCount: number): void {
    const count = this.count(type, "length_overflow");
    if (count === null || count === 0) return;
    if (depth === RESP_DEPTH_MAX) throw new Invalid("too_deep", start);
    if (count === "streamed") {
      while (this.read(depth + 1, ".") !== ".");
      return;
    }
    if (count * perCount > COUNT_MAX) throw new Invalid("length_overflow", start);
    for (let i = 0; i < count * perCount; i++) this.read(depth + 1);
  }

  /** The rest of a header line. */
  count(type: string, tooMany: "frame_too_long" | "length_overflow"): Count {
    let text = "";
    while (true) {
      const byte = this.byte();
      if (byte === CR && /^(-1|\?|\d+)$/.test(text)) break;
      text += String.fromCharCode(byte);
      if (text === "-" && !"$*".includes(type)) this.cursor.reject("length_negative");
      if (/^-\d/.test(text) && text !== "-1") this.cursor.reject("length_negative");
      const streamed = text === "?" && "$*~%".includes(type);
      if (!streamed && !/^(-1?|\d+)$/.test(text)) this.cursor.reject("bad_digit");
      if (text.length > LENGTH_DIGITS_MAX) this.cursor.reject(tooMany);
    }
    this.expect(LF);
    if (text === "?") return "streamed";
    return text === "-1" ? null : Number(text);
  }
}
