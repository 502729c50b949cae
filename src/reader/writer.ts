/**
 * The writer: a bounded queue in front of a connection, so that every write is
 * complete and in order whoever writes: user, respond rule or heartbeat.
 *
 * @module
 */

import { abandonable, withResolvers } from "../deferred.ts";
import { type DisconnectError, WriteQueueFullError } from "../errors.ts";
import type { ClientStats } from "../status.ts";
import { type Transport, writtenOf } from "../transport/transport.ts";
import { WriteQueue } from "./write_queue.ts";

/** Writes to one connection. */
export class Writer {
  readonly #transport: Transport;
  readonly #limitBytes: number;
  readonly #stats: ClientStats;
  readonly #disconnected: (cause: unknown) => DisconnectError;
  readonly #queue = new WriteQueue();
  /** Answers the queue has no room for, and how often: the one whose turn it is first. */
  readonly #owed = new Map<Uint8Array, number>();
  #owedBytes = 0;
  #writing = false;
  #cause: unknown;
  #error: DisconnectError | undefined;

  /** `disconnected` makes the error that writers get of what the connection threw. */
  constructor(
    transport: Transport,
    limitBytes: number,
    stats: ClientStats,
    disconnected: (cause: unknown) => DisconnectError,
  ) {
    this.#transport = transport;
    this.#limitBytes = limitBytes;
    this.#stats = stats;
    this.#disconnected = disconnected;
  }

  /** What the connection threw at a write. */
  get cause(): unknown {
    return this.#cause;
  }

  /** Queues `bytes`; resolves once the kernel has all of them. Rejects with a `WriteQueueFullError` at the limit, or with what ended the connection, which others tell as well: who waits for no write need not hear of that. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#error !== undefined) return abandonable(Promise.reject(this.#error));
    // What is owed comes first: else a user who writes much would keep an answer waiting for ever.
    const waitingBytes = this.#queue.bytes + this.#owedBytes;
    if (waitingBytes + bytes.length > this.#limitBytes) {
      return Promise.reject(new WriteQueueFullError(bytes.length, waitingBytes, this.#limitBytes));
    }
    const { promise, resolve, reject } = withResolvers<void>();
    this.#queue.push({
      bytes,
      times: 1,
      written: () => resolve(),
      failed: (_, error) => {
        abandonable(promise);
        reject(error);
      },
    });
    this.#begin();
    return promise;
  }

  /** Sends an answer of at most the queue's limit `times` over; what has no room yet is a number only. */
  answer(bytes: Uint8Array, times: number): void {
    if (this.#error !== undefined) return this.#dropped(times);
    if (bytes.length === 0) return this.#answered(times);
    this.#owed.set(bytes, (this.#owed.get(bytes) ?? 0) + times);
    this.#owedBytes += bytes.length * times;
    this.#queueOwed();
    this.#begin();
  }

  /** Ends the queue: what waits and what comes is rejected with `error`, answers are counted as dropped. */
  fail(error: DisconnectError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#queue.fail(error);
    for (const times of this.#owed.values()) this.#dropped(times);
    this.#owed.clear();
    this.#owedBytes = 0;
  }

  /** Queues of the answers that are owed what there is room for. */
  #queueOwed(): void {
    if (this.#owedBytes === 0) return;
    for (const [bytes, times] of this.#owed) {
      const roomBytes = this.#limitBytes - this.#queue.bytes;
      const fitting = Math.min(times, Math.floor(roomBytes / bytes.length));
      if (fitting === 0) return;
      this.#owed.delete(bytes);
      this.#owedBytes -= bytes.length * fitting;
      this.#queue.push({
        bytes,
        times: fitting,
        written: this.#answered,
        failed: this.#dropped,
      });
      // Behind the others: it is their turn when there is room again.
      if (fitting < times) return void this.#owed.set(bytes, times - fitting);
    }
  }

  readonly #answered = (times: number) => {
    this.#stats.responses += times;
  };

  readonly #dropped = (times: number) => {
    this.#stats.responsesDropped += times;
  };

  #begin(): void {
    if (!this.#writing) this.#drainQueue();
  }

  async #drainQueue(): Promise<void> {
    this.#writing = true;
    try {
      for (let bytes = this.#queue.next(); bytes !== undefined; bytes = this.#queue.next()) {
        // What is empty only waits for its turn.
        const written = bytes.length === 0
          ? 0
          : writtenOf(bytes, await this.#transport.write(bytes));
        this.#stats.bytesWritten += written;
        // fail() may have emptied the queue meanwhile.
        if (this.#error !== undefined) return;
        this.#queue.advance(written);
        this.#queueOwed();
      }
    } catch (cause) {
      if (this.#error !== undefined) return;
      this.#cause = cause;
      this.fail(this.#disconnected(cause));
    } finally {
      this.#writing = false;
    }
  }
}
