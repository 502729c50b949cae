/**
 * What the handler writes to the server, as messages.
 *
 * @module
 */

import { CHILD_MESSAGE_BYTES_MAX, HEADER_BYTES, WRITE_PREFIX_BYTES } from "../protocol.ts";
import { decodeError } from "../remote_error.ts";

const PIECE_BYTES_MAX = CHILD_MESSAGE_BYTES_MAX - HEADER_BYTES - WRITE_PREFIX_BYTES;

/** The bodies of the messages that a write makes. */
export function* piecesOf(id: number, bytes: Uint8Array): Generator<Uint8Array> {
  let at = 0;
  do {
    const piece = bytes.subarray(at, at + PIECE_BYTES_MAX);
    at += piece.length;
    const body = new Uint8Array(WRITE_PREFIX_BYTES + piece.length);
    const view = new DataView(body.buffer);
    view.setUint32(0, id, true);
    view.setUint32(4, at === bytes.length ? 1 : 0, true);
    body.set(piece, WRITE_PREFIX_BYTES);
    yield body;
  } while (at < bytes.length);
}

/** What became of a write; its error has the name of the one that the client's `write()` rejected with. */
export function outcomeOf(body: Uint8Array): { id: number; error: Error | undefined } {
  const id = new DataView(body.buffer, body.byteOffset, body.byteLength).getUint32(0, true);
  const error = body.length > 4 ? decodeError(body.subarray(4)) : undefined;
  if (error !== undefined) error.name = error.remoteName;
  return { id, error };
}
