/**
 * What a handler in a worker writes to the server, passed on to its client.
 *
 * @module
 */

import type { HandlerContext } from "../../dispatch/handler.ts";
import { WRITE_BYTES_MAX, WRITES_MAX } from "../posted_writes.ts";
import { type Order, toPosted } from "./messages.ts";

/** How much that may be at most, in words. */
export const ON_THEIR_WAY = `${WRITE_BYTES_MAX} bytes in ${WRITES_MAX} writes`;

/** Writes on their way, of one worker. */
export class PassedWrites {
  readonly #write: HandlerContext["write"];
  readonly #post: (order: Order) => void;
  #writes = 0;
  #bytes = 0;

  /** `write` is the client's; `post` tells the worker what became of each. */
  constructor(write: HandlerContext["write"], post: (order: Order) => void) {
    this.#write = write;
    this.#post = post;
  }

  /** Passes one on; false for one that no worker of ours would post, as too many are on their way. */
  pass(id: number, bytes: Uint8Array<ArrayBuffer>): boolean {
    this.#writes += 1;
    this.#bytes += bytes.length;
    if (this.#writes > WRITES_MAX || this.#bytes > WRITE_BYTES_MAX) return false;
    const settled = (thrown?: { error: unknown }) => {
      this.#writes -= 1;
      this.#bytes -= bytes.length;
      this.#post({ type: "written", id, error: thrown && toPosted(thrown.error) });
    };
    this.#write(bytes).then(() => settled(), (error) => settled({ error }));
    return true;
  }
}
