/**
 * A duplex of web streams as a transport.
 *
 * @module
 */

import { CHUNK_BYTES } from "../core/abi.ts";
import type { Duplex, Transport } from "./transport.ts";

/**
 * Reads through a BYOB reader where the stream has one. WASM memory can't be
 * transferred to a stream, so each chunk is copied once into the slab.
 */
export class StreamTransport implements Transport {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | ReadableStreamBYOBReader;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #byob: boolean;
  /** Given to the BYOB reader and got back, again and again. */
  #buffer = new ArrayBuffer(CHUNK_BYTES);
  /** What a chunk had more than the caller asked for. */
  #surplus: Uint8Array = new Uint8Array(0);

  /** Locks both streams. */
  constructor(duplex: Duplex) {
    const reader = byobReader(duplex.readable);
    this.#byob = reader !== undefined;
    this.#reader = reader ?? duplex.readable.getReader();
    this.#writer = duplex.writable.getWriter();
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#surplus.length === 0) {
      const chunk = await this.#next();
      if (chunk === undefined) return null;
      if (!(chunk instanceof Uint8Array)) {
        throw new TypeError(`expected chunks of bytes from readable, got ${typeof chunk}`);
      }
      this.#surplus = chunk;
    }
    const taken = this.#surplus.subarray(0, into.length);
    into.set(taken);
    this.#surplus = this.#surplus.subarray(taken.length);
    return taken.length;
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.#writer.ready;
    // A copy, since the stream may keep what it was given.
    await this.#writer.write(bytes.slice());
    return bytes.length;
  }

  close(): void {
    // Either side may have failed already, and that was told where it happened.
    this.#reader.cancel().catch(() => {});
    this.#writer.close().catch(() => {});
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (!this.#byob) {
      return (await (this.#reader as ReadableStreamDefaultReader<Uint8Array>).read()).value;
    }
    const reader = this.#reader as ReadableStreamBYOBReader;
    const { value, done } = await reader.read(new Uint8Array(this.#buffer));
    if (value !== undefined) this.#buffer = value.buffer as ArrayBuffer;
    return done ? undefined : value;
  }
}

function byobReader(readable: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return readable.getReader({ mode: "byob" });
  } catch (error) {
    // A TypeError says that this is not a byte stream; a locked stream fails below with its own message.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
