/**
 * How a connection or a recording ended, where an option had a part in it.
 *
 * @module
 */

import { type DisconnectError, FramingError } from "../mod.ts";
import type { RecordingError } from "../src/record/errors.ts";

/** How options are called, and what some were set to. */
export interface OptionWords {
  /** A flag, or a key of a config file. */
  nameOf: (option: string) => string;
  idleTimeoutMs: number | undefined;
}

/** The message of a connection's end with the option it tells of as its user has set it. */
export function endSentence(error: DisconnectError, words: OptionWords): string {
  const { message, reason, cause } = error;
  if (reason === "idle_timeout") {
    const name = words.nameOf("idleTimeoutMs");
    return message.replace("idleTimeoutMs", `${name} (${words.idleTimeoutMs} ms)`);
  }
  if (!(cause instanceof FramingError) || cause.violation !== "frame_too_long") return message;
  return message.replace("maxFrameLength", words.nameOf("framing.maxFrameLength"));
}

/** The same of a recording. */
export function recordingEnd(error: RecordingError): RecordingError {
  if (error.reason === "behind") error.message = error.message.replace("bufferBytes,", "--buffer,");
  return error;
}
