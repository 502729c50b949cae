/**
 * How much a terminal shows.
 *
 * @module
 */

const DEFAULT = { columns: 80, rows: 24 };

/** Columns and rows of the terminal; 80 and 24 where there is none. */
export function terminalSize(): { columns: number; rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    // One that was never told its size has 0.
    return { columns: columns || DEFAULT.columns, rows: rows || DEFAULT.rows };
  } catch {
    return DEFAULT;
  }
}
