/**
 * The writer: a bounded queue in front of a connection, so that every write is
 * complete and in order whoever writes: user, respond rule or heartbeat.
 *
 * @module
 */

import { withResolvers } from "../deferred.ts";
import { type DisconnectError, WriteQueueFullError } from "../errors.ts";
import type { ClientStats } from "../status.ts";
import type { Transport } from "../transport/transport.ts";

interface Entry {
  bytes: Uint8Array;
  settle: PromiseWithResolvers<void>;
}

/** Writes to one connection. */
export class Writer {
  readonly #transport: Transport;
  readonly #limitBytes: number;
  readonly #stats: ClientStats;
  readonly #disconnected: (cause: unknown) => DisconnectError;
  readonly #queue: Entry[] = [];
  #queuedBytes = 0;
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

  /** Queues `bytes`; resolves once the kernel has all of them. Rejects with a `WriteQueueFullError` at the limit, or with what ended the connection. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#queuedBytes + bytes.length > this.#limitBytes) {
      return Promise.reject(
        new WriteQueueFullError(bytes.length, this.#queuedBytes, this.#limitBytes),
      );
    }
    const settle = withResolvers<void>();
    this.#queuedBytes += bytes.length;
    this.#queue.push({ bytes, settle });
    if (!this.#writing) this.#drainQueue();
    return settle.promise;
  }

  /** Ends the queue: what waits and what comes is rejected with `error`. */
  fail(error: DisconnectError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#queuedBytes = 0;
    for (const entry of this.#queue.splice(0)) entry.settle.reject(error);
  }

  async #drainQueue(): Promise<void> {
    this.#writing = true;
    try {
      for (let entry = this.#queue[0]; entry !== undefined; entry = this.#queue[0]) {
        for (let at = 0; at < entry.bytes.length;) {
          const written = await this.#transport.write(entry.bytes.subarray(at));
          at += written;
          this.#stats.bytesWritten += written;
        }
        // fail() may have taken the entry meanwhile.
        if (this.#queue[0] !== entry) return;
        this.#queue.shift();
        this.#queuedBytes -= entry.bytes.length;
        entry.settle.resolve();
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
