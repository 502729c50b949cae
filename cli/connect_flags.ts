/**
 * Flags of `spillway connect`, and what they ask for.
 *
 * @module
 */

import type { Column, ConnectOptions, RespondRule, TlsOptions } from "../mod.ts";
import { spillTo } from "../spill.ts";
import { readFlagFile } from "./flag_file.ts";
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

/** What is put out. */
export type OutputKind = "text" | "json" | "raw" | "hex" | "count" | "handler";

/** What a command line asks for. */
export interface ConnectPlan {
  /** Where to connect to. */
  target: string;
  /** How. */
  options: ConnectOptions;
  /** What is put out. */
  output: OutputKind;
  /** The module, if `output` is `handler`. */
  handlerFile: string | undefined;
  /** Events and summary as JSON. */
  jsonLog: boolean;
  /** Frames after which to end. */
  limit: number;
  /** Time after which to end, in milliseconds. */
  durationMs: number | undefined;
}

const TLS_FLAGS = ["ca", "cert", "key", "alpn", "server-name"];
const OUTPUT_FLAGS = ["raw", "hex", "count", "handler"] as const;

/** The flags there are. */
export const connectFlags: FlagNames = {
  string: [
    ...["handler", "column", "send", "send-file", "respond", "heartbeat"],
    ...[
      "connect-timeout",
      "idle-timeout",
      "max-attempts",
      "buffer",
      "when-full",
      "spill",
      "spill-max",
      "limit",
      "duration",
    ],
    ...TLS_FLAGS,
    ...framingFlags.string,
  ],
  boolean: ["json", "raw", "hex", "count", "reconnect", "help", ...framingFlags.boolean],
  repeated: ["column", "send", "respond", "alpn"],
};

/** Makes a plan; reads the files that flags name, but for the handler's. */
export async function planOf(flags: Flags, positionals: string[]): Promise<ConnectPlan> {
  const target = targetOf(positionals);
  const output = outputOf(flags);
  return {
    target,
    options: await optionsOf(flags, output, target),
    output,
    handlerFile: textFlag(flags, "handler"),
    jsonLog: flags.json === true,
    limit: integerFlag(flags, "limit", { min: 1 }) ?? Infinity,
    durationMs: timeFlag(flags, "duration"),
  };
}

function targetOf(positionals: string[]): string {
  if (positionals.length === 1) return positionals[0];
  throw new UsageError(
    positionals.length === 0
      ? "connect needs a target as localhost:9000, tls://feed.example:9443 or unix:/run/feed.sock"
      : `connect takes one target, got ${positionals.join(" and ")}`,
  );
}

function outputOf(flags: Flags): OutputKind {
  const [kind, other] = OUTPUT_FLAGS.filter((name) => flags[name] !== undefined && flags[name]);
  if (other !== undefined) throw new UsageError(`--${kind} and --${other} exclude each other`);
  return kind ?? (flags.json ? "json" : "text");
}

async function optionsOf(
  flags: Flags,
  output: OutputKind,
  target: string,
): Promise<ConnectOptions> {
  return {
    framing: parseFraming(flags),
    columns: columnsOf(flags, output),
    tls: await tlsOf(flags, target),
    hello: await helloOf(flags),
    respond: textFlags(flags, "respond").map(respondRule),
    heartbeat: heartbeatOf(flags),
    connectTimeoutMs: timeFlag(flags, "connect-timeout"),
    idleTimeoutMs: timeFlag(flags, "idle-timeout"),
    reconnect: reconnectOf(flags),
    bufferBytes: bytesFlag(flags, "buffer"),
    // Words there are not are refused by connect(), which knows them.
    whenFull: whenFullOf(flags),
  };
}

/** A word, or with `--spill DIR` the directory. Words there are not are refused by connect(), which knows them. */
function whenFullOf(flags: Flags): ConnectOptions["whenFull"] {
  const word = textFlag(flags, "when-full");
  const directory = textFlag(flags, "spill");
  const maxBytes = bytesFlag(flags, "spill-max");
  if (directory === undefined) {
    if (maxBytes !== undefined) throw new UsageError("--spill-max needs --spill DIR");
    return word as ConnectOptions["whenFull"];
  }
  if (word !== undefined) throw new UsageError("--when-full and --spill exclude each other");
  return spillTo(directory, { maxBytes });
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
  return await readFlagFile(file, "send-file");
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
  const ca = await pemFlag(flags, "ca");
  return {
    caCerts: ca === undefined ? undefined : [ca],
    cert: await pemFlag(flags, "cert"),
    key: await pemFlag(flags, "key"),
    alpnProtocols: alpnProtocols.length > 0 ? alpnProtocols : undefined,
    serverName: textFlag(flags, "server-name"),
  };
}

async function pemFlag(flags: Flags, name: string): Promise<string | undefined> {
  const file = textFlag(flags, name);
  return file === undefined ? undefined : new TextDecoder().decode(await readFlagFile(file, name));
}
