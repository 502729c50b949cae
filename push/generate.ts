/**
 * Sources of a feed: numbered frames made up from a seed, or a file's bytes.
 *
 * @module
 */

import type { Framing } from "../src/framing.ts";
import { BEAST_BODY_LENGTH, concat, encodeFrame, resyncOverhead } from "./encode.ts";
import { Feed } from "./feed.ts";

/** How payloads are made up. */
export interface GenerateOptions {
  /**
   * Payload bytes, fixed or anywhere in a range. Default 64. Beast frames and
   * frames of fixed length have their own size.
   */
  size?: number | { min: number; max: number };
  /**
   * `"binary"`: the sequence number as big-endian u32, then random bytes.
   * `"text"`: the sequence number as ten decimal digits, then lower-case
   * letters. Payloads too short for it hold its last bytes. Default `"text"`
   * for lines, delimiters and octet counting, else `"binary"`.
   */
  content?: "binary" | "text";
  /** Seed of sizes and filler. Default 1. */
  seed?: number;
  /**
   * After how many frames the feed, sequence numbers included, begins again.
   * Default 16,384, fewer when that would be more than 8 MiB.
   */
  period?: number;
}

/** After how many frames sequence numbers begin again, at the latest. */
export const MAX_PERIOD = 16_384;
/** Fewer, when that would be more bytes. */
export const MAX_BLOCK_BYTES: number = 8 * 1024 * 1024;

/** Mulberry32: numbers from 0 up to, not including, 1; the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The u32 as four bytes, highest first. */
function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** `size` bytes: the sequence number, then filler. */
function numberedPayload(
  sequence: number,
  size: number,
  content: "binary" | "text",
  random: () => number,
): Uint8Array {
  const text = content === "text";
  const number = text
    ? new TextEncoder().encode(String(sequence).padStart(10, "0"))
    : u32(sequence);
  const payload = new Uint8Array(size);
  payload.set(number.subarray(Math.max(0, number.length - size)));
  for (let at = number.length; at < size; at++) {
    payload[at] = text ? 0x61 + random() * 26 : random() * 256;
  }
  return payload;
}

/** A Beast frame of type 3, the sequence number at the end of its time. */
function beastPayload(sequence: number, random: () => number): Uint8Array {
  const rest = BEAST_BODY_LENGTH["3"] - 6;
  return concat(
    new TextEncoder().encode("3"),
    Uint8Array.of(0, 0),
    u32(sequence),
    Uint8Array.from({ length: rest }, () => Math.floor(random() * 256)),
  );
}

/** Zeros for the bytes a length field's frame has ahead of the field, less the magic. */
function head(framing: Framing): Uint8Array {
  if (framing.type !== "length_field") return new Uint8Array();
  const magic = framing.resync?.magic?.length ?? 0;
  return new Uint8Array(Math.max(0, (framing.lengthFieldOffset ?? 0) - magic));
}

/** The range of sizes asked for, checked. */
function sizeRange(framing: Framing, size: GenerateOptions["size"]): { min: number; max: number } {
  if (framing.type === "fixed_length") {
    const payload = framing.frameLength - resyncOverhead(framing.resync);
    return { min: payload, max: payload };
  }
  const range = typeof size === "object" ? size : { min: size ?? 64, max: size ?? 64 };
  const whole = Number.isInteger(range.min) && Number.isInteger(range.max);
  if (!whole || range.min < 1 || range.max < range.min) {
    throw new RangeError(
      `A payload size is a whole number from 1 on, or a range of them, got ${range.min} to ${range.max}`,
    );
  }
  return range;
}

function defaultContent(framing: Framing): "binary" | "text" {
  return ["lines", "delimiter", "octet_counting"].includes(framing.type) ? "text" : "binary";
}

/**
 * An endless feed of numbered frames. The sequence number stands at the start
 * of the payload, behind the length field of `length_field` and behind the
 * magic of `fixed_length`; in `beast` in the last four bytes of the time.
 *
 * @example
 * ```ts
 * import { generatedFeed } from "./generate.ts";
 *
 * const feed = generatedFeed({ type: "lines" }, { size: 20 });
 * new TextDecoder().decode(feed.piece(7, 1, 0).bytes); // "0000000007" and ten letters
 * ```
 */
export function generatedFeed(framing: Framing, options: GenerateOptions = {}): Feed {
  const { min, max } = sizeRange(framing, options.size);
  const content = options.content ?? defaultContent(framing);
  const random = seededRandom(options.seed ?? 1);
  const fitting = Math.max(1, Math.floor(MAX_BLOCK_BYTES / max));
  const period = options.period ?? Math.min(MAX_PERIOD, fitting);
  const frames = Array.from({ length: period }, (_, sequence) => {
    if (framing.type === "beast") return encodeFrame(framing, beastPayload(sequence, random));
    const size = min + Math.floor(random() * (max - min + 1));
    const payload = numberedPayload(sequence, size, content, random);
    return encodeFrame(framing, concat(head(framing), payload));
  });
  return new Feed(frames, { repeat: true });
}

/** How a recording is pushed. */
export interface RecordedOptions {
  /** The bytes that count as one frame for rates, bursts and limits. Default 65536. */
  chunkSize?: number;
  /** Begin again at the end. Default `false`. */
  loop?: boolean;
}

/** A feed of the bytes of a recording as they are, held in memory. */
export function recordedFeed(recording: Uint8Array, options: RecordedOptions = {}): Feed {
  const chunkSize = options.chunkSize ?? 65_536;
  if (!Number.isInteger(chunkSize) || chunkSize < 1) {
    throw new RangeError(`A chunk size is a whole number from 1 on, got ${chunkSize}`);
  }
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < recording.length; at += chunkSize) {
    chunks.push(recording.subarray(at, at + chunkSize));
  }
  return new Feed(chunks, { repeat: options.loop ?? false });
}
