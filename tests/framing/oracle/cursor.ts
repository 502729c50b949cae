/**
 * What every naive decoder is made of: a cursor that throws when the stream
 * ends or is wrong, and one loop over the whole stream. No decoder here ever
 * resumes: it always sees all bytes at once.
 */
import type { ViolationName } from "../../../src/errors.ts";

/** One delivered frame and where its raw bytes lie in the stream. */
export interface OracleFrame {
  payload: Uint8Array;
  rawOffset: number;
  rawLength: number;
}

/** What a whole stream comes to. */
export interface OracleResult {
  frames: OracleFrame[];
  /** Bytes that are framed, padding or discarded; the rest is a partial frame. */
  consumed: number;
  violation?: { name: ViolationName; at: number };
  skippedFrames: number;
  skippedBytes: number;
  paddingBytes: number;
}

/** Thrown where the stream ends inside a frame. */
export class Partial {}

/** Thrown where the stream is no frame. */
export class Invalid {
  constructor(
    readonly name: ViolationName,
    /** Position of the offending byte in the stream. */
    readonly at: number,
    /** Bytes the rejected frame takes, if that is known. */
    readonly discard?: number,
  ) {}
}

/** Reads a frame byte by byte. */
export class Cursor {
  at: number;

  constructor(readonly stream: Uint8Array, readonly start: number) {
    this.at = start;
  }

  /** Bytes of the frame read so far. */
  get read(): number {
    return this.at - this.start;
  }

  /** The next byte. */
  byte(): number {
    if (this.at >= this.stream.length) throw new Partial();
    return this.stream[this.at++];
  }

  /** The next `count` bytes. */
  bytes(count: number): Uint8Array {
    if (this.at + count > this.stream.length) throw new Partial();
    this.at += count;
    return this.stream.subarray(this.at - count, this.at);
  }

  /** Rejects the frame because of the byte read last. */
  reject(name: ViolationName): never {
    throw new Invalid(name, this.at - 1);
  }
}

/** How far a search for the next frame discards, and whether one may start there. */
export interface Found {
  at: number;
  found: boolean;
}

/** One framing, naively. */
export interface Decoder {
  /** Reads one frame; `undefined` if what it read is padding. */
  next(cursor: Cursor): Uint8Array | undefined;
  /** Searches behind the first byte of a rejected frame of unknown length. */
  search(stream: Uint8Array, from: number): Found;
}

/** Decodes the whole stream. */
export function decodeWith(
  decoder: Decoder,
  onInvalid: "close" | "skip",
  stream: Uint8Array,
): OracleResult {
  const result: OracleResult = {
    frames: [],
    consumed: 0,
    skippedFrames: 0,
    skippedBytes: 0,
    paddingBytes: 0,
  };
  while (true) {
    const cursor = new Cursor(stream, result.consumed);
    try {
      const payload = decoder.next(cursor);
      if (payload === undefined) result.paddingBytes += cursor.read;
      else result.frames.push({ payload, rawOffset: cursor.start, rawLength: cursor.read });
      result.consumed = cursor.at;
    } catch (reason) {
      if (reason instanceof Partial) return result;
      if (!(reason instanceof Invalid)) throw reason;
      if (onInvalid === "close") {
        return { ...result, violation: { name: reason.name, at: reason.at } };
      }
      const next = behind(decoder, stream, cursor.start, reason);
      result.skippedFrames += 1;
      result.skippedBytes += next.at - cursor.start;
      result.consumed = next.at;
      if (!next.found) return result;
    }
  }
}

/** Where to go on behind a rejected frame. */
function behind(decoder: Decoder, stream: Uint8Array, start: number, invalid: Invalid): Found {
  if (invalid.discard === undefined) return decoder.search(stream, start + 1);
  const at = start + invalid.discard;
  return at > stream.length ? { at: stream.length, found: false } : { at, found: true };
}

/** Whether `pattern` lies at `at`, as far as the stream goes. */
export function matches(stream: Uint8Array, at: number, pattern: Uint8Array): boolean {
  return pattern.every((byte, i) => at + i >= stream.length || stream[at + i] === byte);
}

/** Searches the place behind the next `end`; as many bytes as may begin one are kept. */
export function searchBehind(stream: Uint8Array, from: number, end: Uint8Array): Found {
  for (let at = from; at + end.length <= stream.length; at++) {
    if (matches(stream, at, end)) return { at: at + end.length, found: true };
  }
  return { at: Math.max(from, stream.length - (end.length - 1)), found: false };
}

/** The bytes of `text`. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
