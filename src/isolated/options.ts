/**
 * What `connectIsolated()` takes: data only, since it goes to other isolates.
 *
 * @module
 */

import type { JournalOptions, SpillOptions } from "../backlog/spill_to.ts";
import type { Grants } from "../isolation/contract.ts";
import type { FailureEvent, FailureOptions } from "../isolation/failure_options.ts";
import type {
  WorkerHandlerEvent,
  WorkerHandlerOptions,
} from "../isolation/worker/worker_handler.ts";
import type { ClientEvent, ConnectOptions } from "../options.ts";

/**
 * What happens when the buffer is full: a word, or a directory with the options
 * of `spillTo()` or `journalTo()`.
 */
export type IsolatedWhenFull =
  | "block"
  | "drop_oldest"
  | "drop_newest"
  | { spill: string } & SpillOptions
  | { journal: string } & JournalOptions;

/** Options of the connection and the buffer, as in `connect()`. */
export type FeedOptions = Pick<
  ConnectOptions,
  | "framing"
  | "columns"
  | "tls"
  | "hello"
  | "respond"
  | "heartbeat"
  | "connectTimeoutMs"
  | "idleTimeoutMs"
  | "reconnect"
  | "bufferBytes"
  | "partition"
  | "highWaterBytes"
  | "lowWaterBytes"
  | "dutyCycleMs"
  | "drainBytes"
  | "drainMs"
  | "coalesceReads"
  | "writeQueueBytes"
>;

/** One handler: its module, what it may do, and what happens when it fails or falls behind. */
export interface IsolatedHandler extends
  Pick<
    WorkerHandlerOptions,
    "options" | "startTimeoutMs" | "batchTimeoutMs" | "heartbeatTimeoutMs"
  >,
  Pick<FailureOptions<never>, "onFailure" | "restart" | "deadLetter" | "budgetMs">,
  Pick<ConnectOptions, "highWaterBytes" | "lowWaterBytes"> {
  /** URL of a module with `export default { open, batch, close }`. */
  module: string | URL;
  /** What the module may do, which must be granted to the program as well. Default: nothing at all. */
  grants?: Grants;
  /** What happens when the buffer is full. Default: as said beside the handlers. */
  whenFull?: IsolatedWhenFull;
}

/** What happened to a handler. */
export type IsolatedHandlerEvent = (FailureEvent | WorkerHandlerEvent) & { handler: string };

/** What an isolated client tells. */
export type IsolatedEvent = ClientEvent | IsolatedHandlerEvent;

/** Options of {@linkcode connectIsolated}. */
export interface IsolatedOptions extends FeedOptions {
  /** The one handler. */
  handler?: IsolatedHandler;
  /** Or several, by name: see {@linkcode ConnectOptions.handlers}. */
  handlers?: Readonly<Record<string, IsolatedHandler>>;
  /** What happens when the buffer is full. Default `"block"`. */
  whenFull?: IsolatedWhenFull;
  /** Milliseconds after which `close()` ends what has not ended by itself. Default 60000. */
  closeTimeoutMs?: number;
  /** Closes the client. */
  signal?: AbortSignal;
  /** Called with each event, in the isolate that called {@linkcode connectIsolated}. */
  onEvent?: (event: IsolatedEvent) => void;
}
