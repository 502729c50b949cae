/** What a virtual server sends on one connection, and what of it a client must make. */
import type { Batch, Column, Framing } from "../../mod.ts";
import { concat, encodeSlip } from "../../push/encode.ts";
import { between, noise, type Random, random } from "../spill/random.ts";
import { chance, magnitude, pick } from "./chance.ts";

/** The shortest payload: a connection and a frame number, five bytes each. */
const HEAD_BYTES = 10;
const NUMBER_BYTES = 5;
/** Their top bit is set, so that no byte ends a line. SLIP has something to escape in them. */
const NOISE = noise(random(1), 256 * 1024).map((byte) => byte | 0x80);
/** A length above all, and bytes behind it. */
const NO_LENGTH = new Uint8Array(100).fill(0xff);
const NEWLINE = 10;
const RETURN = 13;

/** The lowest bits of a frame's number, where handlers share by key. */
export const KEY: Column = { name: "key", type: "u8", at: NUMBER_BYTES };

/** Framings that are played. */
export type FeedFraming = "length_field" | "lines" | "slip";

/** The longest payload: slabs are then of the smallest size there is. */
const PAYLOAD_BYTES_MAX = 60_000;
const maxFrameLength = PAYLOAD_BYTES_MAX + 4;

/** As the client is told them. */
export const FRAMINGS: Readonly<Record<FeedFraming, Framing>> = {
  length_field: { type: "length_field", initialBytesToStrip: 4, maxFrameLength },
  lines: { type: "lines", maxFrameLength },
  slip: { type: "slip", maxFrameLength },
};

/** How a stream is made, when it is needed. */
export interface StreamPlan {
  seed: number;
  /** Which connection, over all processes. */
  id: number;
  framing: FeedFraming;
  /** It goes on until it has so many bytes or frames. */
  bytes: number;
  frames: number;
  /** Payload length of the longest frame; of all, unless they are mixed. */
  longest: number;
  mixed: boolean;
  /** How it ends: with a whole frame, within one, or with bytes that are no frame. */
  end: "whole" | "cut" | "invalid";
}

/** Draws a stream. */
export function streamOf(draw: Random, id: number, framing: FeedFraming): StreamPlan {
  // Frames shorter than an index entry fill the index before the slab.
  const tiny = chance(draw, 0.05);
  return {
    seed: draw() * 2 ** 32,
    id,
    framing,
    bytes: pick(draw, 0, magnitude(draw, 20, 3000), ...many(10, draw, 200_000, 2_000_000)),
    frames: tiny ? 20_000 : 5000,
    longest: tiny ? HEAD_BYTES + 1 : magnitude(draw, 100, PAYLOAD_BYTES_MAX),
    mixed: chance(draw, 0.5),
    end: pick(draw, "whole", "whole", "cut", framing === "length_field" ? "invalid" : "whole"),
  };
}

function many(count: number, draw: Random, min: number, max: number): number[] {
  return Array.from({ length: count }, () => magnitude(draw, min, max));
}

/** A stream of frames that know their connection and their number. */
export class FeedStream {
  /** Which connection, over all processes. */
  readonly id: number;
  readonly bytes: Uint8Array;
  /** Where each frame begins and ends in the stream. */
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** Payload length of each frame. */
  readonly #lengths: number[] = [];
  /** Number of the connection as its client counts; known once it stands. */
  epoch = 0;
  /** Bytes the client was given. */
  given = 0;

  /** What `plan` says, the same each time. */
  constructor(plan: StreamPlan) {
    const { id, framing, longest, mixed, bytes, frames, end } = plan;
    const draw = random(plan.seed);
    this.id = id;
    const parts: Uint8Array[] = [];
    let at = 0;
    while (at < bytes && parts.length < frames) {
      const length = mixed ? magnitude(draw, HEAD_BYTES, longest) : longest;
      const raw = encode(draw, framing, payloadOf(id, parts.length, length));
      this.starts.push(at);
      this.#lengths.push(length);
      parts.push(raw);
      at += raw.length;
      this.ends.push(at);
    }
    if (end === "invalid") parts.push(NO_LENGTH);
    const all = concat(...parts);
    const less = end === "cut" && at > 0 ? between(draw, 1, at - this.starts.at(-1)! - 1) : 0;
    this.bytes = all.subarray(0, all.length - less);
  }

  /** Frames that are whole within the first `bytes`. */
  whole(bytes: number): number {
    let [low, high] = [0, this.ends.length];
    while (low < high) {
      const middle = low + high >> 1;
      if (this.ends[middle] <= bytes) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The frames that handler `lane` of so many gets, which share by key. */
  lane(lane: number, lanes: number): LaneStream {
    const numbers = Array.from(this.ends, (_, number) => number);
    return new LaneStream(this, numbers.filter((number) => laneOf(number, lanes) === lane));
  }

  /** What is wrong with frame `i` of a batch that says it is `number` of this stream. */
  problem(batch: Batch, i: number, number: number): string | undefined {
    const length = this.#lengths[number];
    if (length === undefined) return `frame ${number} was never sent`;
    if (batch.lengths[i] !== length) return `${batch.lengths[i]} bytes, not ${length}`;
    if (batch.epoch !== this.epoch) return `epoch ${batch.epoch}, not ${this.epoch}`;
    if (batch.streamOffset(i) !== this.starts[number]) {
      return `offset ${batch.streamOffset(i)}, not ${this.starts[number]}`;
    }
    const rawLength = this.ends[number] - this.starts[number];
    if (batch.rawLength(i) !== rawLength) return `raw ${batch.rawLength(i)}, not ${rawLength}`;
    const from = batch.offsets[i];
    const { id, key } = batch.columns as { id?: Uint8Array; key?: Uint8Array };
    const same = (column: Uint8Array | undefined, at: number) =>
      column === undefined || column[i] === batch.bytes[from + at];
    if (!same(id, 0) || !same(key, KEY.at)) return `another value in its column`;
    const noiseAt = noiseOf(this.id, number, length);
    for (let at = HEAD_BYTES; at < length; at++) {
      if (batch.bytes[from + at] !== NOISE[noiseAt + at]) return `another byte at ${at}`;
    }
    return undefined;
  }
}

/** The frames of a stream that are one handler's, by their places among those. */
export class LaneStream {
  readonly #stream: FeedStream;
  /** Their numbers in the stream, and the places of those. */
  readonly #numbers: readonly number[];
  readonly #places: ReadonlyMap<number, number>;
  /** Where each begins in the stream. */
  readonly starts: readonly number[];

  constructor(stream: FeedStream, numbers: readonly number[]) {
    this.#stream = stream;
    this.#numbers = numbers;
    this.#places = new Map(numbers.map((number, place) => [number, place]));
    this.starts = numbers.map((number) => stream.starts[number]);
  }

  get id(): number {
    return this.#stream.id;
  }

  get epoch(): number {
    return this.#stream.epoch;
  }

  /** How many there are. */
  get frames(): number {
    return this.#numbers.length;
  }

  /** The place of the frame that begins at a position of the stream, `undefined` if there is none. */
  at(position: number): number | undefined {
    return this.#places.get(this.#stream.whole(position));
  }

  /** The place of the frame of that number, `undefined` if it is another handler's. */
  placeOf(number: number): number | undefined {
    return this.#places.get(number);
  }

  /** What is wrong with frame `i` of a batch that says it is `number` of the stream. */
  problem(batch: Batch, i: number, number: number): string | undefined {
    return this.#stream.problem(batch, i, number);
  }
}

/** Which of the handlers gets a frame: what the client promises, written down once more. */
function laneOf(number: number, lanes: number): number {
  const key = 0x80 | number & 0x7f;
  const first = Math.imul(key, 0x85ebca6b);
  const second = Math.imul(first ^ first >>> 13, 0xc2b2ae35);
  const upperHalf = (second ^ second >>> 16) >>> 16;
  return Math.floor(upperHalf * lanes / 2 ** 16);
}

/** The connection and number in the payload of frame `i`. */
export function identify(batch: Batch, i: number): { id: number; number: number } {
  const at = batch.offsets[i];
  return { id: numberAt(batch.bytes, at), number: numberAt(batch.bytes, at + NUMBER_BYTES) };
}

function payloadOf(id: number, number: number, length: number): Uint8Array {
  const from = noiseOf(id, number, length);
  const payload = NOISE.slice(from, from + length);
  putNumber(payload, 0, id);
  putNumber(payload, NUMBER_BYTES, number);
  return payload;
}

function noiseOf(id: number, number: number, length: number): number {
  return (number * 7919 + id * 104_729) % (NOISE.length - length);
}

/** Seven bits a byte, the lowest first. */
function putNumber(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < NUMBER_BYTES; i++) bytes[at + i] = 0x80 | (value >>> 7 * i & 0x7f);
}

function numberAt(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = 0; i < NUMBER_BYTES; i++) value += (bytes[at + i] & 0x7f) * 2 ** (7 * i);
  return value;
}

function encode(draw: Random, framing: FeedFraming, payload: Uint8Array): Uint8Array {
  if (framing === "slip") return encodeSlip(payload);
  if (framing === "length_field") {
    const raw = new Uint8Array(4 + payload.length);
    new DataView(raw.buffer).setUint32(0, payload.length);
    raw.set(payload, 4);
    return raw;
  }
  const end = chance(draw, 0.5) ? [RETURN, NEWLINE] : [NEWLINE];
  const raw = new Uint8Array(payload.length + end.length);
  raw.set(payload);
  raw.set(end, payload.length);
  return raw;
}
