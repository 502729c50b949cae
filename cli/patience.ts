/**
 * How long one waits for what was begun.
 *
 * @module
 */

/** What is let go of may take so long when the time is over, as it should be gone at once. */
const END_MS = 1000;

/** Who waits for longer is told so. */
const MOMENT_MS = 500;

/** A time that runs once it is started. */
export class Patience implements Disposable {
  readonly #ms: number;
  readonly #over = Promise.withResolvers<"late">();
  readonly #onMoment: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #moment: ReturnType<typeof setTimeout> | undefined;

  /** Runs for `ms`; calls `onMoment` when a moment of that is over, and not all of it. */
  constructor(ms: number, onMoment: () => void = () => {}) {
    this.#ms = ms;
    this.#onMoment = onMoment;
  }

  /** Begins; once. */
  start(): void {
    this.#timer ??= setTimeout(() => this.#over.resolve("late"), this.#ms);
    if (this.#ms > MOMENT_MS) this.#moment ??= setTimeout(this.#onMoment, MOMENT_MS);
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
    clearTimeout(this.#moment);
  }
}
