/**
 * A handler that is a `for await` loop.
 *
 * @module
 */

import type { Batch } from "../batch.ts";
import { withResolvers } from "../deferred.ts";
import { type Handler, notHandled } from "./handler.ts";

/** Hands each batch to the loop and takes it back at the next iteration. */
export class BatchIterator implements Handler, AsyncIterator<Batch, void> {
  #giveBack: ((how?: Promise<void>) => void) | undefined;
  #waiting: PromiseWithResolvers<IteratorResult<Batch, void>> | undefined;
  #ended: { error?: unknown } | undefined;
  #onBegin: (() => void) | undefined;
  readonly #onReturn: () => Promise<void>;

  /** `onBegin` is called when the loop asks for its first batch: no other is given to one that never does. `onReturn` when it is left early. */
  constructor(onBegin: () => void, onReturn: () => Promise<void>) {
    this.#onBegin = onBegin;
    this.#onReturn = onReturn;
  }

  /** Called by the dispatcher. */
  batch(batch: Batch): Promise<void> {
    const { promise, resolve } = withResolvers<void>();
    this.#giveBack = resolve;
    // INVARIANT: a loop that has not asked holds a batch, has not begun, or was left.
    this.#waiting!.resolve({ value: batch, done: false });
    this.#waiting = undefined;
    return promise;
  }

  /** No more batches come. */
  end(error?: unknown): void {
    this.#ended = { error };
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (error !== undefined) waiting?.reject(error);
    else waiting?.resolve({ value: undefined, done: true });
  }

  next(): Promise<IteratorResult<Batch, void>> {
    // Called ahead: its turn comes when the call before has its batch.
    if (this.#waiting !== undefined) return this.#waiting.promise.then(() => this.next());
    this.#release();
    if (this.#ended !== undefined) {
      const { error } = this.#ended;
      // Told once; then the iterator is simply done.
      this.#ended = {};
      return error === undefined
        ? Promise.resolve({ value: undefined, done: true })
        : Promise.reject(error);
    }
    this.#waiting = withResolvers();
    const { promise } = this.#waiting;
    this.#onBegin?.();
    this.#onBegin = undefined;
    return promise;
  }

  /** The loop was left: only the next iteration says that a batch was handled. */
  async return(): Promise<IteratorResult<Batch, void>> {
    this.#giveBack?.(notHandled());
    this.#giveBack = undefined;
    await this.#onReturn();
    return { value: undefined, done: true };
  }

  #release(): void {
    this.#giveBack?.();
    this.#giveBack = undefined;
  }
}
