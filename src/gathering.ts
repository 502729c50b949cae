/**
 * Pieces of memory, put one behind the other.
 *
 * @module
 */

/** A copy of some pieces. */
export interface Gathered {
  bytes: Uint8Array<ArrayBuffer>;
  /** How much nearer to the front each piece is than it was. */
  moved: Uint32Array;
}

/**
 * Copies pieces, which follow each other in `bytes` and do not overlap. Where
 * others can write the index they came from, they may: what is copied is cut so
 * that it is never more than `bytes`.
 */
export function gatherPieces(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array): Gathered {
  const moved = new Uint32Array(starts.length);
  let size = 0;
  let last = 0;
  for (let i = 0; i < starts.length; i++) {
    starts[i] = Math.min(Math.max(starts[i], last), bytes.length);
    ends[i] = last = Math.min(Math.max(ends[i], starts[i]), bytes.length);
    moved[i] = starts[i] - size;
    size += ends[i] - starts[i];
  }
  const gathered = new Uint8Array(size);
  for (let i = 0; i < starts.length;) {
    const start = starts[i];
    const shift = moved[i];
    // Neighbours are moved alike, and go in one piece.
    while (i < starts.length && moved[i] === shift) i += 1;
    gathered.set(bytes.subarray(start, ends[i - 1]), start - shift);
  }
  return { bytes: gathered, moved };
}
