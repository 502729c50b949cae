/**
 * How a connection or a recording ended, where an option had a part in it.
 *
 * @module
 */

import { type DisconnectError, FramingError } from "../mod.ts";
import type { RecordingError } from "../src/record/errors.ts";

/** How options are called, what some were set to, and who does what the library has others do. */
export interface EndWords {
  /** A flag, or a key of a config file. */
  nameOf: (option: string) => string;
  idleTimeoutMs: number | undefined;
  /** What takes the frames, if it is no handler of the user's. */
  handler?: string;
  /** What takes the bytes, if it is no tap of the user's. */
  tap?: string;
}

/** The message of a connection's end with the option it tells of as its user has set it, and who is to blame. */
export function endSentence(error: DisconnectError, words: EndWords): string {
  const { handler = YOUR_HANDLER, tap = YOUR_TAP } = words;
  return ofOption(error, words).replace(YOUR_HANDLER, handler).replace(YOUR_TAP, tap);
}

/** What the library calls them. */
const YOUR_HANDLER = "your handler";
const YOUR_TAP = "your tap";

function ofOption(error: DisconnectError, words: EndWords): string {
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
