/** Bytes put together and taken apart the slow and plain way. */

/** Which end of a number comes first; `big` is the network's. */
export type ByteOrder = "little" | "big";

/** One array of all parts. */
export function concat(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Reads and writes numbers of `bytes`. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A copy of `bytes`, changed by `edit`. */
export function edited(bytes: Uint8Array, edit: (view: DataView) => void): Uint8Array {
  const copy = bytes.slice();
  edit(viewOf(copy));
  return copy;
}

/** Single bytes. */
export function u8(...values: number[]): Uint8Array {
  return Uint8Array.of(...values);
}

function ordered(big: Uint8Array, order: ByteOrder): Uint8Array {
  return order === "big" ? big : big.reverse();
}

/** Two bytes. */
export function u16(value: number, order: ByteOrder = "big"): Uint8Array {
  return ordered(u8(value >>> 8, value), order);
}

/** Four bytes. */
export function u32(value: number, order: ByteOrder = "big"): Uint8Array {
  return ordered(u8(value >>> 24, value >>> 16, value >>> 8, value), order);
}

/** Eight bytes. */
export function u64(value: bigint, order: ByteOrder = "big"): Uint8Array {
  const big = concat([u32(Number(value >> 32n)), u32(Number(value & 0xffffffffn))]);
  return ordered(big, order);
}

/** `bytes` with zeros behind, up to a multiple of four. */
export function padded(bytes: Uint8Array): Uint8Array {
  return concat([bytes, new Uint8Array(-bytes.length & 3)]);
}

/** Zeros behind `bytes` up to `length`, nothing if it is as long already. */
export function stretched(bytes: Uint8Array, length: number): Uint8Array {
  return concat([bytes, new Uint8Array(Math.max(0, length - bytes.length))]);
}

/** The other byte order. */
export function opposite(order: ByteOrder): ByteOrder {
  return order === "little" ? "big" : "little";
}
