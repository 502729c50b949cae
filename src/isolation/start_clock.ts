/**
 * How long a handler has taken to start.
 *
 * @module
 */

/** Counts what its start takes, and not what a handler that was loaded ahead waits for its client. */
export class StartClock {
  /** Milliseconds so far. */
  ms = 0;

  /** Waits for a part of the start. */
  async during<T>(part: Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await part;
    } finally {
      this.ms += performance.now() - startedAt;
    }
  }
}
