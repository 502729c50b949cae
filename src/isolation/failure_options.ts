/**
 * What can be said of batches whose handling fails, with its defaults, and what
 * is told of them.
 *
 * @module
 */

import { checkFunction, checkMs, OptionError } from "../errors.ts";
import type { BackoffOptions } from "../reconnect.ts";
import { FAILURE_POLICIES, type FailurePolicy } from "./contract.ts";

/** How often what fails is tried again: exponential backoff with full jitter. */
export interface RestartOptions {
  /** Upper bound of the first delay in milliseconds; doubled with each attempt. Default 100. */
  initialDelayMs?: number;
  /** Upper bound of every delay in milliseconds. Default 10000. */
  maxDelayMs?: number;
  /** Further attempts in a row, behind the one that failed and without a batch that was handled, before the client stops. Default 5. */
  maxAttempts?: number;
}

/** What happens to batches whose handling fails or takes long. */
export interface FailureOptions<E> {
  /** What happens to a batch whose handling failed. Default `"stop"`. */
  onFailure?: FailurePolicy;
  /** Bounds of what `"retry"` does again. */
  restart?: RestartOptions;
  /**
   * Under `"skip"`: a directory to which the batches given up are appended, in
   * the format of a spill: `spillway spill dump DIR` shows them. It is made if it
   * is not there and needs `--allow-read` and `--allow-write`; one handler at a
   * time has it. Default: they are counted only.
   */
  deadLetter?: string;
  /** Milliseconds a call of `batch()` may take before that is told and counted; the call goes on. Default: no bound. */
  budgetMs?: number;
  /** Called with each event. */
  onEvent?: (event: E) => void;
}

/** What is told of batches whose handling fails or takes long. */
export type FailureEvent =
  /** A batch is handled again in `delayMs`. */
  | { type: "retrying"; attempt: number; delayMs: number; error: Error }
  /** A batch was given up: so many frames, the first of them at this place of the stream. */
  | { type: "skipped"; frames: number; epoch: number; offset: number; error: Error }
  /** The dead-letter directory has not taken a batch that was skipped: it is gone for good. */
  | { type: "dead_letter_failed"; frames: number; epoch: number; offset: number; error: Error }
  /** A batch has taken longer than `budgetMs`; told once a call, of one that waits as soon as it is so. */
  | { type: "over_budget"; frames: number; epoch: number; offset: number; budgetMs: number };

/** What became of the batches. */
export interface FailureCounts {
  /** Batches handled. */
  batches: number;
  /** Frames in them. */
  frames: number;
  /** How often a batch was handled again. */
  retries: number;
  /** Batches given up under `onFailure: "skip"`. */
  skippedBatches: number;
  /** Frames in them. */
  skippedFrames: number;
  /** Those of the skipped frames that the dead-letter directory has. */
  deadLetterFrames: number;
  /** Calls that took longer than `budgetMs`. */
  overBudget: number;
}

/** Options with every default filled in. */
export interface FailureSettings<E> {
  onFailure: FailurePolicy;
  restart: BackoffOptions;
  deadLetter: string | undefined;
  budgetMs: number | undefined;
  onEvent: (event: E) => void;
}

/** Fills in defaults; throws an `OptionError` for values that can't work. */
export function settleFailure<E>(options: FailureOptions<E>): FailureSettings<E> {
  const { onFailure = "stop", deadLetter, budgetMs, onEvent = () => {} } = options;
  if (
    options.restart !== undefined &&
    (typeof options.restart !== "object" || options.restart === null)
  ) {
    throw new OptionError("restart", "an object", options.restart);
  }
  const { initialDelayMs = 100, maxDelayMs = 10_000, maxAttempts = 5 } = options.restart ?? {};
  const restart = { initialDelayMs, maxDelayMs, maxAttempts };
  if (!FAILURE_POLICIES.includes(onFailure)) {
    throw new OptionError("onFailure", FAILURE_POLICIES.join(", "), onFailure);
  }
  checkMs("restart.initialDelayMs", restart.initialDelayMs, 0);
  checkMs("restart.maxDelayMs", restart.maxDelayMs, 0);
  if (!(Number.isInteger(restart.maxAttempts) && restart.maxAttempts >= 0)) {
    throw new OptionError("restart.maxAttempts", "a count from 0 on", restart.maxAttempts);
  }
  if (budgetMs !== undefined) checkMs("budgetMs", budgetMs, 1);
  checkDeadLetter(deadLetter, onFailure);
  checkFunction("onEvent", onEvent);
  return { onFailure, restart, deadLetter, budgetMs, onEvent };
}

function checkDeadLetter(directory: string | undefined, onFailure: FailurePolicy): void {
  if (directory === undefined) return;
  if (typeof directory !== "string" || directory === "") {
    throw new OptionError("deadLetter", "the path of a directory", directory);
  }
  // Under the others no batch is ever given up, and an empty directory would say so of a feed that died.
  if (onFailure !== "skip") throw new OptionError("deadLetter", 'onFailure "skip"', onFailure);
}
