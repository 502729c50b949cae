/**
 * The handler both clients run: some microseconds of honest work a frame, and a
 * checksum that only comes out right if it was done for every frame, in order.
 *
 * @module
 */

/** FNV-1a over the frame, `rounds` times over. */
function hash(frame: Uint8Array, rounds: number): number {
  let state = 0x811c9dc5;
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < frame.length; i++) {
      state = Math.imul(state ^ frame[i], 0x01000193);
    }
  }
  return state;
}

/** Handles frames, one call each. */
export class FrameHandler {
  /** Frames handled. */
  frames = 0;
  /** Over the hashes of all frames, in order. */
  checksum = 0;
  readonly #rounds: number;

  /** A handler that hashes each frame `rounds` times. */
  constructor(rounds: number) {
    this.#rounds = rounds;
  }

  /** Handles one frame. */
  handle(frame: Uint8Array): void {
    this.#add(hash(frame, this.#rounds));
  }

  /** The checksum after `count` frames of a feed that repeats `payloads`. */
  static expected(payloads: Uint8Array[], count: number, rounds: number): number {
    const hashes = payloads.map((payload) => hash(payload, rounds));
    const handler = new FrameHandler(rounds);
    for (let i = 0; i < count; i++) handler.#add(hashes[i % hashes.length]);
    return handler.checksum;
  }

  #add(frameHash: number): void {
    this.checksum = (Math.imul(this.checksum, 31) + frameHash) >>> 0;
    this.frames += 1;
  }
}

const SLICES = 300;
const SLICE_MS = 1;
const SLICE_ROUNDS = 8;

/**
 * The rounds that take `costUs` a frame on this machine. Of many short slices
 * the fastest count: the others shared their core.
 */
export function calibrate(frame: Uint8Array, costUs: number): number {
  warmUp(frame);
  const perRoundUs = Array.from({ length: SLICES }, () => {
    const handler = new FrameHandler(SLICE_ROUNDS);
    return spin(handler, frame, SLICE_MS) * 1000 / handler.frames / SLICE_ROUNDS;
  });
  perRoundUs.sort((a, b) => a - b);
  return Math.max(1, Math.round(costUs / perRoundUs[SLICES / 50]));
}

/** Has the handler compiled before the first frame comes. */
export function warmUp(frame: Uint8Array): void {
  spin(new FrameHandler(SLICE_ROUNDS), frame, 50);
}

/** Handles the same frame for `ms`; how long it really took. */
function spin(handler: FrameHandler, frame: Uint8Array, ms: number): number {
  const started = performance.now();
  let now = started;
  for (; now < started + ms; now = performance.now()) handler.handle(frame);
  return now - started;
}
