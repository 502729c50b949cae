/**
 * What the two clients share beside the handler: the start, and telling how far
 * they are.
 *
 * @module
 */

import { FrameHandler, warmUp } from "./handler.ts";
import { payloads } from "./load.ts";
import { type ClientTask, limitLifetime, type Progress, tell, TELL_EVERY_MS } from "./messages.ts";

/** Gets everything compiled, then waits for the word to connect. */
export async function prepare(): Promise<{ task: ClientTask; handler: FrameHandler }> {
  limitLifetime();
  const task: ClientTask = JSON.parse(Deno.args[0]);
  warmUp(payloads()[0]);
  tell({ type: "ready" });
  await Deno.stdin.read(new Uint8Array(16));
  return { task, handler: new FrameHandler(task.rounds) };
}

/** Tells at intervals how far a client is, also while its event loop does not turn. */
export class Reporter implements Disposable {
  readonly #progress: () => Progress;
  readonly #timer: ReturnType<typeof setInterval>;
  #toldAt = 0;

  /** Tells what `progress` gives. */
  constructor(progress: () => Progress) {
    this.#progress = progress;
    this.#timer = setInterval(() => this.#tell(performance.now()), TELL_EVERY_MS);
  }

  /** To be called often. */
  tick(now: number): void {
    if (now - this.#toldAt >= TELL_EVERY_MS) this.#tell(now);
  }

  #tell(now: number): void {
    this.#toldAt = now;
    tell({ type: "progress", ...this.#progress() });
  }

  /** Tells no more. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
