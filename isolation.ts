/**
 * Handler modules behind a wall: each with exactly the rights it was granted.
 *
 * @example
 * ```ts ignore
 * import { connect } from "jsr:@spillway/spillway";
 * import { processHandler } from "jsr:@spillway/spillway/isolation";
 *
 * await using client = await connect("localhost:9000", { framing: { type: "lines" } });
 * await client.run(
 *   processHandler(import.meta.resolve("./store.ts"), { grants: { write: ["lines.log"] } }),
 * );
 * ```
 *
 * @module
 */

export { connectIsolated } from "./src/isolated/connect.ts";
export { GrantError, ReaderError, type ReaderFailure } from "./src/isolated/errors.ts";
export type {
  FeedOptions,
  IsolatedEvent,
  IsolatedHandler,
  IsolatedHandlerEvent,
  IsolatedOptions,
  IsolatedWhenFull,
} from "./src/isolated/options.ts";
export type { IsolatedHandlerStats } from "./src/isolated/stats_block.ts";
export type { IsolatedClient } from "./src/isolated/supervisor.ts";
export {
  type FailurePolicy,
  type Grants,
  HandlerModuleError,
  type LoadableHandler,
} from "./src/isolation/contract.ts";
export { DeadLetterError } from "./src/isolation/dead_letters.ts";
export type {
  FailureCounts,
  FailureEvent,
  FailureOptions,
  RestartOptions,
} from "./src/isolation/failure_options.ts";
export { HandlerProcessError, type ProcessFailure } from "./src/isolation/process/errors.ts";
export type { ProcessEvent, ProcessOptions } from "./src/isolation/process/options.ts";
export {
  type ProcessHandler,
  processHandler,
  type ProcessHandlerStats,
} from "./src/isolation/process/process_handler.ts";
export { RemoteError } from "./src/isolation/process/remote_error.ts";
export { reloadable, type ReloadableHandler, ReloadError } from "./src/isolation/reloadable.ts";
export type { HandlerSchema, SchemaOption } from "./src/isolation/schema.ts";
export { supervised, type SupervisedHandler } from "./src/isolation/supervised.ts";
export { UnresponsiveHandlerError, WorkerProtocolError } from "./src/isolation/worker/errors.ts";
export {
  workerHandler,
  type WorkerHandlerEvent,
  type WorkerHandlerOptions,
} from "./src/isolation/worker/worker_handler.ts";
