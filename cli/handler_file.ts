/**
 * Handlers that are modules of the user's.
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import type { Batch, Handler, HandlerContext } from "../mod.ts";
import { permissionError } from "./permission.ts";

/** A handler file that is none. */
export class HandlerFileError extends Error {
  /** Always `"HandlerFileError"`. */
  override name = "HandlerFileError";
}

/** The default export of the module in `file`. */
export async function loadHandler(file: string): Promise<Handler> {
  let loaded: { default?: unknown };
  try {
    loaded = await import(pathToFileURL(file).href);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw permissionError(`--handler ${file}`, error) ??
      new HandlerFileError(`--handler ${file} cannot be loaded: ${message}`, { cause: error });
  }
  if (isHandler(loaded.default)) return loaded.default;
  throw new HandlerFileError(
    `--handler ${file} must have export default { batch(batch) { … } }, got ${
      loaded.default === undefined ? "no default export" : "another default export"
    }`,
  );
}

function isHandler(value: unknown): value is Handler {
  if (typeof value !== "object" || value === null) return false;
  const { open, batch, close } = value as Partial<Record<keyof Handler, unknown>>;
  return typeof batch === "function" &&
    [open, close].every((optional) => optional === undefined || typeof optional === "function");
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
