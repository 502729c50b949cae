/**
 * Modules of handlers, loaded before a server is connected to.
 *
 * @module
 */

import { HandlerError } from "../dispatch/handler.ts";
import type { LoadableHandler } from "./contract.ts";

/** Has all load at the same time; rejects with a `HandlerError` that names one which could not. */
export async function loadAll(
  handlers: Iterable<readonly [name: string | undefined, LoadableHandler]>,
): Promise<void> {
  await Promise.all(Array.from(handlers, async ([name, handler]) => {
    try {
      await handler.load();
    } catch (error) {
      throw new HandlerError(error, { handler: name });
    }
  }));
}
