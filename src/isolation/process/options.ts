/**
 * What `processHandler()` takes, with its defaults, and what it tells.
 *
 * @module
 */

import { OptionError } from "../../errors.ts";
import type { BackoffOptions } from "../../reconnect.ts";
import { FAILURE_POLICIES, type FailurePolicy, type Grants } from "../contract.ts";
import { flagsOf } from "./flags.ts";

/** How often what fails is tried again. */
export interface RestartOptions {
  /** Upper bound of the first delay in milliseconds; doubled with each attempt. Default 100. */
  initialDelayMs?: number;
  /** Upper bound of every delay in milliseconds. Default 10000. */
  maxDelayMs?: number;
  /** Attempts in a row, without a batch that was handled, before the client stops. Default 5. */
  maxAttempts?: number;
}

/** What a process handler tells. */
export type ProcessEvent =
  /** A process is ready for batches, so long after it was asked for. */
  | { type: "started"; pid: number; startMs: number }
  /** A process failed; `error` is a `HandlerProcessError` with the reason. */
  | { type: "failed"; pid: number | undefined; error: Error }
  /** A batch is handled again, in a fresh process if the last one failed, in `delayMs`. */
  | { type: "retrying"; attempt: number; delayMs: number; error: Error }
  /** A batch was given up: so many frames, the first of them at this place of the stream. */
  | { type: "skipped"; frames: number; epoch: number; offset: number; error: Error };

/** Options of `processHandler()`. */
export interface ProcessOptions {
  /** What the module may do. Default nothing. */
  grants?: Grants;
  /** Name in errors. Default the specifier. */
  name?: string;
  /** Resident memory at which the process is killed, in bytes, at least 96 MiB; a bare one takes about 60. Default 512 MiB. */
  memoryLimitBytes?: number;
  /** Milliseconds for handling one batch, and in between for a sign of life. Default 10000. */
  batchTimeoutMs?: number;
  /** Milliseconds from the start of a process until the module's `open()` has settled. Default 10000. */
  startTimeoutMs?: number;
  /** Milliseconds the module's `close()` may take. Default 5000. */
  closeTimeoutMs?: number;
  /** The deno to run. Default the one this program runs in; a compiled program must name one. */
  deno?: string;
  /** What happens to a batch whose handling failed. Default `"stop"`. */
  onFailure?: FailurePolicy;
  /** Bounds of what `"retry"` does again, and of processes that fail in a row under `"skip"`. */
  restart?: RestartOptions;
  /** Called with each event. */
  onEvent?: (event: ProcessEvent) => void;
}

/** Options with every default filled in. */
export interface ProcessSettings {
  specifier: string;
  name: string;
  flags: string[];
  memoryLimitBytes: number;
  batchTimeoutMs: number;
  startTimeoutMs: number;
  closeTimeoutMs: number;
  deno: string | undefined;
  onFailure: FailurePolicy;
  restart: BackoffOptions;
  onEvent: (event: ProcessEvent) => void;
}

const MEBIBYTE = 1024 * 1024;
const MEMORY_BYTES_MIN = 96 * MEBIBYTE;
const TIMEOUT_MS_MAX = 2 ** 31 - 1;
/** Kinds of specifiers that mean the same in every process. */
const SCHEMES: readonly string[] = ["file:", "https:", "http:", "jsr:", "npm:", "data:"];

/** Fills in defaults; throws an `OptionError` for values that can't work. */
export function settleProcess(specifier: string | URL, options: ProcessOptions): ProcessSettings {
  const href = absolute(specifier);
  const settings: ProcessSettings = {
    specifier: href,
    name: options.name ?? (href.startsWith("data:") ? "data:" : href),
    flags: flagsOf(options.grants ?? {}),
    memoryLimitBytes: options.memoryLimitBytes ?? 512 * MEBIBYTE,
    batchTimeoutMs: options.batchTimeoutMs ?? 10_000,
    startTimeoutMs: options.startTimeoutMs ?? 10_000,
    closeTimeoutMs: options.closeTimeoutMs ?? 5_000,
    deno: options.deno,
    onFailure: options.onFailure ?? "stop",
    restart: { initialDelayMs: 100, maxDelayMs: 10_000, maxAttempts: 5, ...options.restart },
    onEvent: options.onEvent ?? (() => {}),
  };
  check(settings);
  return settings;
}

function check(settings: ProcessSettings): void {
  const { memoryLimitBytes, onFailure, restart } = settings;
  if (!(memoryLimitBytes >= MEMORY_BYTES_MIN && Number.isSafeInteger(memoryLimitBytes))) {
    throw new OptionError("memoryLimitBytes", `bytes from ${MEMORY_BYTES_MIN}`, memoryLimitBytes);
  }
  for (const option of ["batchTimeoutMs", "startTimeoutMs", "closeTimeoutMs"] as const) {
    checkMs(option, settings[option], 1);
  }
  if (!FAILURE_POLICIES.includes(onFailure)) {
    throw new OptionError("onFailure", FAILURE_POLICIES.join(", "), onFailure);
  }
  checkMs("restart.initialDelayMs", restart.initialDelayMs, 0);
  checkMs("restart.maxDelayMs", restart.maxDelayMs, 0);
  if (!(Number.isInteger(restart.maxAttempts) && restart.maxAttempts >= 0)) {
    throw new OptionError("restart.maxAttempts", "a count from 0 on", restart.maxAttempts);
  }
}

function checkMs(option: string, ms: number, min: number): void {
  if (ms >= min && ms <= TIMEOUT_MS_MAX) return;
  throw new OptionError(option, `milliseconds from ${min} to ${TIMEOUT_MS_MAX}`, ms);
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
