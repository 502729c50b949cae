/**
 * What each framing makes of a whole stream, as simply as it can be said: the
 * judge the core is tested against.
 */
import type { Framing } from "../../../src/framing.ts";
import { type Decoder, decodeWith, type OracleResult } from "./cursor.ts";
import { netstring, octetCounting } from "./decimal.ts";
import { delimiter, lines } from "./delimiter.ts";
import { beast, cobs, slip } from "./escaped.ts";
import { fixedLength, lengthField } from "./length_field.ts";
import { nats } from "./nats.ts";
import { resp } from "./resp.ts";
import { varintLength } from "./varint.ts";

export type { OracleFrame, OracleResult } from "./cursor.ts";

/** Decodes a whole stream. `raw` has one frame here, where the core has one for each scan. */
export function decode(framing: Framing, stream: Uint8Array): OracleResult {
  const onInvalid = framing.type === "raw" ? "close" : framing.onInvalid ?? "close";
  return decodeWith(decoderOf(framing), onInvalid, stream);
}

function decoderOf(framing: Framing): Decoder {
  switch (framing.type) {
    case "length_field":
      return lengthField(framing);
    case "varint_length":
      return varintLength(framing);
    case "fixed_length":
      return fixedLength(framing);
    case "delimiter":
      return delimiter(framing);
    case "lines":
      return lines(framing);
    case "octet_counting":
      return octetCounting(framing);
    case "netstring":
      return netstring(framing);
    case "slip":
      return slip(framing);
    case "cobs":
      return cobs(framing);
    case "beast":
      return beast(framing);
    case "resp":
      return resp(framing);
    case "nats":
      return nats(framing);
    case "raw":
      return raw;
  }
}

const raw: Decoder = {
  next(cursor) {
    const length = cursor.stream.length - cursor.start;
    // An empty rest is the beginning of a frame, not a frame.
    return cursor.bytes(Math.max(length, 1));
  },
  search: (_, from) => ({ at: from, found: true }),
};
