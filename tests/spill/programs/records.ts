/** Records whose bytes follow from their sequence, so that who reads them knows what was written. */
import type { RecordInfo } from "../../../src/spill/format.ts";
import { infoOf } from "../harness.ts";
import { between, noise, random } from "../random.ts";

/** Small, so that segments come and go often. */
export const OPTIONS = { segmentBytes: 256 * 1024 };
/** Whose cursor it is. */
export const HANDLER = "killed";

/** Repeated; of no length that a sector or a page is a multiple of. */
const NOISE_BYTES = 1009;

/** The payload of a record: a few are long, so that they are killed in the middle. */
export function payloadOf(sequence: number): Uint8Array {
  const draw = random(sequence);
  const payload = new Uint8Array(between(draw, 0, draw() < 0.3 ? 500_000 : 3000));
  const piece = noise(draw, NOISE_BYTES);
  for (let at = 0; at < payload.length; at += NOISE_BYTES) {
    payload.set(piece.subarray(0, payload.length - at), at);
  }
  return payload;
}

/** What is said of it, and its payload in parts. */
export function recordOf(sequence: number): { info: RecordInfo; parts: Uint8Array[] } {
  const payload = payloadOf(sequence);
  const half = payload.length >> 1;
  const cuts = [0, Math.min(100, half), half, payload.length];
  const parts = cuts.slice(1).map((cut, i) => payload.subarray(cuts[i], cut));
  return { info: infoOf(sequence), parts };
}
