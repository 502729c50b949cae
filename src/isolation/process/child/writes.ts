/**
 * What the handler writes to the server, on its way there.
 *
 * @module
 */

import { withResolvers } from "../../../deferred.ts";
import { WriteQueueFullError } from "../../../errors.ts";
import {
  CHILD_MESSAGE_BYTES_MAX,
  HEADER_BYTES,
  WRITE_BYTES_MAX,
  WRITE_PREFIX_BYTES,
  WRITES_MAX,
} from "../protocol.ts";
import { decodeError, type RemoteError } from "../remote_error.ts";

const PIECE_BYTES_MAX = CHILD_MESSAGE_BYTES_MAX - HEADER_BYTES - WRITE_PREFIX_BYTES;

/** The handler sees what the client's `write()` rejected with, by its name. */
function asThrown(error: RemoteError): RemoteError {
  error.name = error.remoteName;
  return error;
}

interface Pending {
  bytes: number;
  written: PromiseWithResolvers<void>;
}

/** Sends writes in pieces and keeps their promises. */
export class PendingWrites {
  readonly #send: (piece: Uint8Array) => void;
  readonly #pending = new Map<number, Pending>();
  #bytes = 0;
  #lastId = 0;

  /** `send` takes the bodies of messages. */
  constructor(send: (piece: Uint8Array) => void) {
    this.#send = send;
  }

  /** Resolves or rejects as the client's `write()` does. */
  async write(text: string | Uint8Array): Promise<void> {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    if (!(bytes instanceof Uint8Array)) {
      throw new TypeError(`expected text or a Uint8Array, got ${typeof bytes}`);
    }
    if (this.#pending.size >= WRITES_MAX) {
      throw new WriteQueueFullError(1, this.#pending.size, WRITES_MAX, "writes");
    }
    if (this.#bytes + bytes.length > WRITE_BYTES_MAX) {
      throw new WriteQueueFullError(bytes.length, this.#bytes, WRITE_BYTES_MAX);
    }
    const id = this.#lastId = (this.#lastId + 1) >>> 0;
    const written = withResolvers<void>();
    this.#pending.set(id, { bytes: bytes.length, written });
    this.#bytes += bytes.length;
    this.#sendPieces(id, bytes);
    await written.promise;
  }

  /** The client has done what `body` names. */
  settle(body: Uint8Array): void {
    const id = new DataView(body.buffer, body.byteOffset, body.byteLength).getUint32(0, true);
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    this.#bytes -= pending.bytes;
    const error = body.length > 4 ? decodeError(body.subarray(4)) : undefined;
    if (error === undefined) pending.written.resolve();
    else pending.written.reject(asThrown(error));
  }

  #sendPieces(id: number, bytes: Uint8Array): void {
    let at = 0;
    do {
      const piece = bytes.subarray(at, at + PIECE_BYTES_MAX);
      at += piece.length;
      const body = new Uint8Array(WRITE_PREFIX_BYTES + piece.length);
      const view = new DataView(body.buffer);
      view.setUint32(0, id, true);
      view.setUint32(4, at === bytes.length ? 1 : 0, true);
      body.set(piece, WRITE_PREFIX_BYTES);
      this.#send(body);
    } while (at < bytes.length);
  }
}
