/**
 * What a recording can be told.
 *
 * @module
 */

import { CHUNK_BYTES_MAX } from "../core/layout.ts";
import { checkFunction, checkMs, OptionError } from "../errors.ts";
import type { SpillOptions } from "../spill/options.ts";
import type { RecordingError } from "./errors.ts";

/** What a recorder tells. */
export type RecorderEvent =
  /** The buffer is full: reading waits until a quarter of it is free. */
  | { type: "behind"; bufferedBytes: number }
  /** Reading goes on. */
  | { type: "caught_up"; waitedMs: number }
  /** The recording ended by itself; what comes now is counted as lost. */
  | { type: "stopped"; error: RecordingError };

/** Options of `openRecorder()`. */
export interface RecorderOptions extends SpillOptions {
  /**
   * Memory for chunks on their way to the disk, in bytes, from 524288 on,
   * allocated at once and never exceeded: what a slow fsync may take without
   * holding up the socket. A chunk counts as 256 bytes more than it has. Default
   * 16777216 (16 MiB).
   */
  bufferBytes?: number;
  /** What happens when that is full: reading waits (the server may then cut the connection), or the recording ends. Default `"pause"`. */
  whenBehind?: "pause" | "stop";
  /** What a recording that ended by itself does to its feed: end it with the error, or let it go on unrecorded. Default `"end_feed"`. */
  whenEnded?: "end_feed" | "go_on";
  /** After how many milliseconds at the latest what was recorded is brought onto the disk by fsync, from 1 to 2147483647. Default 100. */
  syncEveryMs?: number;
  /** Called with each event, from within the read loop: keep it short. */
  onEvent?: (event: RecorderEvent) => void;
}

/** With every default filled in, but for the store's. */
export type RecorderSettings = Required<Omit<RecorderOptions, keyof SpillOptions>>;

/** One chunk waits while another is written. */
const BUFFER_BYTES_MIN = 2 * CHUNK_BYTES_MAX;

/** Fills in defaults; throws an `OptionError` for values that can't work. */
export function settleRecorder(options: RecorderOptions): RecorderSettings {
  const settings: RecorderSettings = {
    bufferBytes: options.bufferBytes ?? 16 * 1024 * 1024,
    whenBehind: options.whenBehind ?? "pause",
    whenEnded: options.whenEnded ?? "end_feed",
    syncEveryMs: options.syncEveryMs ?? 100,
    onEvent: options.onEvent ?? (() => {}),
  };
  const { bufferBytes, whenBehind, whenEnded, syncEveryMs, onEvent } = settings;
  if (!(Number.isInteger(bufferBytes) && bufferBytes >= BUFFER_BYTES_MIN)) {
    throw new OptionError("bufferBytes", `whole bytes from ${BUFFER_BYTES_MIN} on`, bufferBytes);
  }
  if (!["pause", "stop"].includes(whenBehind)) {
    throw new OptionError("whenBehind", '"pause" or "stop"', whenBehind);
  }
  if (!["end_feed", "go_on"].includes(whenEnded)) {
    throw new OptionError("whenEnded", '"end_feed" or "go_on"', whenEnded);
  }
  checkMs("syncEveryMs", syncEveryMs, 1);
  checkFunction("onEvent", onEvent);
  return settings;
}
