/**
 * Tables in plain text.
 *
 * @module
 */

/** Columns of one width each; those at the places `left` to the left, the others to the right. */
export function table(rows: readonly string[][], left: readonly number[] = [0]): string[] {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) =>
    row.map((cell, i) => left.includes(i) ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))
      .join("  ").trimEnd()
  );
}
