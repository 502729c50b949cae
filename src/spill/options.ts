/**
 * What a store and its records can be told.
 *
 * @module
 */

import { OptionError } from "../errors.ts";
import type { DirectoryKind } from "./directory_kind.ts";
import { PAYLOAD_BYTES_MAX, type RecordInfo, RecordKind } from "./format.ts";

/** How large the files of a directory may get. */
export interface SpillOptions {
  /** A segment that is longer gets no further record, in bytes, from 4096 to 4294967296. Default 67108864 (64 MiB). */
  segmentBytes?: number;
  /** Bytes all segments may have together, at least `segmentBytes`. Default: no bound but the disk's. */
  maxBytes?: number;
}

/** What a store is opened with. */
export interface OpenOptions extends SpillOptions {
  /** What the directory is to be for. Default: what it is for already, or nothing that is said. */
  kind?: DirectoryKind;
}

/** Of a segment by default. */
export const SEGMENT_BYTES = 64 * 1024 * 1024;
const SEGMENT_BYTES_MIN = 4096;
const SEGMENT_BYTES_MAX = 2 ** 32;

/** Fills in defaults; throws an `OptionError` for values that can't work. */
export function settle(options: SpillOptions): Required<SpillOptions> {
  const { segmentBytes = SEGMENT_BYTES, maxBytes = Infinity } = options;
  if (!(segmentBytes >= SEGMENT_BYTES_MIN && segmentBytes <= SEGMENT_BYTES_MAX)) {
    const range = `bytes from ${SEGMENT_BYTES_MIN} to ${SEGMENT_BYTES_MAX}`;
    throw new OptionError("segmentBytes", range, segmentBytes);
  }
  if (!(maxBytes >= segmentBytes)) {
    throw new OptionError(
      "maxBytes",
      `at least ${segmentBytes} bytes, the size of a segment`,
      maxBytes,
    );
  }
  return { segmentBytes, maxBytes };
}

const U32_MAX = 2 ** 32 - 1;

/** Throws a `RangeError` for what no record can have. */
export function checkInfo(info: RecordInfo, payloadBytes: number): void {
  const bounds: [string, number, number][] = [
    ["epoch", info.epoch, U32_MAX],
    ["frameCount", info.frameCount, U32_MAX],
    ["streamOffset", info.streamOffset, Number.MAX_SAFE_INTEGER],
    ["timeMicros", info.timeMicros, Number.MAX_SAFE_INTEGER],
    ["payload bytes", payloadBytes, PAYLOAD_BYTES_MAX],
  ];
  if (info.kind !== RecordKind.batch && info.kind !== RecordKind.chunk) {
    throw new RangeError(`expected a kind of record, 1 or 2, got ${info.kind}`);
  }
  for (const [name, value, max] of bounds) {
    if (!(Number.isInteger(value) && value >= 0 && value <= max)) {
      throw new RangeError(`expected ${name} from 0 to ${max}, got ${value}`);
    }
  }
}
