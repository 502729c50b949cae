/**
 * How long one waits for what was begun.
 *
 * @module
 */

/** A time that runs once it is started. */
export class Patience implements Disposable {
  readonly #ms: number;
  readonly #over = Promise.withResolvers<"late">();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Runs for `ms`. */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Begins; once. */
  start(): void {
    this.#timer ??= setTimeout(() => this.#over.resolve("late"), this.#ms);
  }

  /** What `work` settles with, or `"late"` if the time is over before. */
  async wait<T>(work: Promise<T>): Promise<T | "late"> {
    return await Promise.race([work, this.#over.promise]);
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
