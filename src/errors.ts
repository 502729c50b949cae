/**
 * Every error Spillway throws. Messages are one sentence: what was expected,
 * what came, and where in the stream.
 *
 * @module
 */

import type { DisconnectReason } from "./reason.ts";
import type { DisconnectReport } from "./verdict.ts";

/** Names of what can be wrong with an incoming frame. */
export type ViolationName =
  | "frame_too_long"
  | "length_negative"
  | "length_overflow"
  | "length_below_header"
  | "strip_exceeds_frame"
  | "varint_too_long"
  | "bad_digit"
  | "bad_byte"
  | "bad_escape"
  | "bad_type"
  | "too_deep"
  | "bad_magic"
  | "bad_checksum";

/** Base class of all errors Spillway throws on its own account. */
export class SpillwayError extends Error {
  /** Class name, stable across minification. */
  override name = "SpillwayError";
}

/** What was thrown, in words; nothing that can be thrown makes this throw in turn. */
export function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? `${thrown.message}` : String(thrown);
  } catch {
    return "something that can't be shown";
  }
}

/** What was thrown, as an error. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown), { cause: thrown });
}

/** An option has a value that can't work. Where `connect()` rejects with it, nothing was connected. */
export class OptionError extends SpillwayError {
  /** Class name. */
  override name = "OptionError";
  /** Path of the option, such as `framing.maxFrameLength`. */
  readonly option: string;
  /** What it takes, in words. */
  readonly expected: string;
  /** What it got, in words. */
  readonly actual: string;

  /** Says what `option` takes and what it got. */
  constructor(option: string, expected: string, actual: unknown) {
    const shown = show(actual);
    super(`${option} takes ${expected}, got ${shown}`);
    this.option = option;
    this.expected = expected;
    this.actual = shown;
  }
}

/** Timers take no more, and would fire at once. */
export const TIMER_MS_MAX = 2 ** 31 - 1;

/** Throws an `OptionError` for what is no time from `min` on. */
export function checkMs(option: string, ms: number, min: number): void {
  if (typeof ms === "number" && ms >= min && ms <= TIMER_MS_MAX) return;
  throw new OptionError(option, `milliseconds from ${min} to ${TIMER_MS_MAX}`, ms);
}

/** Throws an `OptionError` for what is given and no function. */
export function checkFunction(option: string, given: unknown): void {
  if (given !== undefined && typeof given !== "function") {
    throw new OptionError(option, "a function", given);
  }
}

/** What the core tells of an invalid frame. */
export interface ViolationDetail {
  /** What was wrong. */
  violation: ViolationName;
  /** What would have been right: a length, a byte value, a depth or a checksum, as `violation` says. */
  expected: bigint;
  /** What came instead. */
  actual: bigint;
  /** Offset of the offending byte in the connection's stream, from 0 behind what the handshake read. */
  offset: number;
}

/** The input is not what the framing says. Frames before it were delivered. */
export class FramingError extends SpillwayError {
  /** Class name. */
  override name = "FramingError";
  /** What was wrong. */
  readonly violation: ViolationName;
  /** What would have been right: a length, a byte value, a depth or a checksum, as `violation` says. */
  readonly expected: bigint;
  /** What came instead. */
  readonly actual: bigint;
  /** Offset of the offending byte in the connection's stream, from 0 behind what the handshake read. */
  readonly offset: number;

  /** Renders `detail` as a sentence. */
  constructor(detail: ViolationDetail) {
    super(
      `${SENTENCES[detail.violation](detail.expected, detail.actual)} at offset ${detail.offset}`,
    );
    this.violation = detail.violation;
    this.expected = detail.expected;
    this.actual = detail.actual;
    this.offset = detail.offset;
  }
}

/**
 * A connection ended, or could not be made. `cause` is the original error;
 * everything received before was delivered first.
 */
export class DisconnectError extends SpillwayError {
  /** Class name. */
  override name = "DisconnectError";
  /** How it ended. */
  readonly reason: DisconnectReason;
  /** What the operating system said, such as `"ECONNRESET"`; `undefined` if it said nothing. */
  readonly code: string | undefined;
  /** Linux's number of `code`, such as 104; `undefined` if it has none here. */
  readonly errno: number | undefined;
  /** What happened before, and who is the likely cause. */
  readonly report: DisconnectReport;

  /** Puts `report`'s verdict behind what happened. */
  constructor(
    what: string,
    reason: DisconnectReason,
    report: DisconnectReport,
    options: { code?: string; cause?: unknown } = {},
  ) {
    super(`${what}: ${report.verdict.sentence}`, { cause: options.cause });
    this.reason = reason;
    this.code = options.code;
    this.errno = options.code === undefined ? undefined : linuxErrno(options.code);
    this.report = report;
  }
}

/**
 * The core's memory holds what the core can't have put there. Its memory is
 * shared (`sharedMemory`), and code in a worker has overwritten it: a worker
 * limits rights, not integrity. The core begins anew with the next connection.
 */
export class CorruptMemoryError extends SpillwayError {
  /** Class name. */
  override name = "CorruptMemoryError";

  /** `what` was expected and what came. */
  constructor(what: string, options: { cause?: unknown } = {}) {
    super(`${what}: code in a worker overwrote the shared memory, processHandler() contains it`, {
      cause: options.cause,
    });
  }
}

/** The write queue is full; nothing of this call was queued. */
export class WriteQueueFullError extends SpillwayError {
  /** Class name. */
  override name = "WriteQueueFullError";

  /** Says how much was to be written, how much waits and how much may, in what the limit is of. */
  constructor(came: number, waiting: number, limit: number, unit: "bytes" | "writes" = "bytes") {
    super(
      `expected at most ${limit} ${unit} to wait for the server, but ${waiting} wait and ${came} came`,
    );
  }
}

/** Linux's numbers: what the story's logs show, and what people search for. */
const LINUX_ERRNO: Readonly<Record<string, number>> = {
  EPIPE: 32,
  ENETUNREACH: 101,
  ECONNABORTED: 103,
  ECONNRESET: 104,
  ENOTCONN: 107,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
};

/** Linux's number of an error code, if the code is one a connection can end with. */
export function linuxErrno(code: string): number | undefined {
  return LINUX_ERRNO[code];
}

const SENTENCES: Record<ViolationName, (expected: bigint, actual: bigint) => string> = {
  frame_too_long: (e, a) => `expected a frame of at most ${e} bytes, got ${a} (see maxFrameLength)`,
  length_negative: (e, a) => `expected a length of at least ${e}, got ${a}`,
  length_overflow: (e, a) => `expected a length of at most ${e}, got ${BigInt.asUintN(64, a)}`,
  length_below_header: (e, a) =>
    `expected a frame of at least ${e} bytes with its header, got ${a}`,
  strip_exceeds_frame: (e, a) => `expected a frame of at least ${e} bytes to strip, got ${a}`,
  varint_too_long: (e, a) =>
    `expected a varint of at most 64 bits, got byte ${hex(a, 2)} in place ${e}`,
  bad_digit: (_, a) =>
    a >= 0x30n && a <= 0x39n
      ? `expected a length without a leading zero, got the digit ${a - 0x30n}`
      : `expected a decimal digit of a length, got ${byte(a)}`,
  bad_byte: (e, a) => `expected ${byte(e)}, got ${byte(a)}`,
  bad_escape: (_, a) => `expected an escaped byte, got ${byte(a)}`,
  bad_type: (_, a) => `expected a known type byte, got ${byte(a)}`,
  too_deep: (e, a) => `expected values nested at most ${e} levels deep, got ${a}`,
  bad_magic: (e, a) => `expected magic ${byte(e)}, got ${byte(a)}`,
  bad_checksum: (e, a) => `expected checksum ${hex(e, 2)}, got ${hex(a, 2)}`,
};

function hex(value: bigint, digits: number): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}

function byte(value: bigint): string {
  const printable = value > 0x20n && value < 0x7fn;
  return printable ? `${hex(value, 2)} "${String.fromCharCode(Number(value))}"` : hex(value, 2);
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
