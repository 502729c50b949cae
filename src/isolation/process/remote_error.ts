/**
 * Errors that go from one process to another.
 *
 * @module
 */

import { SpillwayError } from "../../errors.ts";
import { type ErrorText, isErrorText, textOf } from "../error_text.ts";

/** What was thrown in another process; the message is the original one. */
export class RemoteError extends SpillwayError {
  /** Class name. */
  override name = "RemoteError";
  /** Class name of what was thrown, or its type if it was no error. */
  readonly remoteName: string;
  /** Its stack there; empty if it had none. */
  readonly remoteStack: string;

  /** Takes what was sent. */
  constructor({ name, message, stack }: ErrorText) {
    super(message);
    this.remoteName = name;
    this.remoteStack = stack;
  }
}

/** `error` in JSON of at most `maxBytes`: texts too long are cut, the stack first. */
export function encodeError(error: unknown, maxBytes: number): Uint8Array {
  const text = textOf(error);
  const encoder = new TextEncoder();
  let bytes = encoder.encode(JSON.stringify(text));
  // A character takes up to six bytes in JSON, as \\u0000.
  for (let keep = Math.floor(maxBytes / 6); bytes.length > maxBytes; keep = Math.floor(keep / 2)) {
    text.stack = text.stack.slice(0, keep);
    text.name = text.name.slice(0, 100);
    bytes = encoder.encode(JSON.stringify(text));
    if (bytes.length <= maxBytes) break;
    text.message = text.message.slice(0, keep);
    bytes = encoder.encode(JSON.stringify(text));
  }
  return bytes;
}

/** The error that `bytes` are, or `undefined` if they are none. */
export function decodeError(bytes: Uint8Array): RemoteError | undefined {
  let text: unknown;
  try {
    text = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
  return isErrorText(text) ? new RemoteError(text) : undefined;
}
