/**
 * Compressed captures. The web's `DecompressionStream` refuses archives of several
 * members, and gives nothing of one that is cut off.
 *
 * @module
 */

/** The first bytes of a gzip archive (RFC 1952). */
export const GZIP_MAGIC: readonly number[] = [0x1f, 0x8b];

/** What is in the archive. Gives all that can be had of a damaged one, then throws. */
export async function* decompressed(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const [{ createGunzip }, { Readable }] = await Promise.all([
    import("node:zlib"),
    import("node:stream"),
  ]);
  const gunzip = createGunzip();
  const input = Readable.from(source);
  input.on("error", (error) => gunzip.destroy(error));
  input.pipe(gunzip);
  try {
    for await (const chunk of gunzip) yield chunk;
  } finally {
    input.destroy();
    gunzip.destroy();
  }
}
