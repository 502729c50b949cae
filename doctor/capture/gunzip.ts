/**
 * Compressed captures. The web's `DecompressionStream` refuses archives of several
 * members, and gives nothing of one that is cut off.
 *
 * @module
 */

/** The first bytes of a gzip archive (RFC 1952). */
export const GZIP_MAGIC: readonly number[] = [0x1f, 0x8b];

/** The archive is damaged or cut off, as the message says. */
export class DamagedArchive extends Error {
  /** Class name. */
  override name = "DamagedArchive";
}

/** What is in the archive. Gives all that can be had of a damaged one, then throws a `DamagedArchive`. */
export async function* decompressed(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const { createGunzip } = await import("node:zlib");
  const gunzip = createGunzip();
  // Not a race with one promise for all chunks: that would keep something of each.
  const called = (begin: (back: () => void) => void) =>
    new Promise<void>((resolve) => {
      if (gunzip.closed) return resolve();
      gunzip.once("close", resolve);
      begin(() => {
        gunzip.off("close", resolve);
        resolve();
      });
    });
  const pump = async () => {
    for await (const chunk of source) {
      if (gunzip.destroyed) return;
      // Whoever reads into one buffer again and again must not overwrite what waits.
      await called((back) => gunzip.write(chunk, back));
    }
    // At the end of a damaged archive it would keep what it has.
    await called((back) => gunzip.flush(back));
    gunzip.end();
  };
  let sourceError: unknown;
  void pump().catch((error) => {
    sourceError = error;
    gunzip.destroy(error);
  });
  try {
    for await (const chunk of gunzip) yield chunk;
  } catch (error) {
    if (error === sourceError || !(error instanceof Error)) throw error;
    throw new DamagedArchive(error.message, { cause: error });
  } finally {
    // A source that waits for more, as a pipe may, is not waited for.
    gunzip.destroy();
  }
}
