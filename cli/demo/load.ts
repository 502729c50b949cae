/**
 * What the demo pushes and how hard, the same for all its processes.
 *
 * @module
 */

import type { Feed } from "../../push/feed.ts";
import { generatedFeed } from "../../push/generate.ts";
import type { Pace } from "../../push/pace.ts";
import type { LengthFieldFraming } from "../../src/framing.ts";

/** How the feed is framed: four bytes of length, then the payload. */
export const FRAMING: LengthFieldFraming = { type: "length_field", initialBytesToStrip: 4 };

/** Bytes of a frame in the stream, its header included. */
export const FRAME_BYTES = 1024;

/** The feed begins again after so many frames. */
const PERIOD = 256;

/** CPU time the handler takes for a frame, in microseconds. */
export const COST_US = 55;

/** The server's own send queue: who has more waiting in it is cut off. */
export const QUEUE_LIMIT_BYTES = 12_000_000;

/** Longest handler call of Spillway's in milliseconds; the default, 10, leaves the socket alone for too long at 50 MB/s. */
export const DUTY_CYCLE_MS = 2;

/** 40,000 frames in 0.8 s, then silence: 2.2 s of work every 4 s. */
const BURST = { rate: 50_000, onMs: 800, offMs: 3_200 };

/** Frames of one burst. */
export const BURST_FRAMES = BURST.rate * BURST.onMs / 1000;

/** Frames a second, on average, in the first two scenes. */
export const MEAN_RATE = BURST.rate * BURST.onMs / (BURST.onMs + BURST.offMs);

/** Share of a core the handler takes at that rate. */
export const MEAN_LOAD = MEAN_RATE * COST_US / 1e6;

/** Frames a second in the last scene: two and a half times what one core can handle. */
export const FLOOD_RATE = Math.round(2.5 * 1e6 / COST_US);

const MIB = 1024 * 1024;

/** How frames are produced, and for how long. */
export interface Load {
  /** How fast. */
  pace: Pace;
  /** How long; the server finishes then. */
  durationMs: number;
  /** Spillway's buffer. */
  bufferBytes: number;
}

/** The load of each scene. */
export const LOADS: { even: Load; bursts: Load; flood: Load } = {
  even: { pace: { type: "rate", rate: MEAN_RATE }, durationMs: 1_000, bufferBytes: 64 * MIB },
  bursts: {
    pace: { type: "on_off", ...BURST },
    // Two bursts and nearly all of the silence behind the second.
    durationMs: 2 * (BURST.onMs + BURST.offMs) - 100,
    // Room for a burst and half of the one before.
    bufferBytes: 64 * MIB,
  },
  // Less room, for no room is enough and this one has to fill up first.
  flood: { pace: { type: "rate", rate: FLOOD_RATE }, durationMs: 8_000, bufferBytes: 16 * MIB },
};

/** The frames that are pushed. */
export function demoFeed(): Feed {
  return generatedFeed(FRAMING, { size: FRAME_BYTES - 4, period: PERIOD });
}

/** Payloads of the frames the feed repeats, in order. */
export function payloads(): Uint8Array[] {
  const feed = demoFeed();
  return Array.from(
    { length: feed.period },
    (_, i) => feed.piece(i, 1, FRAME_BYTES).bytes.subarray(4),
  );
}
