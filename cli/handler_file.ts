/**
 * Handlers that are modules of the user's.
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import type { Batch, Handler, HandlerContext } from "../mod.ts";
import { HandlerModuleError, handlerOf } from "../src/isolation/contract.ts";
import { permissionError } from "./permission.ts";

/** The default export of the module in `file`. */
export async function loadHandler(file: string): Promise<Handler> {
  let loaded: { default?: unknown };
  try {
    loaded = await import(pathToFileURL(file).href);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw permissionError(`--handler ${file}`, error) ??
      new HandlerModuleError(`--handler ${file} cannot be loaded: ${message}`, { cause: error });
  }
  return handlerOf(loaded, `--handler ${file}`);
}

/** Passes batches on to a handler and counts their frames. */
export class CountingHandler implements Handler {
  /** Frames passed on. */
  frames = 0;
  readonly #inner: Handler;
  readonly #limit: number;
  readonly #onEnd: (why: "limit") => void;

  /** Calls `onEnd` once `limit` frames were passed on. */
  constructor(inner: Handler, limit: number, onEnd: (why: "limit") => void) {
    this.#inner = inner;
    this.#limit = limit;
    this.#onEnd = onEnd;
  }

  /** Passes on. */
  open(context: HandlerContext): void | Promise<void> {
    return this.#inner.open?.(context);
  }

  /** Passes on and counts. */
  batch(batch: Batch, context: HandlerContext): void | Promise<void> {
    this.frames += batch.count;
    const settling = this.#inner.batch(batch, context);
    if (this.frames >= this.#limit) this.#onEnd("limit");
    return settling;
  }

  /** Passes on. */
  close(context: HandlerContext): void | Promise<void> {
    return this.#inner.close?.(context);
  }
}
