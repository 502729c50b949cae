/**
 * Counters in memory that supervisor and reader share, so that looking at them
 * costs no message.
 *
 * ```text
 * │ version │ pad │ client's counters … │ those of each handler … │
 * ```
 *
 * @module
 */

import type { FailureCounts } from "../isolation/failure_options.ts";
import { type ClientStats, type HandlerStats, newStats } from "../status.ts";

/** What one handler was given and was not, and what became of that. */
export interface IsolatedHandlerStats
  extends HandlerStats, Omit<FailureCounts, "batches" | "frames"> {
  /** Frames its worker did not answer for; they count as delivered. */
  framesUnanswered: number;
  /** Frames of batches it has not given back yet; they count as delivered. */
  framesHeld: number;
}

/** All of them. */
export interface IsolatedStats {
  client: ClientStats;
  handlers: Record<string, IsolatedHandlerStats>;
}

const CLIENT_NAMES = Object.keys(newStats()) as (keyof ClientStats)[];
const HANDLER_NAMES: readonly (keyof IsolatedHandlerStats)[] = [
  "batches",
  "framesDelivered",
  "framesPending",
  "framesDroppedOldest",
  "framesDroppedNewest",
  "framesDroppedSpill",
  "framesDroppedAtEnd",
  "framesSpilled",
  "framesRecovered",
  "framesLostOnDisk",
  "heldMs",
  "retries",
  "skippedBatches",
  "skippedFrames",
  "deadLetterFrames",
  "overBudget",
  "framesUnanswered",
  "framesHeld",
];

/** Attempts to read counters that are not just being written, which takes a microsecond or so. */
const ATTEMPTS = 1000;

/** Both sides' view. */
export class StatsBlock {
  /** Odd while counters are being written. */
  readonly #version: Int32Array<SharedArrayBuffer>;
  readonly #numbers: Float64Array<SharedArrayBuffer>;
  readonly #handlers: readonly string[];

  /** A new block for the handlers of these names, or a view of one that was made for them. */
  constructor(handlers: readonly string[], made?: SharedArrayBuffer) {
    const count = CLIENT_NAMES.length + handlers.length * HANDLER_NAMES.length;
    const buffer = made ?? new SharedArrayBuffer(8 * (1 + count));
    this.#handlers = handlers;
    this.#version = new Int32Array(buffer, 0, 1);
    this.#numbers = new Float64Array(buffer, 8);
  }

  /** What is posted to the reader. */
  get buffer(): SharedArrayBuffer {
    return this.#numbers.buffer;
  }

  /** Writes all counters. */
  write({ client, handlers }: IsolatedStats): void {
    let at = 0;
    Atomics.add(this.#version, 0, 1);
    for (const name of CLIENT_NAMES) this.#numbers[at++] = client[name];
    for (const handler of this.#handlers) {
      for (const name of HANDLER_NAMES) this.#numbers[at++] = handlers[handler][name];
    }
    Atomics.add(this.#version, 0, 1);
  }

  /** All counters as they were at one moment. */
  read(): IsolatedStats {
    let numbers = this.#numbers.slice();
    for (let i = 0; i < ATTEMPTS; i++) {
      const version = Atomics.load(this.#version, 0);
      numbers = this.#numbers.slice();
      if (version % 2 === 0 && Atomics.load(this.#version, 0) === version) break;
    }
    let at = 0;
    const take = (names: readonly string[]) =>
      Object.fromEntries(names.map((name) => [name, numbers[at++]]));
    const client = take(CLIENT_NAMES) as unknown as ClientStats;
    const handlers = Object.fromEntries(
      this.#handlers.map((name) => [name, take(HANDLER_NAMES) as unknown as IsolatedHandlerStats]),
    );
    return { client, handlers };
  }
}
