/** Writes a file from front to back, as fast as the disk takes it, and prints its rate in bytes a second: `FILE BYTES sequential|synced`. */

/** What the disk takes, in bytes a second. */
export interface DiskRates {
  /** Written one piece behind the other, and synced at the end. */
  sequential: number;
  /** With a sync behind every 64 MiB, as a spill rotates its segments. */
  synced: number;
}

const PIECE_BYTES = 1024 * 1024;
const SYNC_BYTES = 64 * 1024 * 1024;

/** Bytes a second of `bytes`, synced whenever `syncBytes` were written. */
function rate(path: string, bytes: number, syncBytes: number): number {
  const piece = crypto.getRandomValues(new Uint8Array(64 * 1024));
  const pieces = new Uint8Array(PIECE_BYTES).map((_, i) => piece[i % piece.length]);
  const started = performance.now();
  {
    using file = Deno.openSync(path, { write: true, create: true, truncate: true });
    let unsynced = 0;
    for (let written = 0; written < bytes;) {
      const count = file.writeSync(pieces.subarray(0, Math.min(PIECE_BYTES, bytes - written)));
      written += count;
      unsynced += count;
      if (unsynced < syncBytes && written < bytes) continue;
      file.syncDataSync();
      unsynced = 0;
    }
  }
  const seconds = (performance.now() - started) / 1e3;
  Deno.removeSync(path);
  return bytes / seconds;
}

if (import.meta.main) {
  const [path, bytes, which] = Deno.args;
  console.log(rate(path, Number(bytes), which === "synced" ? SYNC_BYTES : Infinity));
}
