/**
 * Control traffic, answered by the reader itself, so that a slow handler never
 * makes a server call the connection stale.
 *
 * @module
 */

import type { Core } from "../core/core.ts";
import { checkMs, OptionError } from "../errors.ts";
import type { Writer } from "./writer.ts";

/**
 * Answers every frame that equals `match` with `send`. The frame is delivered all
 * the same. While the write queue is full, answers are owed: they go out as there
 * is room, before anything that is written later.
 */
export interface RespondRule {
  /** The whole frame, as delivered or as it came (with its line end); at least 1 byte. */
  match: string | Uint8Array;
  /** The answer. */
  send: string | Uint8Array;
}

/** Bytes sent at an interval, from when the connection stands. A beat for which the write queue has no room is left out. */
export interface Heartbeat {
  /** Interval in milliseconds, at least 1. */
  everyMs: number;
  /** What is sent. */
  bytes: string | Uint8Array;
}

/** Whether `value` is text or bytes. */
export function isBytes(value: unknown): value is string | Uint8Array {
  return typeof value === "string" || value instanceof Uint8Array;
}

/** Text as UTF-8, bytes as they are. */
export function toBytes(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? new TextEncoder().encode(value) : value;
}

/** Throws an `OptionError` for what is neither text nor bytes. */
export function checkBytes(option: string, value: unknown): void {
  if (!isBytes(value)) throw new OptionError(option, "text or a Uint8Array", value);
}

/** Throws an `OptionError` for what would never be sent, since the queue has no room for it even when it is empty. */
function checkRoom(option: string, bytes: string | Uint8Array, writeQueueBytes: number): void {
  const encoded = toBytes(bytes);
  if (encoded.length <= writeQueueBytes) return;
  throw new OptionError(option, `at most ${writeQueueBytes} bytes (see writeQueueBytes)`, encoded);
}

/** Throws an `OptionError` for rules that can't be followed. */
export function checkRespond(rules: readonly RespondRule[], writeQueueBytes: number): void {
  if (!Array.isArray(rules)) throw new OptionError("respond", "a list of rules", rules);
  for (const [i, rule] of rules.entries()) {
    checkBytes(`respond[${i}].match`, rule?.match);
    checkBytes(`respond[${i}].send`, rule?.send);
    checkRoom(`respond[${i}].send`, rule.send, writeQueueBytes);
  }
}

/** Throws an `OptionError` for intervals and bytes that can't work. */
export function checkHeartbeat(heartbeat: Heartbeat | undefined, writeQueueBytes: number): void {
  if (heartbeat === undefined) return;
  checkBytes("heartbeat.bytes", heartbeat?.bytes);
  checkRoom("heartbeat.bytes", heartbeat.bytes, writeQueueBytes);
  checkMs("heartbeat.everyMs", heartbeat.everyMs, 1);
}

/** Answers and beats on one connection. Write errors are told to users who write, and left to the reader, which meets them too. */
export class Control {
  readonly #core: Core;
  readonly #writer: Writer;
  readonly #answers: readonly Uint8Array[];
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    core: Core,
    writer: Writer,
    rules: readonly RespondRule[],
    heartbeat: Heartbeat | undefined,
  ) {
    this.#core = core;
    this.#writer = writer;
    this.#answers = rules.map((rule) => toBytes(rule.send));
    if (heartbeat !== undefined) {
      const bytes = toBytes(heartbeat.bytes);
      this.#timer = setInterval(() => writer.write(bytes).catch(() => {}), heartbeat.everyMs);
    }
  }

  /** Sends what the drained frames asked for. */
  answer(): void {
    for (let i = 0; i < this.#answers.length; i++) {
      const hits = this.#core.takeHits(i);
      if (hits > 0) this.#writer.answer(this.#answers[i], hits);
    }
  }

  /** Stops the heartbeat, and takes what frames asked for behind the last answer: it is not for the next connection. */
  stop(): void {
    clearInterval(this.#timer);
    this.answer();
  }
}
