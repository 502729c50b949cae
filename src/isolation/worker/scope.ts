/**
 * What a worker's global scope must not offer to a handler. The bootstrap
 * imports this ahead of the handler's module, so that it has gone before any
 * code of the handler runs. What `node:` modules offer can't be taken away.
 *
 * @module
 */

import { forgiveFullLog } from "../full_log.ts";

/** The part of a worker's global scope that its runtime uses. */
interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
}

/** The way to the client and back. */
export interface Channel {
  post(message: unknown): void;
  /** Calls `listener` with what the client posts. */
  listen(listener: (message: unknown) => void): void;
}

const scope = globalThis as unknown as WorkerScope;

/** To who started the worker; handlers have no way to post. */
export const toParent: Channel = {
  post: scope.postMessage.bind(scope),
  listen: (listener) => scope.addEventListener("message", ({ data }) => listener(data)),
};

/**
 * Floods of messages; a worker that is gone unnoticed; workers without this
 * scope; disk space without a right to write; the terminal that the user types
 * into.
 */
const GLOBALS = [
  "postMessage",
  "close",
  "Worker",
  "BroadcastChannel",
  "caches",
  "prompt",
  "confirm",
  "alert",
];

/** Signals to this process, which need no right; and who handles those that come. */
const OF_DENO = ["kill", "addSignalListener", "removeSignalListener"];

const deno: Record<PropertyKey, unknown> | undefined =
  (globalThis as { Deno?: Record<PropertyKey, unknown> }).Deno;
forgiveFullLog(console);
for (const name of GLOBALS) Reflect.deleteProperty(globalThis, name);
if (deno !== undefined) {
  for (const name of OF_DENO) Reflect.deleteProperty(deno, name);
  // Streams by number, whoever opened them.
  Reflect.deleteProperty(deno, deno.internal as PropertyKey);
}
