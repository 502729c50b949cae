/**
 * What `processHandler()` takes, with its defaults, and what it tells.
 *
 * @module
 */

import { NO_OPTIONS, type OptionValues } from "../../dispatch/handler.ts";
import { checkMs, OptionError } from "../../errors.ts";
import type { Grants } from "../contract.ts";
import {
  type FailureEvent,
  type FailureOptions,
  type FailureSettings,
  settleFailure,
} from "../failure_options.ts";
import { flagsOf } from "./flags.ts";

/** What a process handler tells. */
export type ProcessEvent =
  /** A process is ready for batches, which took so long: its start, loading the module and `open()`. */
  | { type: "started"; pid: number; startMs: number }
  /** A process failed; `error` is a `HandlerProcessError` with the reason. */
  | { type: "failed"; pid: number | undefined; error: Error }
  /** With `retrying`, the batch is handled in a fresh process if the last one failed. */
  | FailureEvent;

/** Options of `processHandler()`. */
export interface ProcessOptions extends FailureOptions<ProcessEvent> {
  /** What the module may do. Default nothing. */
  grants?: Grants;
  /** Values of the options that the module's `schema` names. */
  options?: OptionValues;
  /** Name in errors. Default the specifier. */
  name?: string;
  /** Resident memory at which the process is killed, in bytes, at least 96 MiB; a bare one takes about 60. Default 512 MiB. */
  memoryLimitBytes?: number;
  /** Milliseconds for handling one batch, and in between for a sign of life. Default 10000. */
  batchTimeoutMs?: number;
  /** Milliseconds in which the module must load and its `open()` settle, each. Default 10000. */
  startTimeoutMs?: number;
  /** Milliseconds the module's `close()` may take. Default 5000. */
  closeTimeoutMs?: number;
  /** The deno to run. Default the one this program runs in; a compiled program must name one. */
  deno?: string;
  /** Bounds of what `"retry"` does again, and of processes that fail in a row under `"skip"`. */
  restart?: FailureOptions<ProcessEvent>["restart"];
}

/** Options with every default filled in. */
export interface ProcessSettings extends FailureSettings<ProcessEvent> {
  specifier: string;
  name: string;
  options: OptionValues;
  flags: string[];
  memoryLimitBytes: number;
  batchTimeoutMs: number;
  startTimeoutMs: number;
  closeTimeoutMs: number;
  deno: string | undefined;
}

const MEBIBYTE = 1024 * 1024;
/** A Deno that does nothing takes some 60 MiB. */
export const MEMORY_BYTES_MIN = 96 * MEBIBYTE;
/** Kinds of specifiers that mean the same in every process. */
const SCHEMES: readonly string[] = ["file:", "https:", "http:", "jsr:", "npm:", "data:"];

/** Fills in defaults; throws an `OptionError` for values that can't work. */
export function settleProcess(specifier: string | URL, options: ProcessOptions): ProcessSettings {
  const href = absolute(specifier);
  const settings: ProcessSettings = {
    specifier: href,
    name: options.name ?? (href.startsWith("data:") ? "data:" : href),
    options: options.options ?? NO_OPTIONS,
    flags: flagsOf(options.grants ?? {}),
    memoryLimitBytes: options.memoryLimitBytes ?? 512 * MEBIBYTE,
    batchTimeoutMs: options.batchTimeoutMs ?? 10_000,
    startTimeoutMs: options.startTimeoutMs ?? 10_000,
    closeTimeoutMs: options.closeTimeoutMs ?? 5_000,
    deno: options.deno,
    ...settleFailure(options),
  };
  check(settings);
  return settings;
}

function check(settings: ProcessSettings): void {
  const { memoryLimitBytes } = settings;
  if (!(memoryLimitBytes >= MEMORY_BYTES_MIN && Number.isSafeInteger(memoryLimitBytes))) {
    throw new OptionError("memoryLimitBytes", `bytes from ${MEMORY_BYTES_MIN}`, memoryLimitBytes);
  }
  for (const option of ["batchTimeoutMs", "startTimeoutMs", "closeTimeoutMs"] as const) {
    checkMs(option, settings[option], 1);
  }
}

/** A relative specifier would mean something else to every process. */
function absolute(specifier: string | URL): string {
  const { href, protocol } = URL.parse(specifier) ?? {};
  if (href !== undefined && SCHEMES.includes(protocol!)) return href;
  throw new OptionError(
    "specifier",
    'a whole URL, as of import.meta.resolve("./handler.ts")',
    String(specifier),
  );
}
