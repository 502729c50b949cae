/** Feeds of frames with keys, and what handlers that share them were given. */
import { assert, assertEquals } from "@std/assert";
import type { Batch, Column, Framing, Handler } from "../../mod.ts";
import { concat, encodeFrame } from "../../push/encode.ts";
import { between, type Random, random } from "../spill/random.ts";
import { SEED } from "../spill/seed.ts";

/** The key: four letters, so that frames may be lines. */
export const KEY: Column = { name: "symbol", type: "u32", at: 0 };

/** With raw positions stored and not, with bytes stripped, with escapes. */
export const FRAMINGS: readonly Framing[] = [
  { type: "length_field", initialBytesToStrip: 4 },
  // Of the smallest slabs there are.
  { type: "lines", maxFrameLength: 1000 },
  { type: "netstring", maxFrameLength: 1000 },
  { type: "slip", maxFrameLength: 1000 },
];

const KEYS = 40;
const SHORT_SHARE = 0.05;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";
/** SLIP's end and escape, and bytes that are neither. */
const ESCAPED = "\xc0\xdb\xdc.";

/** A frame as it was sent, or given. */
export interface KeyedFrame {
  /** 0 for a frame too short for one. */
  key: number;
  streamOffset: number;
  rawLength: number;
  /** A character a byte. */
  text: string;
}

/** What a server sends. */
export interface KeyedFeed {
  bytes: Uint8Array;
  frames: KeyedFrame[];
}

/** `count` frames of up to `longest` bytes, some of them too short for a key. */
export function keyedFeed(
  draw: Random,
  framing: Framing,
  count: number,
  longest = 150,
): KeyedFeed {
  const parts: Uint8Array[] = [];
  const frames: KeyedFrame[] = [];
  let streamOffset = 0;
  for (let i = 0; i < count; i++) {
    const short = draw() < SHORT_SHARE;
    const text = short ? LETTERS.slice(0, between(draw, 1, 3)) : textOf(draw, framing, longest);
    const payload = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const raw = rawOf(draw, framing, payload);
    const key = short ? 0 : new DataView(payload.buffer).getUint32(0);
    frames.push({ key, streamOffset, rawLength: raw.length, text });
    parts.push(raw);
    streamOffset += raw.length;
  }
  return { bytes: concat(...parts), frames };
}

function textOf(draw: Random, framing: Framing, longest: number): string {
  const key = between(draw, 0, KEYS - 1);
  const rest = framing.type === "slip" ? ESCAPED + LETTERS : LETTERS;
  const length = between(draw, 0, longest - 4);
  const from = between(draw, 0, rest.length - 1);
  const filler = rest.repeat(1 + Math.ceil(length / rest.length)).slice(from, from + length);
  return `key${LETTERS[key % 26]}${filler}`.replace("y", LETTERS[Math.floor(key / 26)]);
}

function rawOf(draw: Random, framing: Framing, payload: Uint8Array): Uint8Array {
  if (framing.type !== "lines" || draw() < 0.5) return encodeFrame(framing, payload);
  return concat(payload, Uint8Array.of(13, 10));
}

/** The bytes in pieces of any size. */
export function* pieces(draw: Random, bytes: Uint8Array, longest: number): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const length = between(draw, 1, longest);
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

/** A handler that writes down what it is given, at its own pace. */
export class Recorder implements Handler {
  /** By connection. */
  readonly frames = new Map<number, KeyedFrame[]>();
  /** Frames of each batch. */
  readonly batches: number[] = [];
  readonly #pace: (batch: Batch) => void | Promise<void>;

  /** `pace` is awaited before a batch is looked at. */
  constructor(pace: (batch: Batch) => void | Promise<void> = () => {}) {
    this.#pace = pace;
  }

  /** Number of all frames. */
  get count(): number {
    return this.frames.values().reduce((sum, { length }) => sum + length, 0);
  }

  batch(batch: Batch): void | Promise<void> {
    const paced = this.#pace(batch);
    if (paced === undefined) return this.#take(batch);
    return paced.then(() => this.#take(batch));
  }

  #take(batch: Batch): void {
    this.batches.push(batch.count);
    const frames = this.frames.get(batch.epoch) ?? [];
    this.frames.set(batch.epoch, frames);
    const { symbol } = batch.columns as { symbol: Uint32Array };
    for (let i = 0; i < batch.count; i++) {
      frames.push({
        key: symbol[i],
        streamOffset: batch.streamOffset(i),
        rawLength: batch.rawLength(i),
        text: String.fromCharCode(...batch.frame(i)),
      });
    }
  }
}

/** A handler that waits up to `ms` now and then. */
export function dawdling(draw: Random, ms: number): Recorder {
  return new Recorder(() =>
    draw() < 0.5 ? undefined : new Promise((resolve) => setTimeout(resolve, draw() * ms))
  );
}

/** Each list is in the order of the stream, and no key is in two of them. */
export function assertShared(lists: readonly (readonly KeyedFrame[])[]): void {
  const owners = new Map<number, number>();
  for (const [i, list] of lists.entries()) {
    let last = -1;
    for (const { key, streamOffset } of list) {
      assert(streamOffset > last, `${streamOffset} came behind ${last}`);
      last = streamOffset;
      assertEquals(owners.get(key) ?? i, i, `handler of key ${key}`);
      owners.set(key, i);
    }
  }
}

/** They are all frames of a feed, each once. */
export function assertComplete(lists: readonly (readonly KeyedFrame[])[], feed: KeyedFeed): void {
  const all = lists.flat().sort((a, b) => a.streamOffset - b.streamOffset);
  assertEquals(all.length, feed.frames.length);
  for (const [i, frame] of all.entries()) assertEquals(frame, feed.frames[i]);
}

/** Names of handlers, as many as asked for. */
export function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `h${i}`);
}

/** An object with a value for each name. */
export function each<T>(count: number, value: (i: number) => T): Record<string, T> {
  return Object.fromEntries(names(count).map((name, i) => [name, value(i)]));
}

/** Runs `test` with numbers that look random; what fails names the seed. */
export async function drawn(test: (draw: Random) => Promise<void>, salt: number): Promise<void> {
  try {
    await test(random(SEED + salt));
  } catch (cause) {
    throw new Error(`SPILLWAY_SEED=${SEED}: ${(cause as Error).message}`, { cause });
  }
}
