/** What a client delivers for a frame, as the docstrings of push/encode.ts state it. */
import type { Framing } from "../../src/framing.ts";
import { encodeFrame } from "../../push/encode.ts";

/** The frame a client delivers for what `encodeFrame(framing, payload)` put on the wire. */
export function delivered(framing: Framing, payload: Uint8Array): Uint8Array {
  switch (framing.type) {
    case "length_field":
      return encodeFrame(framing, payload).subarray(framing.initialBytesToStrip ?? 0);
    case "fixed_length":
    case "resp":
    case "nats":
      return encodeFrame(framing, payload);
    case "delimiter":
      return framing.keepDelimiter ? encodeFrame(framing, payload) : payload;
    case "lines":
      if (framing.keepDelimiter) return encodeFrame(framing, payload);
      return payload.at(-1) === 0x0d ? payload.subarray(0, -1) : payload;
    default:
      return payload;
  }
}
