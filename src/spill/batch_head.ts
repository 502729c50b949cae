/**
 * The head of a batch's payload: how long its parts are, and the descriptor.
 *
 * @module
 */

import type { RawRule } from "../batch.ts";
import type { Column } from "../columns.ts";
import { SpillFormatError } from "./errors.ts";

/** Bytes before the descriptor. */
export const PREFIX_BYTES = 16;
/** Payloads in memory, and the arrays in them, begin at multiples of it. */
export const ALIGN_BYTES = 8;

/** What errors call it. */
export const RECORD_OF_FRAMES = "a record of frames";

/** So many bytes, up to where the next array may begin. */
export function roundUp(bytes: number): number {
  return Math.ceil(bytes / ALIGN_BYTES) * ALIGN_BYTES;
}

/** What a batch's payload says of itself. */
export interface BatchDescriptor {
  /** The declared columns. */
  columns: readonly Column[];
  /** How raw positions follow from the index. */
  raw: RawRule;
  /** Bytes of the stream between the frames are not here; said only where it is so. */
  gaps?: true;
}

/** What a batch's payload says of itself, and its frames' raw bytes, for who knows nothing of it. */
export function describeBatch(
  payload: Uint8Array,
): { descriptor: BatchDescriptor; data: Uint8Array } {
  const { dataBytes, descriptor } = readPrefix(payload);
  const text = textOf(descriptor);
  try {
    return {
      descriptor: JSON.parse(text),
      data: payload.subarray(payload.length - dataBytes),
    };
  } catch {
    throw new SpillFormatError(RECORD_OF_FRAMES, "a descriptor in JSON", JSON.stringify(text));
  }
}

/** Lengths as they stand before the descriptor. */
export function prefixOf(
  frames: number,
  base: number,
  dataBytes: number,
  descriptor: Uint8Array,
): Uint8Array {
  return new Uint8Array(new Uint32Array([frames, base, dataBytes, descriptor.length]).buffer);
}

/** The beginning of a payload, each length checked against what there is. */
export function readPrefix(
  payload: Uint8Array,
): { frames: number; base: number; dataBytes: number; descriptor: Uint8Array } {
  if (payload.length < PREFIX_BYTES) {
    throw new SpillFormatError(
      RECORD_OF_FRAMES,
      `at least ${PREFIX_BYTES} bytes`,
      `${payload.length}`,
    );
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const dataBytes = view.getUint32(8, true);
  const descriptorLength = view.getUint32(12, true);
  const rest = payload.length - PREFIX_BYTES;
  if (dataBytes + descriptorLength > rest) {
    throw new SpillFormatError(
      RECORD_OF_FRAMES,
      `${dataBytes} and ${descriptorLength} bytes`,
      `${rest} bytes for both`,
    );
  }
  return {
    frames: view.getUint32(0, true),
    base: view.getUint32(4, true),
    dataBytes,
    descriptor: payload.subarray(PREFIX_BYTES, PREFIX_BYTES + descriptorLength),
  };
}

/** The descriptor as it is written. */
export function descriptorBytes({ columns, raw, gaps }: BatchDescriptor): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({
    columns: columns.map(({ name, type, at, byteOrder = "big" }) => ({
      name,
      type,
      at,
      byteOrder,
    })),
    raw: {
      storesRaw: raw.storesRaw,
      strippedBytes: raw.strippedBytes,
      delimiterBytes: raw.delimiterBytes,
    },
    gaps,
  }));
}

/** A descriptor's text. */
export function textOf(descriptor: Uint8Array): string {
  return new TextDecoder().decode(descriptor);
}
