/**
 * Where batches go that were given up.
 *
 * @module
 */

import type { Batch, SlabBatch } from "../batch.ts";
import { messageOf, SpillwayError } from "../errors.ts";
import { codecOf } from "../spill/batch_codec.ts";
import { isDiskError, SpillPermissionError } from "../spill/errors.ts";
import type { OpenStore, RecordStore } from "../spill/record_store.ts";

/**
 * Dead letters have no place: `cause` is a `SpillPermissionError`, `SpillLockedError`,
 * `SpillKindError` or `SpillFormatError`.
 */
export class DeadLetterError extends SpillwayError {
  /** Class name. */
  override name = "DeadLetterError";
  /** Path of the directory. */
  readonly directory: string;

  /** Says why nothing can be put into `directory`. */
  constructor(directory: string, cause: unknown) {
    super(`can't keep dead letters: ${messageOf(cause)}`, { cause });
    this.directory = directory;
  }
}

/** A spill directory of batches nobody has handled, the oldest first. */
export class DeadLetters {
  readonly #directory: string;
  readonly #openStore: OpenStore;
  #store: RecordStore | undefined;

  constructor(directory: string, openStore: OpenStore) {
    this.#directory = directory;
    this.#openStore = openStore;
  }

  /**
   * Takes the directory. A disk that refuses may have recovered when the first
   * batch comes, so that is told then; a missing permission, another process that
   * has the directory, files of another format or another kind are thrown now, as
   * a {@linkcode DeadLetterError}. Taken already, it stays so.
   */
  async open(): Promise<void> {
    try {
      await this.#opened();
    } catch (error) {
      if (isDiskError(error) && !(error instanceof SpillPermissionError)) return;
      throw new DeadLetterError(this.#directory, error);
    }
  }

  /** Appends a batch that is on loan; when this resolves with `undefined` it is on disk. Else with why it is not, or not all of it. */
  async append(batch: Batch): Promise<Error | undefined> {
    let store: RecordStore;
    try {
      store = await this.#opened();
    } catch (error) {
      if (error instanceof SpillwayError) return error;
      throw error;
    }
    // A handler in a worker shares the slab, and could change it while it is written.
    const { loan } = batch.copy() as SlabBatch;
    const { store: frames, first } = loan;
    const codec = codecOf(loan);
    for (let from = 0; from < batch.count;) {
      const count = codec.fitting(frames, first + from, batch.count - from);
      const { info, parts } = codec.encode(frames, first + from, count);
      const timeMicros = Date.now() * 1000;
      const result = await store.appendAll([{ info: { ...info, timeMicros }, parts }]);
      if (result.type === "failed") return result.error;
      // INVARIANT: only a store with a bound can be full, and this has none; and nothing overtakes.
      if (result.type !== "appended") throw new Error(`dead letters: ${result.type}`);
      from += count;
    }
    const synced = await store.sync();
    return synced.type === "failed" ? await this.#abandon(synced.error) : undefined;
  }

  /** Gives the directory up. */
  async close(): Promise<void> {
    const store = this.#store;
    this.#store = undefined;
    await store?.close();
  }

  async #opened(): Promise<RecordStore> {
    this.#store ??= await this.#openStore(this.#directory, { kind: "dead_letters" });
    return this.#store;
  }

  /** A store whose sync failed takes nothing more; the next batch opens the directory anew. */
  async #abandon(error: Error): Promise<Error> {
    await this.close();
    return error;
  }
}
