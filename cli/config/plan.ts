/**
 * What a config file asks for, as a plan.
 *
 * @module
 */

import { dirname, isAbsolute, join } from "node:path";
import type { TlsOptions } from "../../mod.ts";
import {
  type ConnectPlan,
  lanesOf,
  limitsPlan,
  needsSharedMemory,
  outputFlags,
  outputOf,
  STOP_TIMEOUT_MS,
} from "../connect_flags.ts";
import { readPemFile } from "../flag_file.ts";
import { given } from "../given.ts";
import { type HandlerPlan, handlerPlan, type NameSetting } from "../handlers/plan.ts";
import { type Flags, UsageError } from "../usage.ts";
import type { LanePlan, PlannedOptions } from "../when_full.ts";
import { contradictions, sharedDirectories } from "./contradictions.ts";
import { missingFiles } from "./missing_files.ts";
import { ConfigError, readConfig } from "./read.ts";
import type { PartialConfig, PartialHandler, SpillConfig } from "./schema.ts";
import type { Understood } from "./understood.ts";

/** Flags that say how this one run goes, and go with a file. */
const BESIDE = ["config", "json", "raw", "hex", "count", "limit", "duration", "watch"];

/**
 * Makes a plan of a config file. Files and directories it names are relative to
 * its own place; grants are passed on as they are. Throws a `ConfigError`.
 */
export async function configPlan(
  file: string,
  flags: Flags,
  positionals: readonly string[],
): Promise<ConnectPlan> {
  refuseOthers(flags, positionals);
  const at: Resolve = (path) => isAbsolute(path) ? path : join(dirname(file), path);
  const { understood, problems } = await readConfig(file);
  const { config } = understood;
  const { handlers, problems: ofHandlers } = handlersOf(understood, file, at, flags.watch === true);
  const { missing, refused } = await missingFiles(config, at);
  const mistakes = [
    ...problems,
    ...contradictions(understood),
    ...ofHandlers,
    ...sharedDirectories(handlers),
    ...missing,
  ];
  if (mistakes.length > 0) throw new ConfigError(file, [...mistakes, ...refused]);
  const asked = outputOf(flags);
  if (handlers.length > 0 && asked !== "text" && asked !== "json") {
    throw new UsageError(`--${asked} does not go with the handlers of ${file}`);
  }
  if (handlers.length === 0 && flags.watch) {
    throw new UsageError(`--watch needs handlers in ${file}`);
  }
  const output = handlers.length > 0 ? "handler" : asked;
  if (config.columns !== undefined && output !== "handler" && output !== "json") {
    throw new UsageError(`the columns of ${file} need handlers there, or --json`);
  }
  const target = config.target!;
  return {
    ...{ command: "connect", target, name: target, configFile: file, output, handlers },
    options: given({
      ...await connectionOf(config, at),
      ...overflowOf(config, at),
      columns: config.columns ?? [],
      bufferBytes: config.buffer,
      handlers: lanesOf(handlers),
      sharedMemory: needsSharedMemory(handlers) || undefined,
      partition: config.partition,
    }),
    ...limitsPlan(flags),
    stopTimeoutMs: config.stopTimeout ?? STOP_TIMEOUT_MS,
  };
}

/** Makes a path of the file one of the working directory. */
type Resolve = (path: string) => string;

function refuseOthers(flags: Flags, positionals: readonly string[]): void {
  if (positionals.length > 0) {
    throw new UsageError(`${positionals[0]} does not go with --config: the file says the target`);
  }
  const stray = Object.keys(flags).find((name) =>
    !BESIDE.includes(name) && [flags[name]].flat().some((value) => value !== false)
  );
  if (stray === undefined) return;
  const advice = outputFlags.boolean.includes(stray) ? "" : ": say it in the file";
  throw new UsageError(`--${stray} does not go with --config${advice}`);
}

async function connectionOf(config: PartialConfig, at: Resolve): Promise<PlannedOptions> {
  const { framing = { type: "lines" }, hello, respond, heartbeat, reconnect } = config;
  return given({
    framing,
    tls: await tlsOf(config, at),
    hello,
    respond,
    heartbeat: heartbeat && { everyMs: heartbeat.every, bytes: heartbeat.send },
    connectTimeoutMs: config.connectTimeout,
    idleTimeoutMs: config.idleTimeout,
    reconnect: typeof reconnect === "object" ? attemptsOf(reconnect) : reconnect,
  });
}

async function tlsOf({ tls }: PartialConfig, at: Resolve): Promise<TlsOptions | undefined> {
  if (tls === undefined) return undefined;
  const pem = async (key: "ca" | "cert" | "key"): Promise<string | undefined> => {
    const file = tls[key];
    if (file === undefined) return undefined;
    return await readPemFile(at(file), `tls.${key}`, key === "key" ? "PRIVATE KEY" : "CERTIFICATE");
  };
  const ca = await pem("ca");
  return given({
    caCerts: ca === undefined ? undefined : [ca],
    cert: await pem("cert"),
    key: await pem("key"),
    alpnProtocols: tls.alpn,
    serverName: tls.serverName,
  });
}

function attemptsOf(
  { initialDelay, maxDelay, maxAttempts }: NonNullable<PartialHandler["restart"]>,
): { initialDelayMs?: number; maxDelayMs?: number; maxAttempts?: number } {
  return given({ initialDelayMs: initialDelay, maxDelayMs: maxDelay, maxAttempts });
}

/** What happens when the buffer is full. */
function overflowOf(
  { whenFull, spill, highWater, lowWater }: PartialConfig | PartialHandler,
  at: Resolve,
): LanePlan {
  return given({
    whenFull: spill === undefined ? whenFull : spillOf(spill, at),
    highWaterBytes: highWater,
    lowWaterBytes: lowWater,
  });
}

function spillOf(spill: SpillConfig, at: Resolve): LanePlan["whenFull"] {
  const { directory, maxSize, segmentSize, whenFull, durable, syncEvery } = spill;
  const options = given({ maxBytes: maxSize, segmentBytes: segmentSize, whenFull });
  return durable
    ? { journal: at(directory), ...options, ...given({ syncEveryMs: syncEvery }) }
    : { spill: at(directory), ...options };
}

/** Plans of all handlers, and everything that contradicts itself in them. */
function handlersOf(
  { config, unclear }: Understood,
  configFile: string,
  at: Resolve,
  watch: boolean,
): { handlers: HandlerPlan[]; problems: string[] } {
  const made = Object.entries(config.handlers ?? {}).map(([name, own]) => {
    const { plan, problems } = handlerPlan(
      {
        ...{ name, named: true, file: at(own.file ?? ""), configFile },
        isolation: own.isolation,
        grants: own.grants,
        options: own.options,
        memoryLimitBytes: own.memoryLimit,
        startTimeoutMs: own.startTimeout,
        batchTimeoutMs: own.batchTimeout,
        deno: own.deno,
        onFailure: own.onFailure,
        restart: own.restart && attemptsOf(own.restart),
        deadLetter: own.deadLetter && at(own.deadLetter),
        budgetMs: own.budget,
        watch: watch || (own.watch ?? config.watch),
        lane: overflowOf(own, at),
      },
      settingOf(name),
    );
    const certain = problems.filter(({ needs }) => !unclear("handlers", name, needs));
    return { plan, problems: certain.map(({ sentence }) => sentence) };
  });
  return {
    handlers: made.map(({ plan }) => plan),
    problems: made.flatMap(({ problems }) => problems),
  };
}

const KEYS: Partial<Record<keyof HandlerPlan, string>> = {
  memoryLimitBytes: "memoryLimit",
  startTimeoutMs: "startTimeout",
  batchTimeoutMs: "batchTimeout",
  budgetMs: "budget",
};

function settingOf(name: string): NameSetting {
  return (setting) => `handlers.${name}.${KEYS[setting] ?? setting}`;
}
