/**
 * Framing flags, in the words of Netty and Vector, and the framing they mean.
 *
 * @module
 */

import type { Framing, FramingLimits, Resync } from "../src/framing.ts";
import { given } from "./given.ts";
import {
  bytesFlag,
  choiceFlag,
  type FlagNames,
  type Flags,
  integerFlag,
  textFlag,
  UsageError,
} from "./usage.ts";
import { closest } from "./suggest.ts";

type FramingType = Framing["type"];

/** Vector's words for framings. */
const SYNONYMS: Readonly<Record<string, FramingType>> = {
  newline_delimited: "lines",
  character_delimited: "delimiter",
  length_delimited: "length_field",
  varint_length_delimited: "varint_length",
  bytes: "raw",
};

const RESYNC_FLAGS = ["magic", "checksum", "checksum-byte-order"];
const LIMIT_FLAGS = ["max-frame-length", "on-invalid"];

/** Which flags go with which framing. */
const FLAGS_OF: Readonly<Record<FramingType, readonly string[]>> = {
  length_field: [
    "length-field-offset",
    "length-field-length",
    "length-adjustment",
    "initial-bytes-to-strip",
    "byte-order",
    ...RESYNC_FLAGS,
    ...LIMIT_FLAGS,
  ],
  varint_length: LIMIT_FLAGS,
  fixed_length: ["frame-length", "on-invalid", ...RESYNC_FLAGS],
  delimiter: ["delimiter", "keep-delimiter", ...LIMIT_FLAGS],
  lines: ["keep-delimiter", ...LIMIT_FLAGS],
  octet_counting: LIMIT_FLAGS,
  netstring: LIMIT_FLAGS,
  slip: LIMIT_FLAGS,
  cobs: LIMIT_FLAGS,
  beast: ["on-invalid"],
  resp: LIMIT_FLAGS,
  nats: LIMIT_FLAGS,
  raw: [],
};

const BOOLEAN_FLAGS = ["keep-delimiter"];
const STRING_FLAGS = [...new Set(Object.values(FLAGS_OF).flat())]
  .filter((name) => !BOOLEAN_FLAGS.includes(name));

/** The flags {@linkcode parseFraming} reads. */
export const framingFlags: FlagNames = {
  string: ["framing", ...STRING_FLAGS],
  boolean: BOOLEAN_FLAGS,
};

/** The part of a command's help that explains {@linkcode framingFlags}; `standard` is its default. */
export function framingHelp(standard: "lines" | "raw"): string {
  const named = (type: FramingType) => type === standard ? `${type} (default)` : type;
  return `Framing:
  --framing TYPE               ${named("lines")}, delimiter, length_field, varint_length,
                               fixed_length, octet_counting, netstring, slip, cobs, beast,
                               resp, nats, ${named("raw")}; or in Vector's words newline_delimited,
                               character_delimited, length_delimited,
                               varint_length_delimited, bytes
  --length-field-offset N      length_field: bytes before the field, up to 65535 (0)
  --length-field-length N      length_field: 1, 2, 3, 4 or 8 bytes (4)
  --length-adjustment N        length_field: added to the field's value (0); write
                               --length-adjustment=-4 for a negative one
  --initial-bytes-to-strip N   length_field: bytes cut from the front of a frame (0)
  --byte-order ORDER           length_field: big (default) or little
  --frame-length N             fixed_length: size of every frame
  --delimiter TEXT             delimiter: 1 to 8 bytes; \\n \\r \\t \\0 \\\\ and \\x1f are understood
  --keep-delimiter             delimiter, lines: deliver the delimiter with the frame
  --magic HEX                  length_field, fixed_length: bytes every frame begins with; of
                               length_field before the field, --length-field-offset at most
  --checksum TYPE              length_field, fixed_length: xor8, sum8, crc16, crc32, crc32c
                               at the end of every frame
  --checksum-byte-order ORDER  big (default) or little
  --max-frame-length BYTES     the longest frame accepted, up to 64MiB (128KiB, nats 1028KiB);
                               not with beast, fixed_length and raw
  --on-invalid WHAT            close (default), or skip to where the next frame can start
`;
}

const MAX_FRAME_LENGTH = 64 * 1024 * 1024;
const BYTE_ORDERS = ["big", "little"] as const;
const LENGTH_FIELD_LENGTHS = [1, 2, 3, 4, 8] as const;
const CHECKSUMS = ["xor8", "sum8", "crc16", "crc32", "crc32c"] as const;
const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, "0": 0, "\\": 92 };

/** The bytes of a text in which `\n`, `\r`, `\t`, `\0`, `\\` and `\xHH` stand for one byte each. */
export function unescapeBytes(text: string, name: string): Uint8Array {
  const parts = text.match(/\\x[0-9a-fA-F]{2}|\\.|[^\\]+|\\$/gs) ?? [];
  return Uint8Array.from(parts.flatMap((part) => {
    if (!part.startsWith("\\")) return [...new TextEncoder().encode(part)];
    const code = part.length === 4 ? parseInt(part.slice(2), 16) : ESCAPES[part.slice(1)];
    if (code === undefined) {
      throw new UsageError(`--${name} knows \\n \\r \\t \\0 \\\\ and \\x1f, got ${part}`);
    }
    return [code];
  }));
}

/** Bytes written in hex, 1 to 8 of them. */
function hexFlag(flags: Flags, name: string): Uint8Array | undefined {
  const text = textFlag(flags, name);
  if (text === undefined) return undefined;
  if (!/^([0-9a-fA-F]{2}){1,8}$/.test(text)) {
    throw new UsageError(`--${name} must be 1 to 8 bytes in hex as cafe01, got ${text}`);
  }
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function limits(flags: Flags): FramingLimits {
  const maxFrameLength = bytesFlag(flags, "max-frame-length");
  if (maxFrameLength !== undefined && maxFrameLength > MAX_FRAME_LENGTH) {
    throw new UsageError(`--max-frame-length must be at most 64MiB, got ${maxFrameLength}`);
  }
  return given({ maxFrameLength, ...onInvalid(flags) });
}

function onInvalid(flags: Flags): { onInvalid?: "close" | "skip" } {
  return given({ onInvalid: choiceFlag(flags, "on-invalid", ["close", "skip"] as const) });
}

function resync(flags: Flags): { resync?: Resync } {
  const magic = hexFlag(flags, "magic");
  const type = choiceFlag(flags, "checksum", CHECKSUMS);
  const byteOrder = choiceFlag(flags, "checksum-byte-order", BYTE_ORDERS);
  if (byteOrder !== undefined && type === undefined) {
    throw new UsageError("--checksum-byte-order needs --checksum");
  }
  const checksum = type === undefined ? undefined : given({ type, byteOrder });
  return magic || checksum ? { resync: given({ magic, checksum }) } : {};
}

function lengthFieldLength(flags: Flags): 1 | 2 | 3 | 4 | 8 | undefined {
  const text = choiceFlag(flags, "length-field-length", LENGTH_FIELD_LENGTHS.map(String));
  return LENGTH_FIELD_LENGTHS.find((length) => String(length) === text);
}

function delimiter(flags: Flags): Uint8Array {
  const text = textFlag(flags, "delimiter");
  if (text === undefined) throw new UsageError("--framing delimiter needs --delimiter");
  const bytes = unescapeBytes(text, "delimiter");
  if (bytes.length > 8) {
    throw new UsageError(`--delimiter must be 1 to 8 bytes, got ${bytes.length}`);
  }
  return bytes;
}

function frameLength(flags: Flags): number {
  const length = integerFlag(flags, "frame-length", { min: 1, max: MAX_FRAME_LENGTH });
  if (length === undefined) throw new UsageError("--framing fixed_length needs --frame-length");
  return length;
}

function keepDelimiter(flags: Flags): { keepDelimiter?: boolean } {
  return flags["keep-delimiter"] === true ? { keepDelimiter: true } : {};
}

/** The framing's type, by its own name or Vector's. */
function framingType(flags: Flags): FramingType {
  const text = textFlag(flags, "framing") ?? "lines";
  const type = Object.hasOwn(SYNONYMS, text) ? SYNONYMS[text] : text;
  if (!Object.hasOwn(FLAGS_OF, type)) {
    const likely = closest(text, [...Object.keys(FLAGS_OF), ...Object.keys(SYNONYMS)]);
    const advice = likely === undefined ? "" : `, did you mean ${likely}?`;
    throw new UsageError(
      `--framing must be one of ${Object.keys(FLAGS_OF).join(", ")}, got ${text}${advice}`,
    );
  }
  return type as FramingType;
}

/** The framing `flags` ask for; a `UsageError` says what is wrong with them. */
export function parseFraming(flags: Flags): Framing {
  const type = framingType(flags);
  const foreign = [...STRING_FLAGS, ...BOOLEAN_FLAGS].find((name) =>
    flags[name] !== undefined && flags[name] !== false && !FLAGS_OF[type].includes(name)
  );
  if (foreign !== undefined) {
    throw new UsageError(`--${foreign} has no meaning with --framing ${type}`);
  }
  switch (type) {
    case "length_field":
      return given({
        type,
        lengthFieldOffset: integerFlag(flags, "length-field-offset"),
        lengthFieldLength: lengthFieldLength(flags),
        lengthAdjustment: integerFlag(flags, "length-adjustment", { min: -MAX_FRAME_LENGTH }),
        initialBytesToStrip: integerFlag(flags, "initial-bytes-to-strip"),
        byteOrder: choiceFlag(flags, "byte-order", BYTE_ORDERS),
        ...resync(flags),
        ...limits(flags),
      });
    case "fixed_length":
      return { type, frameLength: frameLength(flags), ...resync(flags), ...onInvalid(flags) };
    case "delimiter":
      return { type, delimiter: delimiter(flags), ...keepDelimiter(flags), ...limits(flags) };
    case "lines":
      return { type, ...keepDelimiter(flags), ...limits(flags) };
    case "beast":
      return { type, ...onInvalid(flags) };
    case "raw":
      return { type };
    default:
      return { type, ...limits(flags) };
  }
}
