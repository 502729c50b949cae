/**
 * What is said on a wire: how a publisher publishes messages, how a subscriber
 * asks for them, and which message is in a frame. Messages are numbered from 0
 * and made from their number, so that both sides know what every one holds.
 */
import type { Framing } from "../../../src/framing.ts";
import type { RespondRule } from "../../../src/reader/control.ts";

/** One server's protocol, from both sides. */
export interface Wire {
  /** How the feed is cut into frames. */
  readonly framing: Framing;
  /** What a subscriber says first; nothing where the server pushes unasked. */
  readonly hello?: string;
  /** The frame that says the subscription stands; none where there is none to ask for. */
  readonly welcome?: string;
  /** What a subscriber has to answer. */
  readonly respond: readonly RespondRule[];
  /** What a publisher says first. */
  readonly publisherHello?: string;
  /** What a publisher sends for a message. */
  publication(message: number): Uint8Array;
  /** A frame as a subscriber gets it. */
  sample(): Uint8Array;
  /** The number of the message in a frame, `undefined` if it is something else; throws if it is damaged. */
  messageIn(frame: Uint8Array): number | undefined;
}

/** Digits of a message's number. */
export const NUMBER_DIGITS = 8;

const PAYLOAD_BYTES = 200;

/** A message's number in text. */
export function numberText(message: number): string {
  return String(message).padStart(NUMBER_DIGITS, "0");
}

/** A message for servers that carry any bytes: its number, then one letter over and over. */
export function payload(message: number): string {
  const letter = String.fromCharCode("a".charCodeAt(0) + message % 26);
  return numberText(message).padEnd(PAYLOAD_BYTES, letter);
}

/**
 * The number of the message in a frame that is made of `frameOf(number)`, and
 * has the number's digits at `numberAt`. Throws if a byte differs.
 */
export function checkedNumber(
  frame: Uint8Array,
  numberAt: number,
  frameOf: (message: number) => string,
): number {
  const text = new TextDecoder().decode(frame);
  const message = Number(text.slice(numberAt, numberAt + NUMBER_DIGITS));
  const expected = frameOf(message);
  if (text !== expected) {
    throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(text)}`);
  }
  return message;
}
