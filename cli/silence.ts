/**
 * A connection on which nothing comes: most often a server that waits for this side.
 *
 * @module
 */

import { seconds } from "./words.ts";

/** Nothing has come on a connection by then, in milliseconds. */
const SILENT_MS = 5000;

/** Watches the beginning of connections, and tells once. */
export class Silence implements Disposable {
  readonly #bytes: () => number;
  readonly #tell: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #told = false;

  /** `bytes` gives how many have come. */
  constructor(bytes: () => number, tell: () => void) {
    this.#bytes = bytes;
    this.#tell = tell;
  }

  /** A connection stands. */
  begin(): void {
    clearTimeout(this.#timer);
    if (this.#told) return;
    const bytesBefore = this.#bytes();
    this.#timer = setTimeout(() => {
      if (this.#bytes() > bytesBefore) return;
      this.#told = true;
      this.#tell();
    }, SILENT_MS);
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** What may be wrong where `target` sends nothing; `hello` is how what is sent first is called. */
export function silenceSentence(target: string, hello: string): string {
  const tls = /^(tls|unix):/.test(target) ? "" : `, one that speaks TLS needs tls://${target}`;
  return `nothing has come for ${seconds(SILENT_MS)}: ` +
    `a server that waits to be asked needs ${hello}${tls}`;
}
