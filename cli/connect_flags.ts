/**
 * Flags of `spillway connect`, and what they ask for.
 *
 * @module
 */

import type {
  ClientEvent,
  Column,
  ConnectOptions,
  RespondRule,
  Target,
  TlsOptions,
} from "../mod.ts";
import { MEMORY_POLICIES, type MemoryPolicy } from "../src/backlog/backlog.ts";
import { handlerFlags, handlersPlan, partitionOf } from "./handlers/flags.ts";
import type { HandlerPlan } from "./handlers/plan.ts";
import { type PemKind, readFlagFile, readPemFile } from "./flag_file.ts";
import { framingFlags, parseFraming, unescapeBytes } from "./framing_flags.ts";
import {
  bytesFlag,
  type FlagNames,
  type Flags,
  integerFlag,
  parseTime,
  textFlag,
  textFlags,
  timeFlag,
  UsageError,
} from "./usage.ts";
import type { LanePlan, PlannedOptions } from "./when_full.ts";

/** What is put out. */
export type OutputKind = "text" | "json" | "raw" | "hex" | "count" | "handler";

/** What a command line asks for. */
export interface ConnectPlan {
  /** Which command it is, for messages. */
  command: string;
  /** Where to connect to, and what messages call it. */
  target: Target;
  name: string;
  /** How. */
  options: PlannedOptions;
  /** The config file that says how: its keys are no flags. */
  configFile?: string;
  /** What is put out. */
  output: OutputKind;
  /** The handlers, if `output` is `handler`. */
  handlers: readonly HandlerPlan[];
  /** Events and summary as JSON. */
  jsonLog: boolean;
  /** Whether people are told of an event. Default: of all. */
  tells?: (event: ClientEvent) => boolean;
  /** Frames after which to end. */
  limit: number;
  /** Time after which to end, in milliseconds. */
  durationMs: number | undefined;
  /** Time that batches at hand have once it was interrupted, in milliseconds. */
  stopTimeoutMs: number;
}

/** Service managers wait for ten seconds and more before they kill. */
export const STOP_TIMEOUT_MS = 8000;

const TLS_FLAGS = ["ca", "cert", "key", "alpn", "server-name"];
const OUTPUT_FLAGS = ["raw", "hex", "count", "handler"] as const;

/** Flags of the connection itself. */
export const connectionFlags: Required<FlagNames> = {
  string: [
    ...["send", "send-file", "respond", "heartbeat"],
    ...["connect-timeout", "idle-timeout", "max-attempts"],
    ...TLS_FLAGS,
    ...framingFlags.string,
  ],
  boolean: ["reconnect", ...framingFlags.boolean],
  repeated: ["send", "respond", "alpn"],
};

/** Flags of what becomes of the frames. */
export const outputFlags: Required<FlagNames> = {
  string: [
    ...["column", "buffer", "when-full", "spill", "spill-max"],
    ...["limit", "duration", "stop-timeout"],
    ...handlerFlags.string,
  ],
  boolean: ["json", "raw", "hex", "count", "durable", "help", ...handlerFlags.boolean],
  repeated: ["column", ...handlerFlags.repeated],
};

/** The flags there are. */
export const connectFlags: FlagNames = {
  string: ["config", ...connectionFlags.string, ...outputFlags.string],
  boolean: [...connectionFlags.boolean, ...outputFlags.boolean],
  repeated: [...connectionFlags.repeated, ...outputFlags.repeated],
};

/** Makes a plan; reads the files that flags name, but for the handler's. */
export async function planOf(flags: Flags, positionals: string[]): Promise<ConnectPlan> {
  const target = targetOf("connect", positionals);
  const { options, ...output } = outputPlan(flags);
  const connection = await connectionOf(flags, target);
  return {
    ...{ command: "connect", target, name: target },
    options: { framing: parseFraming(flags), ...connection, ...options },
    ...output,
  };
}

/** What becomes of the frames, whatever they come from. */
export function outputPlan(
  flags: Flags,
): Omit<ConnectPlan, "command" | "target" | "name" | "options"> & {
  options: Pick<
    PlannedOptions,
    "columns" | "bufferBytes" | "whenFull" | "handlers" | "partition" | "sharedMemory"
  >;
} {
  const output = outputOf(flags);
  const handlers = handlersPlan(flags);
  const columns = columnsOf(flags, output);
  return {
    options: {
      columns,
      bufferBytes: bytesFlag(flags, "buffer"),
      // Words there are not are refused by connect(), which knows them.
      whenFull: whenFullOf(flags),
      handlers: lanesOf(handlers),
      sharedMemory: needsSharedMemory(handlers),
      partition: partitionOf(flags, columns),
    },
    output,
    handlers,
    ...limitsPlan(flags),
    stopTimeoutMs: timeFlag(flags, "stop-timeout") ?? STOP_TIMEOUT_MS,
  };
}

/** How this one run goes. */
export function limitsPlan(flags: Flags): Pick<ConnectPlan, "jsonLog" | "limit" | "durationMs"> {
  return {
    jsonLog: flags.json === true,
    limit: integerFlag(flags, "limit", { min: 1 }) ?? Infinity,
    durationMs: timeFlag(flags, "duration"),
  };
}

/** Workers see the client's own memory. */
export function needsSharedMemory(handlers: readonly HandlerPlan[]): boolean {
  return handlers.some(({ isolation }) => isolation === "worker");
}

/** What the client is told of several handlers. */
export function lanesOf(handlers: readonly HandlerPlan[]): PlannedOptions["handlers"] {
  const named = handlers.filter((handler) => handler.named);
  return named.length === 0
    ? undefined
    : Object.fromEntries(named.map(({ name, lane }) => [name, lane]));
}

/** The one target of a command. */
export function targetOf(command: string, positionals: string[]): string {
  if (positionals.length === 1) return positionals[0];
  throw new UsageError(
    positionals.length === 0
      ? `${command} needs a target as localhost:9000, tls://feed.example:9443 or unix:/run/feed.sock`
      : `${command} takes one target, got ${positionals.join(" and ")}`,
  );
}

/** What is to be put out, by the flags. */
export function outputOf(flags: Flags): OutputKind {
  const [kind, other] = OUTPUT_FLAGS.filter((name) => [flags[name]].flat().some(Boolean));
  if (other !== undefined) throw new UsageError(`--${kind} and --${other} exclude each other`);
  return kind ?? (flags.json ? "json" : "text");
}

/** How to connect; reads the files that flags name. */
export async function connectionOf(
  flags: Flags,
  target: string,
): Promise<Omit<ConnectOptions, "framing" | "handlers" | "whenFull">> {
  return {
    tls: await tlsOf(flags, target),
    hello: await helloOf(flags),
    respond: textFlags(flags, "respond").map(respondRule),
    heartbeat: heartbeatOf(flags),
    connectTimeoutMs: timeFlag(flags, "connect-timeout"),
    idleTimeoutMs: timeFlag(flags, "idle-timeout"),
    reconnect: reconnectOf(flags),
  };
}

/** A word, or with `--spill DIR` the directory. */
function whenFullOf(flags: Flags): LanePlan["whenFull"] {
  const word = memoryPolicyOf(flags);
  const directory = textFlag(flags, "spill");
  const maxBytes = bytesFlag(flags, "spill-max");
  if (directory === undefined) {
    if (maxBytes !== undefined) throw new UsageError("--spill-max needs --spill DIR");
    if (flags.durable) throw new UsageError("--durable needs --spill DIR");
    return word;
  }
  if (word !== undefined) throw new UsageError("--when-full and --spill exclude each other");
  return flags.durable ? { journal: directory, maxBytes } : { spill: directory, maxBytes };
}

function memoryPolicyOf(flags: Flags): MemoryPolicy | undefined {
  const word = textFlag(flags, "when-full");
  const policy = MEMORY_POLICIES.find((one) => one === word);
  if (policy !== undefined || word === undefined) return policy;
  const words = MEMORY_POLICIES.join(", ");
  throw new UsageError(`--when-full must be ${words}, or --spill DIR in its place, got ${word}`);
}

function columnsOf(flags: Flags, output: OutputKind): Column[] {
  const columns = textFlags(flags, "column").map(parseColumn);
  if (columns.length > 0 && output !== "json" && output !== "handler") {
    throw new UsageError("--column needs --json or --handler, the other outputs have no columns");
  }
  return columns;
}

function parseColumn(text: string): Column {
  const match = /^(?<name>[^:]+):(?<type>\w+)@(?<at>\d+)(?::(?<order>big|little))?$/.exec(text);
  if (match?.groups === undefined) {
    throw new UsageError(
      `--column must be NAME:TYPE@OFFSET or NAME:TYPE@OFFSET:little as price:u32@4, got ${text}`,
    );
  }
  const { name, type, at, order } = match.groups;
  return {
    name,
    // Types there are not are refused by connect(), which knows them.
    type: type as Column["type"],
    at: Number(at),
    byteOrder: order === "little" ? "little" : "big",
  };
}

async function helloOf(flags: Flags): Promise<Uint8Array | undefined> {
  const texts = textFlags(flags, "send");
  const file = textFlag(flags, "send-file");
  if (file === undefined) {
    if (texts.length === 0) return undefined;
    return Uint8Array.from(texts.flatMap((text) => [...unescapeBytes(text, "send")]));
  }
  if (texts.length > 0) throw new UsageError("--send and --send-file exclude each other");
  return await readFlagFile(file, "--send-file");
}

function respondRule(text: string): RespondRule {
  const [match, send] = splitFlag(text, "=", "respond", "MATCH=SEND");
  return { match: unescapeBytes(match, "respond"), send: unescapeBytes(send, "respond") };
}

function heartbeatOf(flags: Flags): ConnectOptions["heartbeat"] {
  const text = textFlag(flags, "heartbeat");
  if (text === undefined) return undefined;
  const [time, bytes] = splitFlag(text, ":", "heartbeat", "TIME:TEXT");
  return { everyMs: parseTime(time, "heartbeat"), bytes: unescapeBytes(bytes, "heartbeat") };
}

/** The two sides of the first `separator`. */
function splitFlag(text: string, separator: string, name: string, form: string): [string, string] {
  const at = text.indexOf(separator);
  if (at < 1 || at === text.length - 1) {
    throw new UsageError(`--${name} must be ${form}, got ${text}`);
  }
  return [text.slice(0, at), text.slice(at + 1)];
}

function reconnectOf(flags: Flags): ConnectOptions["reconnect"] {
  const maxAttempts = integerFlag(flags, "max-attempts", { min: 1 });
  if (flags.reconnect) return { maxAttempts };
  if (maxAttempts !== undefined) throw new UsageError("--max-attempts needs --reconnect");
  return false;
}

async function tlsOf(flags: Flags, target: string): Promise<TlsOptions | undefined> {
  const alpnProtocols = textFlags(flags, "alpn");
  const given = TLS_FLAGS.find((name) => [flags[name] ?? []].flat().length > 0);
  if (given === undefined) return undefined;
  if (!target.startsWith("tls://")) {
    throw new UsageError(`--${given} needs a target that begins with tls://`);
  }
  if ((flags.cert === undefined) !== (flags.key === undefined)) {
    throw new UsageError("--cert and --key go together");
  }
  const ca = await pemFlag(flags, "ca", "CERTIFICATE");
  return {
    caCerts: ca === undefined ? undefined : [ca],
    cert: await pemFlag(flags, "cert", "CERTIFICATE"),
    key: await pemFlag(flags, "key", "PRIVATE KEY"),
    alpnProtocols: alpnProtocols.length > 0 ? alpnProtocols : undefined,
    serverName: textFlag(flags, "server-name"),
  };
}

async function pemFlag(flags: Flags, name: string, kind: PemKind): Promise<string | undefined> {
  const file = textFlag(flags, name);
  return file === undefined ? undefined : await readPemFile(file, `--${name}`, kind);
}
