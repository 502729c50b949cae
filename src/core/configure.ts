/**
 * Checks a framing's options and writes them where the core reads them.
 *
 * @module
 */

import { OptionError } from "../errors.ts";
import type {
  DelimiterFraming,
  Framing,
  LengthFieldFraming,
  LinesFraming,
  Resync,
} from "../framing.ts";
import {
  ByteOrder,
  Checksum,
  CHUNK_BYTES,
  Framer,
  Kind,
  MAX_FRAME_LENGTH_LIMIT,
  OnInvalid,
  PATTERN_BYTES_MAX,
} from "./abi.ts";

const DEFAULT_MAX_FRAME_LENGTH = 128 * 1024;
/** nats-server's default max_payload of 1 MiB and its line. */
const NATS_MAX_FRAME_LENGTH = 1024 * 1024 + 4096;
const BEAST_MAX_FRAME_LENGTH = 22;

/** The values the core is told, by field of its `Framer`. */
export interface FramerConfig {
  /** Number of the framing. */
  kind: number;
  /** 32-bit fields, by name. */
  words: Partial<Record<keyof typeof Framer, number>>;
  /** The delimiter, if there is one. */
  delimiter: Uint8Array;
  /** The magic, if there is one. */
  magic: Uint8Array;
  /** The most bytes a frame can take in the stream, with header and escapes. */
  rawFrameLengthMax: number;
}

/** Throws an {@linkcode OptionError} that names the option for a framing that can't work. */
export function framerConfig(framing: Framing): FramerConfig {
  if (typeof framing !== "object" || framing === null) {
    throw new OptionError("framing", 'an object such as { type: "lines" }', framing);
  }
  if (!Object.hasOwn(Kind, framing.type)) {
    throw new OptionError("framing.type", Object.keys(Kind).join(", "), framing.type);
  }
  const words: FramerConfig["words"] = {
    on_invalid: OnInvalid[choice("framing.onInvalid", onInvalid(framing), ["close", "skip"])],
  };
  const max = maxFrameLength(framing);
  words.max_frame_length = max;
  const config: FramerConfig = {
    kind: Kind[framing.type],
    words,
    delimiter: new Uint8Array(),
    magic: new Uint8Array(),
    rawFrameLengthMax: max + rawOverhead(framing.type, max),
  };
  switch (framing.type) {
    case "length_field":
      lengthField(framing, words);
      config.magic = resync(framing.resync, words, framing.lengthFieldOffset ?? 0);
      break;
    case "fixed_length":
      words.frame_length = max;
      config.magic = resync(framing.resync, words, max);
      break;
    case "delimiter":
      config.delimiter = pattern("framing.delimiter", framing.delimiter);
      words.delimiter_length = config.delimiter.length;
      words.keep_delimiter = keepDelimiter(framing);
      break;
    case "lines":
      words.keep_delimiter = keepDelimiter(framing);
      break;
  }
  return config;
}

/** Writes `config` into a zeroed `Framer` at `address`. */
export function writeFramer(memory: DataView, address: number, config: FramerConfig): void {
  memory.setUint32(address + Framer.kind, config.kind, true);
  for (const [field, value] of Object.entries(config.words)) {
    memory.setInt32(address + Framer[field as keyof typeof Framer], value, true);
  }
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(config.delimiter, address + Framer.delimiter);
  bytes.set(config.magic, address + Framer.magic);
}

/** Bytes cut from the front of each frame; tells raw offsets where the core keeps none. */
export function strippedBytes(framing: Framing): number {
  return framing.type === "length_field" ? framing.initialBytesToStrip ?? 0 : 0;
}

/** Bytes cut from the end of each frame; `"line_end"`: one or two, as the bytes themselves tell. */
export function delimiterBytes(framing: Framing): number | "line_end" {
  if (framing.type !== "lines" && framing.type !== "delimiter") return 0;
  if (framing.keepDelimiter) return 0;
  return framing.type === "lines"
    ? "line_end"
    : pattern("framing.delimiter", framing.delimiter).length;
}

function onInvalid(framing: Framing): "close" | "skip" {
  return framing.type === "raw" ? "close" : framing.onInvalid ?? "close";
}

function keepDelimiter({ keepDelimiter = false }: LinesFraming | DelimiterFraming): number {
  if (typeof keepDelimiter === "boolean") return keepDelimiter ? 1 : 0;
  throw new OptionError("framing.keepDelimiter", "true or false", keepDelimiter);
}

function maxFrameLength(framing: Framing): number {
  switch (framing.type) {
    case "raw":
      // Those of shared memory may be longer; of them, too, a slab holds two.
      return CHUNK_BYTES;
    case "beast":
      return BEAST_MAX_FRAME_LENGTH;
    case "fixed_length":
      return integer("framing.frameLength", framing.frameLength, 1, MAX_FRAME_LENGTH_LIMIT);
    default: {
      const fallback = framing.type === "nats" ? NATS_MAX_FRAME_LENGTH : DEFAULT_MAX_FRAME_LENGTH;
      return integer(
        "framing.maxFrameLength",
        framing.maxFrameLength ?? fallback,
        1,
        MAX_FRAME_LENGTH_LIMIT,
      );
    }
  }
}

/** What headers, delimiters and escapes add to a frame of `max` bytes. */
function rawOverhead(type: Framing["type"], max: number): number {
  switch (type) {
    case "length_field":
    case "fixed_length":
    case "raw":
    case "resp":
    case "nats":
      return 0;
    case "slip":
    case "beast":
      return max + 2;
    case "cobs":
      return Math.ceil(max / 254) + 2;
    default:
      // Delimiters, varints and decimal lengths.
      return 16;
  }
}

function lengthField(framing: LengthFieldFraming, words: FramerConfig["words"]): void {
  const width = framing.lengthFieldLength ?? 4;
  if (![1, 2, 3, 4, 8].includes(width)) {
    throw new OptionError("framing.lengthFieldLength", "1, 2, 3, 4 or 8", width);
  }
  const offset = integer("framing.lengthFieldOffset", framing.lengthFieldOffset ?? 0, 0, 0xffff);
  const max = words.max_frame_length!;
  if (offset + width > max) {
    throw new OptionError(
      "framing.maxFrameLength",
      `at least the header's ${offset + width} bytes`,
      max,
    );
  }
  words.length_field_length = width;
  words.length_field_offset = offset;
  words.length_adjustment = integer(
    "framing.lengthAdjustment",
    framing.lengthAdjustment ?? 0,
    -MAX_FRAME_LENGTH_LIMIT,
    MAX_FRAME_LENGTH_LIMIT,
  );
  words.initial_bytes_to_strip = integer(
    "framing.initialBytesToStrip",
    framing.initialBytesToStrip ?? 0,
    0,
    max,
  );
  words.byte_order = byteOrder("framing.byteOrder", framing.byteOrder);
}

/** `room` is how many bytes of a frame a magic may take. */
function resync(
  options: Resync | undefined,
  words: FramerConfig["words"],
  room: number,
): Uint8Array {
  // Else a name alone would be taken, and nothing verified.
  if (options !== undefined && typeof options !== "object") {
    throw new OptionError("framing.resync", "an object with a magic or a checksum", options);
  }
  if (options?.checksum !== undefined) {
    const types = ["xor8", "sum8", "crc16", "crc32", "crc32c"] as const;
    words.checksum =
      Checksum[choice("framing.resync.checksum.type", options.checksum?.type, types)];
    words.checksum_order = byteOrder(
      "framing.resync.checksum.byteOrder",
      options.checksum.byteOrder,
    );
  }
  if (options?.magic === undefined) return new Uint8Array();
  const magic = pattern("framing.resync.magic", options.magic);
  if (magic.length > room) {
    throw new OptionError(
      "framing.resync.magic",
      `at most ${room} bytes here`,
      magic,
    );
  }
  words.magic_length = magic.length;
  return magic;
}

function byteOrder(option: string, value: "big" | "little" | undefined): number {
  return ByteOrder[choice(option, value ?? "big", ["big", "little"])];
}

function pattern(option: string, value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  if (!(bytes instanceof Uint8Array) || bytes.length < 1 || bytes.length > PATTERN_BYTES_MAX) {
    throw new OptionError(option, `1 to ${PATTERN_BYTES_MAX} bytes`, value);
  }
  return bytes;
}

function choice<T extends string>(option: string, value: T, allowed: readonly T[]): T {
  if (!allowed.includes(value)) {
    throw new OptionError(option, allowed.map((name) => `"${name}"`).join(", "), value);
  }
  return value;
}

function integer(option: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new OptionError(option, `an integer from ${min} to ${max}`, value);
  }
  return value;
}
