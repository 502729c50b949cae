/**
 * What client and handler process say to each other: through the child's
 * standard input and output. Numbers are little-endian.
 *
 * ```text
 * message   0      4            8
 *           │ kind │ body bytes │ body │
 *
 * batch     0       4        8               16        24            28       32
 *           │ epoch │ frames │ stream offset │ pending │ stats bytes │ zeros │ stats, to a multiple of 8 │ payload │
 * write     0    4      8
 *           │ id │ last │ a piece of the bytes │
 * written   0    4
 *           │ id │ nothing, or an error in JSON │
 * pong, memory   resident bytes, a float
 * failed    an error in JSON
 * ```
 *
 * The client asks (`open`, `batch`, `ping`, `close`), one thing at a time, and
 * the child answers. A message of the child's is one write of at most what a
 * pipe takes in one piece, so two of its threads may send.
 *
 * @module
 */

/** Length of what stands before a body, in bytes. */
export const HEADER_BYTES = 8;
/** Longest message of a child with its header, in bytes: POSIX keeps writes of up to 4096 in one piece on Linux, and of 512 everywhere. */
export const CHILD_MESSAGE_BYTES_MAX = 4096;
/** What stands before a piece of a write in its body, in bytes. */
export const WRITE_PREFIX_BYTES = 8;

/** Kinds of messages to the child. */
export const ToChild = {
  open: 1,
  batch: 2,
  ping: 3,
  close: 4,
  abort: 5,
  written: 6,
} as const;

/** Kinds of messages to the client. */
export const FromChild = {
  /** The module is loaded. */
  ready: 1,
  opened: 2,
  /** The handler is done with the batch. */
  settled: 3,
  pong: 4,
  closed: 5,
  /** In place of an answer: the handler threw, or can't be loaded. */
  failed: 6,
  write: 7,
  /** The child took more memory than it may, and ends. */
  memory: 8,
} as const;

/** A kind of message to the client. */
export type FromChild = (typeof FromChild)[keyof typeof FromChild];

/** A message from the child. */
export interface ChildMessage {
  kind: FromChild;
  /** Overwritten by the next message. */
  body: Uint8Array;
}

/** A child said what it may not. */
export class ProtocolViolation extends Error {}

/** Shortest and longest body of each kind. */
const BODY_BYTES: Record<FromChild, readonly [min: number, max: number]> = {
  [FromChild.ready]: [0, 0],
  [FromChild.opened]: [0, 0],
  [FromChild.settled]: [0, 0],
  [FromChild.pong]: [8, 8],
  [FromChild.closed]: [0, 0],
  [FromChild.failed]: [2, CHILD_MESSAGE_BYTES_MAX - HEADER_BYTES],
  [FromChild.write]: [WRITE_PREFIX_BYTES, CHILD_MESSAGE_BYTES_MAX - HEADER_BYTES],
  [FromChild.memory]: [8, 8],
};

/** A message in one piece. */
export function message(kind: number, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, kind, true);
  view.setUint32(4, body.length, true);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/** A number as a body. */
export function numberBody(value: number): Uint8Array {
  const body = new Uint8Array(8);
  new DataView(body.buffer).setFloat64(0, value, true);
  return body;
}

/** The number a body is. */
export function numberOf(body: Uint8Array): number {
  return new DataView(body.buffer, body.byteOffset, body.byteLength).getFloat64(0, true);
}

/** Cuts the child's output into messages, in memory of fixed size. */
export class ChildMessages {
  readonly #bytes = new Uint8Array(CHILD_MESSAGE_BYTES_MAX);
  readonly #view = new DataView(this.#bytes.buffer);
  #filled = 0;

  /** The messages that `chunk` completes. Throws a {@linkcode ProtocolViolation} at the first thing that is none. */
  *read(chunk: Uint8Array): Generator<ChildMessage> {
    for (let at = 0; at < chunk.length;) {
      const wanted = this.#filled < HEADER_BYTES
        ? HEADER_BYTES
        : HEADER_BYTES + this.#view.getUint32(4, true);
      const piece = chunk.subarray(at, at + wanted - this.#filled);
      this.#bytes.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled < HEADER_BYTES) return;
      const { kind, bodyBytes } = this.#header();
      if (this.#filled < HEADER_BYTES + bodyBytes) continue;
      this.#filled = 0;
      yield { kind, body: this.#bytes.subarray(HEADER_BYTES, HEADER_BYTES + bodyBytes) };
    }
  }

  #header(): { kind: FromChild; bodyBytes: number } {
    const kind = this.#view.getUint32(0, true);
    const bodyBytes = this.#view.getUint32(4, true);
    if (!isKind(kind)) {
      const text = JSON.stringify(new TextDecoder().decode(this.#bytes.subarray(0, HEADER_BYTES)));
      throw new ProtocolViolation(
        `expected a message, got ${text} (standard output belongs to Spillway: print with console, or to standard error)`,
      );
    }
    const [min, max] = BODY_BYTES[kind];
    if (bodyBytes < min || bodyBytes > max) {
      throw new ProtocolViolation(
        `expected ${min} to ${max} bytes in a message of kind ${kind}, got ${bodyBytes}`,
      );
    }
    return { kind, bodyBytes };
  }
}

function isKind(kind: number): kind is FromChild {
  return Object.hasOwn(BODY_BYTES, kind);
}
