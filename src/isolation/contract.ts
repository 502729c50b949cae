/**
 * What a handler module is, wherever it runs: `export default { open, batch,
 * close }`, and if it has options, `export const schema`.
 *
 * @module
 */

import type { Column } from "../columns.ts";
import type { Handler } from "../dispatch/handler.ts";
import { SpillwayError } from "../errors.ts";

/** A module that is no handler, or can't be loaded. */
export class HandlerModuleError extends SpillwayError {
  /** Class name. */
  override name = "HandlerModuleError";
}

/** A handler whose module may be loaded elsewhere, which takes time that no server should have to wait. */
export interface LoadableHandler<C extends readonly Column[] = readonly Column[]>
  extends Handler<C>, AsyncDisposable {
  /**
   * Starts the worker or process, if it has one, has the module loaded there, and
   * takes the directory of dead letters, if it has that: call it before `connect()`,
   * so that the feed does not fill the buffer meanwhile. Without it `client.run()`
   * does so before `open()`. Rejects with a {@linkcode HandlerModuleError} for a
   * module that is no handler or can't be loaded, a `DeadLetterError`, or with what
   * kept the worker or process from being started. Dispose a handler that was
   * loaded and not run.
   */
  load(): Promise<void>;
}

/** What a module exports, as far as it matters. */
export interface HandlerModule {
  /** The handler. */
  default?: unknown;
  /** The options it takes. */
  schema?: unknown;
}

/** The handler a module exports; throws a {@linkcode HandlerModuleError} that names `specifier` if there is none. */
export function handlerOf(module: HandlerModule, specifier: string): Handler {
  if (isHandler(module.default)) return module.default;
  const got = module.default === undefined ? "no default export" : kindOf(module.default);
  throw new HandlerModuleError(
    `${specifier} must have export default { batch(batch) { … } }, got ${got}`,
  );
}

/** What it has, so that a typo is seen. */
function kindOf(value: unknown): string {
  if (typeof value !== "object" || value === null) {
    return `a default export of type ${typeof value}`;
  }
  const has = Object.entries(value).map(([name, given]) => `${name}: ${typeof given}`);
  return `one with { ${has.join(", ")} }`;
}

function isHandler(value: unknown): value is Handler {
  if (typeof value !== "object" || value === null) return false;
  const { open, batch, close } = value as Partial<Record<keyof Handler, unknown>>;
  return typeof batch === "function" &&
    [open, close].every((optional) => optional === undefined || typeof optional === "function");
}

/**
 * What a handler module may do: lists as Deno's flags take them, `true` for
 * all, nothing for none. Default: nothing at all.
 */
export interface Grants {
  /** Hosts it may connect to. */
  net?: boolean | readonly string[];
  /** Paths it may read. */
  read?: boolean | readonly string[];
  /** Paths it may write. */
  write?: boolean | readonly string[];
  /** Environment variables it may read. */
  env?: boolean | readonly string[];
  /** Programs it may run. */
  run?: boolean | readonly string[];
  /** System information it may ask for. */
  sys?: boolean | readonly string[];
  /** Hosts it may import code from. */
  import?: boolean | readonly string[];
}

/**
 * What happens to a batch whose handler threw, hung, crashed or took too much
 * memory: `stop` the client with the error, `skip` the batch and count its
 * frames, or `retry` it. Default `stop`.
 */
export type FailurePolicy = "stop" | "skip" | "retry";

/** All policies. */
export const FAILURE_POLICIES: readonly FailurePolicy[] = ["stop", "skip", "retry"];
