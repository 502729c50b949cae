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

const known = z.discriminatedUnion("type", VARIANTS, {
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

/** What any of them takes, for an object that says none. */
const any = object({
  ...Object.assign({}, ...VARIANTS.map(({ shape }) => shape)) as z.ZodRawShape,
  type: z.unknown(),
}).partial();

/** What `framing` takes. One whose type is wrong is still told what no type would take. */
export const framingSchema = z.unknown().transform((given, context): z.output<typeof known> => {
  const { success, data, error } = known.safeParse(given, { reportInput: true });
  if (success) return data;
  const typeless = error.issues.some(({ path }) => path[0] === "type" || path.length === 0);
  const issues = typeless && typeof given === "object" && given !== null
    ? [...error.issues, ...any.safeParse(given, { reportInput: true }).error?.issues ?? []]
    : error.issues;
  for (const issue of issues) context.addIssue(issue as z.core.$ZodRawIssue);
  return z.NEVER;
});
