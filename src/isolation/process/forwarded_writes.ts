/**
 * What a handler process writes to the server: put together from pieces,
 * bounded, and passed on.
 *
 * @module
 */

import { WRITE_BYTES_MAX, WRITES_MAX } from "../posted_writes.ts";
import { ProtocolViolation, WRITE_PREFIX_BYTES } from "./protocol.ts";
import { encodeError } from "./remote_error.ts";

const ERROR_BYTES_MAX = 4000;
/** A handler may write as much again as it had waiting, before it is known here that it has the replies. */
const BYTES_MAX = 2 * WRITE_BYTES_MAX;
const COUNT_MAX = 2 * WRITES_MAX;

/** The writes of one process. */
export class ForwardedWrites {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  readonly #reply: (body: Uint8Array) => Promise<void>;
  /** Pieces of the write that is not complete yet. */
  #pieces: Uint8Array[] = [];
  #id: number | undefined;
  /** Of all writes whose reply the child has not taken yet. */
  #bytes = 0;
  #count = 0;

  /** Passes complete writes to `write`, and what became of them to `reply`, which must not reject. */
  constructor(
    write: (bytes: Uint8Array) => Promise<void>,
    reply: (body: Uint8Array) => Promise<void>,
  ) {
    this.#write = write;
    this.#reply = reply;
  }

  /** Takes a piece. Throws a {@linkcode ProtocolViolation} when there are more than a handler may have waiting. */
  receive(body: Uint8Array): void {
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    const id = view.getUint32(0, true);
    const last = view.getUint32(4, true) !== 0;
    if (this.#id === undefined) this.#count += 1;
    else if (id !== this.#id) {
      throw new ProtocolViolation(`expected a piece of write ${this.#id}, got one of ${id}`);
    }
    const piece = body.slice(WRITE_PREFIX_BYTES);
    this.#bytes += piece.length;
    if (this.#bytes > BYTES_MAX || this.#count > COUNT_MAX) {
      throw new ProtocolViolation(
        `expected at most ${BYTES_MAX} bytes in ${COUNT_MAX} writes to wait, got ${this.#bytes} in ${this.#count}`,
      );
    }
    if (piece.length > 0) this.#pieces.push(piece);
    else if (!last) throw new ProtocolViolation("expected a piece of a write, got none");
    this.#id = last ? undefined : id;
    if (last) void this.#forward(id, this.#take());
  }

  /** The pieces in one. */
  #take(): Uint8Array {
    const bytes = new Uint8Array(this.#pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [];
    return bytes;
  }

  async #forward(id: number, bytes: Uint8Array): Promise<void> {
    let error: Uint8Array<ArrayBufferLike> = new Uint8Array(0);
    try {
      await this.#write(bytes);
    } catch (cause) {
      error = encodeError(cause, ERROR_BYTES_MAX);
    }
    const reply = new Uint8Array(4 + error.length);
    new DataView(reply.buffer).setUint32(0, id, true);
    reply.set(error, 4);
    await this.#reply(reply);
    this.#bytes -= bytes.length;
    this.#count -= 1;
  }
}
