/**
 * How long one waits for what was begun.
 *
 * @module
 */

/** What is let go of may take so long when the time is over, as it should be gone at once. */
const END_MS = 1000;

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

  /** Waits for `ending`, which lets go of what was waited for: a moment longer than for all else. */
  async end(ending: Promise<void>): Promise<void> {
    if (await this.wait(ending) !== "late") return;
    using moment = new Patience(END_MS);
    moment.start();
    await moment.wait(ending);
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
