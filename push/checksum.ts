/**
 * The checksums a framing's `resync` can name, bit by bit and without tables:
 * the plain twin of the core's kernels.
 *
 * @module
 */

import type { Resync } from "../src/framing.ts";

/** A checksum option as the framings hold it. */
export type ChecksumOption = NonNullable<Resync["checksum"]>;

/** Name of a checksum. */
export type ChecksumType = ChecksumOption["type"];

/** Bytes each checksum takes at the end of a frame. */
export const CHECKSUM_WIDTH: Readonly<Record<ChecksumType, number>> = {
  xor8: 1,
  sum8: 1,
  crc16: 2,
  crc32: 4,
  crc32c: 4,
};

/** CRC-16/CCITT-FALSE: polynomial 0x1021, initial value 0xFFFF, not reflected. */
function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 0x8000) !== 0 ? (crc << 1) ^ 0x1021 : crc << 1;
    }
    crc &= 0xffff;
  }
  return crc;
}

/** A reflected 32-bit CRC with initial value and final XOR 0xFFFFFFFF. */
function reflectedCrc32(bytes: Uint8Array, polynomial: number): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 1) !== 0 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    }
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** The checksum of `bytes` as an unsigned number. */
export function checksum(type: ChecksumType, bytes: Uint8Array): number {
  switch (type) {
    case "xor8":
      return bytes.reduce((sum, byte) => sum ^ byte, 0);
    case "sum8":
      return bytes.reduce((sum, byte) => (sum + byte) & 0xff, 0);
    case "crc16":
      return crc16(bytes);
    case "crc32":
      return reflectedCrc32(bytes, 0xedb88320);
    case "crc32c":
      return reflectedCrc32(bytes, 0x82f63b78);
  }
}
