/**
 * Bytes gathered to be written in one go.
 *
 * @module
 */

const INITIAL_BYTES = 128 * 1024;
/** UTF-8 takes at most so many bytes for a UTF-16 code unit. */
const UTF8_BYTES_MAX = 3;

const encoder = new TextEncoder();

/** A buffer that grows; `bytes` up to `length` are filled. */
export class OutputBuffer {
  /** The memory; another one after {@linkcode reserve}. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(INITIAL_BYTES);
  /** Bytes filled. */
  length = 0;

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  /** Appends text as UTF-8. */
  putText(text: string): void {
    this.reserve(text.length * UTF8_BYTES_MAX);
    this.length += encoder.encodeInto(text, this.bytes.subarray(this.length)).written;
  }

  /** Appends bytes. */
  putBytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** What is filled; the buffer counts as empty from now on and may be filled again. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.subarray(0, this.length);
    this.length = 0;
    return taken;
  }
}
