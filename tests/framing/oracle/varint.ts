/** Naive varint_length: protobuf's length-delimited messages. */
import type { VarintLengthFraming } from "../../../src/framing.ts";
import { type Decoder, Invalid } from "./cursor.ts";

/** A varint of up to ten bytes, then as many bytes as it says. */
export function varintLength({ maxFrameLength: max = 131072 }: VarintLengthFraming): Decoder {
  return {
    next(cursor) {
      let value = 0n;
      let byte: number;
      do {
        byte = cursor.byte();
        // The tenth byte holds bit 63 and nothing else.
        if (cursor.read === 10 && byte > 1) {
          throw new Invalid("varint_too_long", cursor.at - 1, cursor.read);
        }
        value += BigInt(byte & 0x7f) << BigInt(7 * (cursor.read - 1));
      } while (byte >= 0x80);
      if (value > 2n ** 62n) throw new Invalid("length_overflow", cursor.start, cursor.read);
      if (value > max) {
        throw new Invalid("frame_too_long", cursor.start, cursor.read + Number(value));
      }
      return cursor.bytes(Number(value));
    },
    // Every violation knows how much to discard.
    search: (_, from) => ({ at: from, found: true }),
  };
}
