/**
 * What `connect()` takes, with its defaults.
 *
 * @module
 */

import {
  MEMORY_POLICIES,
  type OverflowSource,
  type SpillEvent,
  type WhenFull,
} from "./backlog/backlog.ts";
import { checkColumns, type Column } from "./columns.ts";
import { checkFunction, checkMs, type DisconnectError, OptionError } from "./errors.ts";
import { checkKey } from "./dispatch/key_partition.ts";
import { type Partition, PARTITIONS } from "./dispatch/lanes.ts";
import type { Framing } from "./framing.ts";
import {
  checkBytes,
  checkHeartbeat,
  checkRespond,
  type Heartbeat,
  type RespondRule,
} from "./reader/control.ts";
import type { Tap } from "./reader/tap.ts";
import type { Session } from "./session.ts";
import type { TlsOptions } from "./transport/transport.ts";

/** How to come back after a connection ended: exponential backoff with full jitter. */
export interface ReconnectOptions {
  /** Upper bound of the first delay in milliseconds, at most `maxDelayMs`; doubled with each attempt. Default 100, or `maxDelayMs` if that is less. */
  initialDelayMs?: number;
  /** Upper bound of every delay in milliseconds, at most 2147483647. Default 30000, or `initialDelayMs` if that is more. */
  maxDelayMs?: number;
  /** Further attempts in a row, behind the one that failed or the connection that ended, at least 1; a connection that brought a frame and stood longer than its delay begins a new row. Default: no bound, it goes on for ever. */
  maxAttempts?: number;
}

/** What a client tells beside its batches. */
export type ClientEvent =
  /** A connection stands and its handshake is done; `epoch` is its number, see {@linkcode Batch.epoch}. */
  | { type: "connected"; epoch: number }
  /** A connection ended, or an attempt failed; the client goes on if it reconnects. */
  | { type: "disconnected"; error: DisconnectError }
  /** The next attempt follows in `delayMs`. */
  | { type: "reconnecting"; attempt: number; delayMs: number }
  /** No slab is free, as handlers or a disk have them all, or the tap is behind: reading pauses, and a server may count that against you. */
  | { type: "paused"; waitsFor: "handler" | "disk" | "tap" }
  /** Reading goes on. */
  | { type: "resumed" }
  /** So much of the buffer is in use: the handler falls behind. */
  | { type: "high_water"; bufferedBytes: number; handler?: string }
  /** It has caught up. */
  | { type: "low_water"; bufferedBytes: number; handler?: string }
  | SpillEvent & { handler?: string };

/** Options of {@linkcode connect}. */
export interface ConnectOptions<C extends readonly Column[] = readonly Column[]> {
  /** How the stream is cut into frames. */
  framing: Framing;
  /** Fields the core gathers from every frame into `batch.columns`, at most 64. Default none. */
  columns?: C;
  /** TLS options for `tls://` targets. */
  tls?: TlsOptions;
  /** Bytes (text as UTF-8) sent first on every connection. */
  hello?: string | Uint8Array;
  /** What is said before the feed, on every connection, behind `hello`. */
  handshake?: (session: Session) => Promise<void>;
  /** Frames answered by the reader itself, at most 16 rules. */
  respond?: readonly RespondRule[];
  /** Bytes sent at an interval. */
  heartbeat?: Heartbeat;
  /** Time for connecting, TLS and handshake in milliseconds. Default 10000. */
  connectTimeoutMs?: number;
  /** Ends the connection when no byte came for so many milliseconds. Default 0: never. */
  idleTimeoutMs?: number;
  /**
   * Come back after a connection ended, also when the first attempt fails; but not
   * when the client was closed, a handler or the tap threw, a permission is missing,
   * or a dialer has no more. Default `false`.
   */
  reconnect?: boolean | ReconnectOptions;
  /**
   * Memory for what is drained and not yet handled, in bytes: whole slabs, allocated
   * at once and never exceeded. A slab is 256 KiB, or twice the longest frame with its
   * header and escapes, rounded up to 128 KiB (384 KiB for `lines` by default). At
   * least 2 slabs, at most 4096, and below 4 GiB with their index, which comes on top.
   * Default 16 slabs: 4 MiB, `lines` 6, `nats` 34. With `sharedMemory` a slab is at
   * least 512 KiB, or a 16th of a smaller buffer, but not below 256.
   */
  bufferBytes?: number;
  /** What happens when that is full: a word, or `spillTo(directory)` of `@spillway/spillway/spill`. Default `"block"`. */
  whenFull?: WhenFull;
  /**
   * Several handlers of one feed, by name: each has a queue of its own and does
   * not wait for the others. What is not said here is as said beside it; where
   * that spills, each has a directory of its name within. One that blocks stops
   * reading for all.
   */
  handlers?: Readonly<Record<string, HandlerOptions>>;
  /** Whether each handler gets all frames, they share runs of frames, or all with one value of a column to the same. Default `"all"`. */
  partition?: Partition<C[number]["name"]>;
  /** Bytes of the buffer in use at which the event `high_water` tells. Default three quarters of it. */
  highWaterBytes?: number;
  /** Bytes of the buffer in use at which, after that, `low_water` does. Default two thirds of that. */
  lowWaterBytes?: number;
  /** Milliseconds one handler call may hold the read loop; batches are cut to fit. Default 10. */
  dutyCycleMs?: number;
  /** Bytes after which a drain ends at the latest and batches are dispatched. Default 4194304; while the handler is quick, 131072 at the most, with `sharedMemory` up to 262144. */
  drainBytes?: number;
  /** Milliseconds after which a drain ends. Default 10. */
  drainMs?: number;
  /**
   * Against a server that pushes half a gigabyte a second or more, rest for less
   * than 0.1 ms behind an emptied socket, which halves the CPU both sides pay for
   * wake-ups and blocks this thread for that time, or read less at once, whichever
   * makes the feed faster.
   * Default `true`.
   */
  coalesceReads?: boolean;
  /** Bytes that may wait to be written, at least as many as an answer and a heartbeat have. Default 1048576. */
  writeQueueBytes?: number;
  /** Closes the client. */
  signal?: AbortSignal;
  /** Sees each chunk before it is framed. Default none, which costs nothing. */
  tap?: Tap;
  /** Called with each event, from within the read loop: keep it short. */
  onEvent?: (event: ClientEvent) => void;
  /**
   * Puts the buffer into memory that handlers in workers can be given, as
   * `workerHandler()` of `@spillway/spillway/isolation` needs. Default `false`.
   */
  sharedMemory?: boolean;
  /** A compiled core.wasm (core_shared.wasm for `sharedMemory`), where code can't be compiled at run time. Default: the embedded one. */
  module?: WebAssembly.Module;
}

/** What one of several handlers may have for itself. */
export type HandlerOptions = Pick<
  ConnectOptions,
  "whenFull" | "highWaterBytes" | "lowWaterBytes"
>;

/** The same with its defaults; without a name if there is one handler only. */
export interface LaneSettings extends HandlerOptions {
  name: string | undefined;
  whenFull: WhenFull;
}

/** Options with every default filled in. */
export type Settings =
  & Omit<ConnectOptions, "reconnect" | "respond" | "columns" | "handlers" | "whenFull">
  & Required<
    Pick<
      ConnectOptions,
      | "connectTimeoutMs"
      | "idleTimeoutMs"
      | "dutyCycleMs"
      | "drainBytes"
      | "drainMs"
      | "coalesceReads"
      | "partition"
      | "sharedMemory"
      | "writeQueueBytes"
      | "respond"
      | "columns"
    >
  >
  & { reconnect: Required<ReconnectOptions> | undefined; lanes: LaneSettings[] };

/** Fills in defaults; throws an `OptionError` for values that can't work. */
export function settle(options: ConnectOptions): Settings {
  if (typeof options !== "object" || options === null) {
    throw new OptionError("options", "an object with a framing", options);
  }
  const settings: Settings = {
    ...options,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    idleTimeoutMs: options.idleTimeoutMs ?? 0,
    dutyCycleMs: options.dutyCycleMs ?? 10,
    drainBytes: options.drainBytes ?? 4 * 1024 * 1024,
    drainMs: options.drainMs ?? 10,
    coalesceReads: options.coalesceReads ?? true,
    partition: options.partition ?? "all",
    lanes: settleLanes(options),
    sharedMemory: options.sharedMemory ?? false,
    writeQueueBytes: options.writeQueueBytes ?? 1024 * 1024,
    respond: options.respond ?? [],
    columns: options.columns ?? [],
    reconnect: settleReconnect(options.reconnect),
  };
  const positive = ["dutyCycleMs", "drainBytes", "drainMs", "writeQueueBytes"] as const;
  for (const name of positive) {
    const value = settings[name];
    if (!(typeof value === "number" && value > 0)) {
      throw new OptionError(name, "a number above 0", value);
    }
  }
  checkMs("connectTimeoutMs", settings.connectTimeoutMs, 1);
  checkMs("idleTimeoutMs", settings.idleTimeoutMs, 0);
  checkPartition(settings);
  for (const name of ["coalesceReads", "sharedMemory"] as const) {
    if (typeof settings[name] !== "boolean") {
      throw new OptionError(name, "true or false", settings[name]);
    }
  }
  if (settings.hello !== undefined) checkBytes("hello", settings.hello);
  checkRespond(settings.respond, settings.writeQueueBytes);
  checkHeartbeat(settings.heartbeat, settings.writeQueueBytes);
  for (const name of ["handshake", "onEvent", "tap"] as const) checkFunction(name, settings[name]);
  if (settings.signal !== undefined && !(settings.signal instanceof AbortSignal)) {
    throw new OptionError("signal", "an AbortSignal", settings.signal);
  }
  return { ...settings, ...kept(settings) };
}

/** Bytes that are sent later, as they are now: their memory is the user's. */
function kept({ hello, respond, heartbeat }: Settings): Partial<Settings> {
  // Not slice(): that of Node's buffers shares their memory.
  const own = (bytes: string | Uint8Array) =>
    typeof bytes === "string" ? bytes : new Uint8Array(bytes);
  return {
    ...hello !== undefined && { hello: own(hello) },
    respond: respond.map(({ match, send }) => ({ match: own(match), send: own(send) })),
    ...heartbeat && { heartbeat: { ...heartbeat, bytes: own(heartbeat.bytes) } },
  };
}

const NAME = /^[\w-]{1,64}$/;

/** A lane for each handler. */
function settleLanes(options: ConnectOptions): LaneSettings[] {
  const { handlers } = options;
  if (handlers === undefined) return [settleLane(undefined, options)];
  if (typeof handlers !== "object" || handlers === null || Object.keys(handlers).length === 0) {
    throw new OptionError("handlers", "an object with a name for each handler", handlers);
  }
  return Object.entries(handlers).map(([name, own]) => {
    if (!NAME.test(name)) {
      throw new OptionError("handlers", "names of 1 to 64 letters, digits, _ and -", name);
    }
    if (typeof own !== "object" || own === null) {
      throw new OptionError(`handlers.${name}`, "an object", own);
    }
    const { whenFull, highWaterBytes, lowWaterBytes } = own;
    return settleLane(name, {
      whenFull: whenFull ?? options.whenFull,
      highWaterBytes: highWaterBytes ?? options.highWaterBytes,
      lowWaterBytes: lowWaterBytes ?? options.lowWaterBytes,
    });
  });
}

function checkPartition({ partition, columns }: Settings): void {
  if (typeof partition === "object" && partition !== null) {
    checkColumns(columns);
    checkKey(partition.key, columns);
  } else if (!PARTITIONS.includes(partition)) {
    throw new OptionError("partition", `${quoted(PARTITIONS)} or { key: column }`, partition);
  }
}

function settleLane(name: string | undefined, options: HandlerOptions): LaneSettings {
  const { whenFull = "block", highWaterBytes, lowWaterBytes } = options;
  const known = typeof whenFull === "string"
    ? MEMORY_POLICIES.includes(whenFull)
    : typeof (whenFull as Partial<OverflowSource>)?.open === "function";
  if (!known) {
    const option = name === undefined ? "whenFull" : `handlers.${name}.whenFull`;
    throw new OptionError(option, `${quoted(MEMORY_POLICIES)} or spillTo(directory)`, whenFull);
  }
  return { name, whenFull, highWaterBytes, lowWaterBytes };
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(", ");
}

/** Bounds of the delays by default, in milliseconds. */
const RECONNECT_MS = { initialDelay: 100, maxDelay: 30_000 };

function settleReconnect(
  options: boolean | ReconnectOptions | undefined,
): Required<ReconnectOptions> | undefined {
  if (options === undefined || options === false) return undefined;
  if (options !== true && (typeof options !== "object" || options === null)) {
    throw new OptionError("reconnect", "true, false or an object", options);
  }
  const given = options === true ? {} : options;
  const { initialDelay, maxDelay } = RECONNECT_MS;
  const settled = {
    // Whoever gives one is not to be told of the other.
    initialDelayMs: given.initialDelayMs ?? Math.min(initialDelay, given.maxDelayMs ?? maxDelay),
    maxDelayMs: given.maxDelayMs ?? Math.max(maxDelay, given.initialDelayMs ?? initialDelay),
    maxAttempts: given.maxAttempts ?? Infinity,
  };
  checkMs("reconnect.initialDelayMs", settled.initialDelayMs, 0);
  checkMs("reconnect.maxDelayMs", settled.maxDelayMs, settled.initialDelayMs);
  if (!(typeof settled.maxAttempts === "number" && settled.maxAttempts >= 1)) {
    throw new OptionError("reconnect.maxAttempts", "a number of at least 1", settled.maxAttempts);
  }
  return settled;
}
