/**
 * What the options come to: what each worker is told, and what it may do.
 *
 * @module
 */

import type { OptionValues } from "../dispatch/handler.ts";
import { checkFunction, checkMs, OptionError } from "../errors.ts";
import {
  checkSpecifier,
  permissionsOf,
  type WorkerPermissions,
} from "../isolation/worker/bootstrap.ts";
import { type Endpoint, endpointName, parseTarget } from "../transport/target.ts";
import type { Target } from "../transport/transport.ts";
import type { FeedOptions, IsolatedHandler, IsolatedOptions, IsolatedWhenFull } from "./options.ts";

/** The only handler goes by this name, as in `Client.statsByHandler()`. */
export const ONLY_HANDLER = "handler";

/** A handler, as the reader is told of it. */
export interface HandlerPlan {
  name: string;
  specifier: string;
  options: OptionValues | undefined;
  limits: Pick<IsolatedHandler, "startTimeoutMs" | "batchTimeoutMs" | "heartbeatTimeoutMs">;
  failure: Pick<IsolatedHandler, "onFailure" | "restart" | "deadLetter" | "budgetMs">;
  lane: Pick<IsolatedHandler, "whenFull" | "highWaterBytes" | "lowWaterBytes">;
}

/** What the reader is told. */
export interface ReaderPlan {
  target: Target;
  feed: FeedOptions;
  whenFull: IsolatedWhenFull | undefined;
  handlers: HandlerPlan[];
  /** Whether they have names of their own. */
  named: boolean;
  /** Frames after which it closes: each handler has had as many, or all together where they share. */
  frameLimit: number;
}

/** All of it. */
export interface Plan {
  reader: ReaderPlan;
  /** What messages call the server, and what `--allow-net` must name. */
  name: string;
  readerPermissions: WorkerPermissions;
  /** What each handler may do, by name. */
  handlerPermissions: ReadonlyMap<string, WorkerPermissions>;
  /** Directories, each of which has a worker of its own. */
  directories: readonly string[];
  closeTimeoutMs: number;
}

/** Throws an `OptionError` for what can't work, or can't be told to another isolate. */
export function planOf(
  target: Target,
  options: IsolatedOptions,
  frameLimit = Infinity,
): Plan {
  const { handler, handlers, whenFull, closeTimeoutMs = 60_000, signal, onEvent, ...feed } =
    options;
  const endpoint = parseTarget(target, feed.tls);
  if (endpoint.kind === "dialer" || endpoint.kind === "open") {
    const expected = "an address, since connections and functions can't go to the reader's worker";
    throw new OptionError("target", expected, target);
  }
  for (const name of ["handshake", "tap", "module"] as const) {
    const value = (feed as Record<string, unknown>)[name];
    if (value === undefined) continue;
    throw new OptionError(name, "nothing here, since it can't go to the reader's worker", value);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new OptionError("signal", "an AbortSignal", signal);
  }
  checkFunction("onEvent", onEvent);
  checkMs("closeTimeoutMs", closeTimeoutMs, 1);
  const given = givenHandlers(handler, handlers);
  const optionOf: NameHandler = (name) => handlers === undefined ? "handler" : `handlers.${name}`;
  const reader = {
    ...{ target, feed, whenFull },
    handlers: given.map(([name, own]) => handlerPlan(name, own, optionOf(name))),
    named: handlers !== undefined,
    frameLimit,
  };
  try {
    structuredClone(reader);
  } catch (error) {
    throw new OptionError("options", `data only: ${(error as Error).message}`, options);
  }
  return {
    reader,
    name: endpointName(endpoint),
    readerPermissions: permissionsOf(rightsTo(endpoint)),
    handlerPermissions: new Map(
      given.map(([name, { grants = {} }]) => [name, permissionsOf(grants)]),
    ),
    directories: directoriesOf(reader, optionOf),
    closeTimeoutMs,
  };
}

/** How a message calls a handler's options. */
type NameHandler = (name: string) => string;

function givenHandlers(
  handler: IsolatedHandler | undefined,
  handlers: IsolatedOptions["handlers"],
): [string, IsolatedHandler][] {
  if ((handler === undefined) === (handlers === undefined)) {
    const got = handler === undefined ? "neither" : "both";
    throw new OptionError("handlers", "one handler as handler, or several as handlers", got);
  }
  const given = handler === undefined ? handlers : { [ONLY_HANDLER]: handler };
  if (typeof given !== "object" || given === null || Object.keys(given).length === 0) {
    throw new OptionError("handlers", "an object with a name for each handler", given);
  }
  for (const [name, own] of Object.entries(given)) {
    if (typeof own === "object" && own !== null) continue;
    throw new OptionError(`handlers.${name}`, "an object with a module", own);
  }
  return Object.entries(given);
}

function handlerPlan(name: string, own: IsolatedHandler, option: string): HandlerPlan {
  const { startTimeoutMs, batchTimeoutMs, heartbeatTimeoutMs } = own;
  const { onFailure, restart, deadLetter, budgetMs } = own;
  const { whenFull, highWaterBytes, lowWaterBytes } = own;
  return {
    name,
    options: own.options,
    specifier: checkSpecifier(own.module, `${option}.module`),
    limits: { startTimeoutMs, batchTimeoutMs, heartbeatTimeoutMs },
    failure: { onFailure, restart, deadLetter, budgetMs },
    lane: { whenFull, highWaterBytes, lowWaterBytes },
  };
}

/** Exactly what connecting takes: a unix socket is a file as well. */
function rightsTo(endpoint: Endpoint): Parameters<typeof permissionsOf>[0] {
  const net = [endpointName(endpoint)];
  if (endpoint.kind !== "unix") return { net };
  return { net, read: [endpoint.path], write: [endpoint.path] };
}

function directoriesOf({ whenFull, handlers }: ReaderPlan, optionOf: NameHandler): string[] {
  const directories = handlers.flatMap(({ name, lane, failure }) => {
    const own = lane.whenFull === undefined
      ? directoryOf("whenFull", whenFull)
      : directoryOf(`${optionOf(name)}.whenFull`, lane.whenFull);
    return [own, failure.deadLetter].filter((directory) => directory !== undefined);
  });
  return [...new Set(directories)];
}

function directoryOf(option: string, whenFull: IsolatedWhenFull | undefined): string | undefined {
  if (typeof whenFull !== "object") return undefined;
  const [kind, directory] = "journal" in whenFull
    ? ["journal", whenFull.journal]
    : ["spill", (whenFull as { spill?: unknown }).spill];
  if (typeof directory === "string" && directory !== "") return directory;
  throw new OptionError(`${option}.${kind}`, "the path of a directory", directory);
}
