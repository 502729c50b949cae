/**
 * A disk that refuses: asked again and again, told once.
 *
 * @module
 */

/** One kind of thing a disk is asked. */
export class Refusal<E> {
  #told = false;
  readonly #tell: (event: E) => void;

  constructor(tell: (event: E) => void) {
    this.#tell = tell;
  }

  /** It was refused; `event` is told if it was not refused before. */
  refused(event: E): void {
    if (this.#told) return;
    this.#told = true;
    this.#tell(event);
  }

  /** It worked. */
  worked(): void {
    this.#told = false;
  }
}
