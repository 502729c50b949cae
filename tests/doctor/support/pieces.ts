/** Captures that come in pieces. */

/** `file` in pieces of `size`. */
export async function* pieces(file: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.length; at += size) yield file.slice(at, at + size);
}

/** The same, all in one buffer that is used again, as a reader of files does. */
export async function* reusing(file: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(size);
  for await (const piece of pieces(file, size)) {
    buffer.set(piece);
    yield buffer.subarray(0, piece.length);
  }
}
