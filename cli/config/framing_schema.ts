/**
 * Framings in a config file: the options of the API, byte strings as text or hex.
 *
 * @module
 */

import * as z from "zod";
import type { Framing } from "../../mod.ts";
import { closest } from "../suggest.ts";
import { bytes, choice, flag, hex, integer, object, shown, size } from "./values.ts";

const FRAME_BYTES_MAX = 64 * 1024 * 1024;
const byteOrder = () => choice(["big", "little"]).optional();
const onInvalid = { onInvalid: choice(["close", "skip"]).optional() };
const limits = {
  maxFrameLength: size(FRAME_BYTES_MAX, ", at most 64MiB").optional(),
  ...onInvalid,
};
const keepDelimiter = { keepDelimiter: flag().optional() };
const resync = {
  resync: object({
    magic: hex(1, 8).optional(),
    checksum: object({
      type: choice(["xor8", "sum8", "crc16", "crc32", "crc32c"]),
      byteOrder: byteOrder(),
    }).optional(),
  }).optional(),
};

/** A framing of limits only. */
const plain = <const T extends Framing["type"]>(type: T) =>
  object({ type: z.literal(type), ...limits });

const VARIANTS = [
  object({
    type: z.literal("length_field"),
    lengthFieldOffset: integer(0).optional(),
    lengthFieldLength: choice([1, 2, 3, 4, 8]).optional(),
    lengthAdjustment: integer(-FRAME_BYTES_MAX).optional(),
    initialBytesToStrip: integer(0).optional(),
    byteOrder: byteOrder(),
    ...resync,
    ...limits,
  }),
  plain("varint_length"),
  object({
    type: z.literal("fixed_length"),
    frameLength: size(FRAME_BYTES_MAX, ", at most 64MiB"),
    ...resync,
    ...onInvalid,
  }),
  object({ type: z.literal("delimiter"), delimiter: bytes(8), ...keepDelimiter, ...limits }),
  object({ type: z.literal("lines"), ...keepDelimiter, ...limits }),
  plain("octet_counting"),
  plain("netstring"),
  plain("slip"),
  plain("cobs"),
  object({ type: z.literal("beast"), ...onInvalid }),
  plain("resp"),
  plain("nats"),
  object({ type: z.literal("raw") }),
] as const;

const TYPES = VARIANTS.map((variant) => variant.shape.type.value);

/** What `framing` takes. */
export const framingSchema = z.discriminatedUnion("type", VARIANTS, {
  error: ({ input }) => {
    if (typeof input !== "object" || input === null) {
      return `expected an object as { "type": "lines" }, got ${shown(input)}`;
    }
    const { type } = input as { type?: unknown };
    const likely = typeof type === "string" ? closest(type, TYPES) : undefined;
    const advice = likely === undefined ? "" : `, did you mean "${likely}"?`;
    return `expected ${TYPES.map(shown).join(", ")}, got ${shown(type)}${advice}`;
  },
});
