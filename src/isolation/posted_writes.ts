/**
 * Writes on their way to the isolate that has the connection.
 *
 * @module
 */

import { abandonable, withResolvers } from "../deferred.ts";
import { WriteQueueFullError } from "../errors.ts";
import { isBytes, toBytes } from "../reader/control.ts";

/** Bytes that may be on their way to the server. */
export const WRITE_BYTES_MAX = 1024 * 1024;
/** And writes. */
export const WRITES_MAX = 1024;

/** Posts bytes, not without bounds, and waits for what becomes of them. */
export class PostedWrites {
  readonly #waiting = new Map<number, { bytes: number; settle: PromiseWithResolvers<void> }>();
  readonly #post: (id: number, bytes: Uint8Array<ArrayBuffer>) => void;
  #bytes = 0;
  #last = 0;

  /** `post` takes bytes that nobody else has. */
  constructor(post: (id: number, bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#post = post;
  }

  /** Resolves when the kernel has the bytes; rejects with what kept them from it. */
  write(data: string | Uint8Array): Promise<void> {
    if (!isBytes(data)) {
      return Promise.reject(new TypeError(`expected text or a Uint8Array, got ${typeof data}`));
    }
    // A copy: what a batch lent must not be posted as what it is, shared memory.
    const bytes = toBytes(data).slice();
    if (this.#waiting.size >= WRITES_MAX) {
      return Promise.reject(new WriteQueueFullError(1, this.#waiting.size, WRITES_MAX, "writes"));
    }
    if (this.#bytes + bytes.length > WRITE_BYTES_MAX) {
      return Promise.reject(new WriteQueueFullError(bytes.length, this.#bytes, WRITE_BYTES_MAX));
    }
    const settle = withResolvers<void>();
    // One of 32 bits, which is what a message to another process has room for.
    const id = this.#last = (this.#last + 1) >>> 0;
    this.#bytes += bytes.length;
    this.#waiting.set(id, { bytes: bytes.length, settle });
    this.#post(id, bytes);
    return settle.promise;
  }

  /** What became of a write. */
  settle(id: number, error: Error | undefined): void {
    const entry = this.#waiting.get(id);
    if (entry === undefined) return;
    this.#waiting.delete(id);
    this.#bytes -= entry.bytes;
    const { promise, resolve, reject } = entry.settle;
    if (error === undefined) return resolve();
    // How a client ended is told to who has it; of a queue that was full nobody else tells.
    if (error.name !== "WriteQueueFullError") abandonable(promise);
    reject(error);
  }

  /** Nobody answers any more. */
  fail(error: Error): void {
    for (const id of [...this.#waiting.keys()]) this.settle(id, error);
  }
}
