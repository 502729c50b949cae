/** Random streams: frames, mutated frames and garbage, one after the other. */
import fc from "fast-check";
import { BEAST_BODY_LENGTH, encodeFrame, resyncOverhead } from "../../push/encode.ts";
import type { Framing } from "../../src/framing.ts";
import { join } from "./bytes.ts";
import { alphabetOf } from "./cases.ts";
import { hostileHeaders } from "./hostile.ts";
import { protocolFrames } from "./protocols.ts";

/** Lengths around what the configurations take, some far above. */
const payloadLength = fc.oneof(
  { weight: 20, arbitrary: fc.nat(24) },
  { weight: 1, arbitrary: fc.integer({ min: 250, max: 260 }) },
);

function bytesFrom(
  byte: fc.Arbitrary<number>,
  length: fc.Arbitrary<number>,
): fc.Arbitrary<Uint8Array> {
  return length.chain((n) => fc.array(byte, { minLength: n, maxLength: n })).map((bytes) =>
    Uint8Array.from(bytes)
  );
}

/** One byte over and over: full blocks of COBS, escapes only, or none. */
const monotone = fc.tuple(
  fc.oneof(fc.integer({ min: 252, max: 257 }), fc.integer({ min: 506, max: 510 }), fc.nat(24)),
  fc.constantFrom(0x00, 0x0d, 0x1a, 0x31, 0x61, 0xc0, 0xff),
).map(([length, byte]) => new Uint8Array(length).fill(byte));

/** Any byte, with those that mean something to `framing` far more often. */
function bytesOf(framing: Framing): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...alphabetOf(framing)) },
    { weight: 2, arbitrary: fc.nat(255) },
  );
}

/** The first `length` bytes of `payload`, zeros behind it. */
function padded(payload: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(payload.subarray(0, length));
  return bytes;
}

/** `payload` made to fit what `framing` can carry. */
export function fit(framing: Framing, payload: Uint8Array): Uint8Array {
  if (framing.type === "fixed_length") {
    const length = Math.max(0, framing.frameLength - resyncOverhead(framing.resync));
    return padded(payload, length);
  }
  if (framing.type === "length_field") {
    const ahead = (framing.lengthFieldOffset ?? 0) - (framing.resync?.magic?.length ?? 0);
    return join(new Uint8Array(ahead), payload);
  }
  if (framing.type === "beast") {
    const type = "1234"[(payload[0] ?? 0) % 4];
    const length = BEAST_BODY_LENGTH[type];
    return join(type, padded(payload, length));
  }
  return payload;
}

/** The frame of `payload`, or `payload` itself where the framing can't carry it. */
function encode(framing: Framing, payload: Uint8Array): Uint8Array {
  try {
    return encodeFrame(framing, fit(framing, payload));
  } catch (error) {
    if (error instanceof RangeError) return payload;
    throw error;
  }
}

/** Frames as `framing` should take them, bar the longest. */
function frames(framing: Framing): fc.Arbitrary<Uint8Array> {
  const payload = fc.oneof(
    { weight: 8, arbitrary: bytesFrom(bytesOf(framing), payloadLength) },
    { weight: 1, arbitrary: monotone },
  );
  const encoded = payload.map((bytes) => encode(framing, bytes));
  const others = protocolFrames(framing.type);
  return others === undefined ? encoded : fc.oneof(encoded, others);
}

/** Frames of one length in a row, as feeds send them. */
function repeated(framing: Framing): fc.Arbitrary<Uint8Array> {
  return fc.tuple(frames(framing), fc.integer({ min: 2, max: 10 })).map(([frame, times]) =>
    join(...new Array<Uint8Array>(times).fill(frame))
  );
}

/** One byte changed, inserted or removed, or the end cut off. */
function mutated(framing: Framing): fc.Arbitrary<Uint8Array> {
  const kind = fc.constantFrom("change", "insert", "remove", "cut");
  return fc.tuple(frames(framing), kind, fc.nat(1 << 16), bytesOf(framing)).map(
    ([frame, kind, position, byte]) => {
      const at = frame.length === 0 ? 0 : position % frame.length;
      const tail = frame.subarray(kind === "insert" ? at : at + 1);
      if (kind === "cut") return frame.subarray(0, at);
      return join(
        frame.subarray(0, at),
        kind === "remove" ? new Uint8Array() : Uint8Array.of(byte),
        tail,
      );
    },
  );
}

/** Whole streams. */
export function streams(framing: Framing): fc.Arbitrary<Uint8Array> {
  const garbage = bytesFrom(bytesOf(framing), fc.nat(12));
  const hostile = hostileHeaders(framing);
  const piece = fc.oneof(
    { weight: 9, arbitrary: frames(framing) },
    { weight: 3, arbitrary: repeated(framing) },
    { weight: 1, arbitrary: mutated(framing) },
    { weight: 1, arbitrary: garbage },
    { weight: 1, arbitrary: hostile.length > 0 ? fc.constantFrom(...hostile) : garbage },
  );
  return fc.array(piece, { maxLength: 12 }).map((pieces) => join(...pieces));
}

/** Chunk lengths, taken in turn until the stream ends. */
export const chunkings: fc.Arbitrary<number[]> = fc.oneof(
  fc.constant<number[]>([1]),
  fc.array(fc.integer({ min: 1, max: 16 }), { minLength: 1, maxLength: 8 }),
  fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 }),
);

/** `stream` cut as `lengths` say. */
export function* cut(stream: Uint8Array, lengths: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < stream.length; i++) {
    const length = lengths[i % lengths.length];
    yield stream.subarray(at, at + length);
    at += length;
  }
}
