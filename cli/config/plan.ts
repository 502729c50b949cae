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
import { readFlagFile } from "../flag_file.ts";
import { given } from "../given.ts";
import { type HandlerPlan, handlerPlan, type NameSetting } from "../handlers/plan.ts";
import { type Flags, UsageError } from "../usage.ts";
import type { LanePlan, PlannedOptions } from "../when_full.ts";
import { ConfigError, readConfig } from "./read.ts";
import type { Config, HandlerConfig, SpillConfig } from "./schema.ts";

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
  const config = await readConfig(file);
  const at: Resolve = (path) => isAbsolute(path) ? path : join(dirname(file), path);
  const { handlers, problems } = handlersOf(config, file, at, flags.watch === true);
  problems.unshift(...contradictions(config));
  if (problems.length > 0) throw new ConfigError(file, problems);
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
  const { target } = config;
  return {
    ...{ command: "connect", target, name: target, fromFile: true, output, handlers },
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

async function connectionOf(config: Config, at: Resolve): Promise<PlannedOptions> {
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

async function tlsOf({ tls }: Config, at: Resolve): Promise<TlsOptions | undefined> {
  if (tls === undefined) return undefined;
  const pem = async (key: "ca" | "cert" | "key"): Promise<string | undefined> => {
    const file = tls[key];
    if (file === undefined) return undefined;
    return new TextDecoder().decode(await readFlagFile(at(file), `tls.${key}`));
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
  { initialDelay, maxDelay, maxAttempts }: NonNullable<HandlerConfig["restart"]>,
): { initialDelayMs?: number; maxDelayMs?: number; maxAttempts?: number } {
  return given({ initialDelayMs: initialDelay, maxDelayMs: maxDelay, maxAttempts });
}

/** What happens when the buffer is full. */
function overflowOf(
  { whenFull, spill, highWater, lowWater }: Config | HandlerConfig,
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
  config: Config,
  configFile: string,
  at: Resolve,
  watch: boolean,
): { handlers: HandlerPlan[]; problems: string[] } {
  const made = Object.entries(config.handlers ?? {}).map(([name, own]) =>
    handlerPlan(
      {
        ...{ name, named: true, file: at(own.file), configFile },
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
    )
  );
  const handlers = made.map(({ plan }) => plan);
  const problems = made.flatMap(({ problems }) => problems);
  return { handlers, problems: [...problems, ...sharedDirectories(handlers)] };
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

/** One handler at a time can have a dead-letter directory. */
function sharedDirectories(handlers: readonly HandlerPlan[]): string[] {
  return handlers.flatMap(({ name, deadLetter }, i) => {
    const other = handlers.slice(0, i).find((one) =>
      deadLetter !== undefined && one.deadLetter === deadLetter
    );
    if (other === undefined) return [];
    return [`handlers.${name}.deadLetter: expected a directory of its own, ${other.name} has it`];
  });
}

function contradictions(config: Config): string[] {
  const { target, tls, partition, columns = [], handlers = {} } = config;
  const problems: string[] = [];
  if (tls !== undefined && !target.startsWith("tls://")) {
    problems.push(`tls: expected a target that begins with tls://, got ${target}`);
  }
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    problems.push("tls: expected cert and key, got one of them");
  }
  if (partition !== undefined && Object.keys(handlers).length < 2) {
    problems.push("partition: expected several handlers");
  }
  if (typeof partition === "object" && columns.every(({ name }) => name !== partition.key)) {
    problems.push(`partition.key: expected the name of one of columns, got ${partition.key}`);
  }
  if (config.watch && Object.keys(handlers).length === 0) {
    problems.push("watch: expected handlers");
  }
  const places: [string, Config | HandlerConfig][] = [
    ["", config],
    ...Object.entries(handlers).map(([name, own]): [string, HandlerConfig] => [
      `handlers.${name}.`,
      own,
    ]),
  ];
  for (const [place, { whenFull, spill }] of places) {
    if (whenFull !== undefined && spill !== undefined) {
      problems.push(`${place}whenFull: expected this or ${place}spill, got both`);
    }
    if (spill?.syncEvery !== undefined && !spill.durable) {
      problems.push(`${place}spill.syncEvery needs ${place}spill.durable true`);
    }
  }
  return problems;
}
