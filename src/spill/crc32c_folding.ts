/**
 * What makes CRC32C quick: a long message becomes one of 3.3 KB with the same
 * remainder, by the vectors of `core/crc32c.zig`.
 *
 * @module
 */

import { CRC32C_HISTORY_BYTES, CRC32C_PIECE_BYTES } from "../core/abi.ts";
import { CRC32C_WASM_BASE64 } from "./crc32c_wasm.ts";

const VECTOR_BYTES = 16;

/** From this length on folding is quicker than tables. */
export const FOLDED_BYTES_MIN = 8 * 1024;

interface Exports {
  memory: WebAssembly.Memory;
  /** Where the history lies, and pieces behind it. */
  window: WebAssembly.Global;
  begin(): void;
  fold(vectors: number): void;
  finish(): void;
}

/** Folds messages of at least {@linkcode FOLDED_BYTES_MIN}. */
class Folding {
  readonly #exports: Exports;
  readonly #piece: Uint8Array;
  readonly #left: Uint8Array;

  constructor() {
    const wasm = Uint8Array.from(atob(CRC32C_WASM_BASE64), (char) => char.charCodeAt(0));
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm));
    this.#exports = exports as unknown as Exports;
    const { memory, window } = this.#exports;
    this.#piece = new Uint8Array(
      memory.buffer,
      window.value + CRC32C_HISTORY_BYTES,
      CRC32C_PIECE_BYTES,
    );
    this.#left = this.#piece.subarray(0, CRC32C_HISTORY_BYTES);
  }

  fold(bytes: Uint8Array, state: number): { folded: Uint8Array; tail: Uint8Array } {
    const end = bytes.length - bytes.length % VECTOR_BYTES;
    const folded = end - CRC32C_HISTORY_BYTES;
    this.#exports.begin();
    for (let at = 0; at < folded; at += CRC32C_PIECE_BYTES) {
      const length = Math.min(CRC32C_PIECE_BYTES, folded - at);
      this.#piece.set(bytes.subarray(at, at + length));
      if (at === 0) this.#mix(state);
      this.#exports.fold(length / VECTOR_BYTES);
    }
    this.#left.set(bytes.subarray(folded, end));
    this.#exports.finish();
    return { folded: this.#left, tail: bytes.subarray(end) };
  }

  /** A CRC's state is what the first four bytes are mixed with. */
  #mix(state: number): void {
    for (let i = 0; i < 4; i++) this.#piece[i] ^= state >>> 8 * i;
  }
}

let folding: Folding | undefined;

/**
 * What `bytes`, at least {@linkcode FOLDED_BYTES_MIN}, become when a CRC in
 * `state` gets to them: from state 0, `folded` and then `tail` lead to where they
 * do. `folded` is valid until the next call.
 */
export function fold(
  bytes: Uint8Array,
  state: number,
): { folded: Uint8Array; tail: Uint8Array } {
  folding ??= new Folding();
  return folding.fold(bytes, state);
}
