/** Process handlers for tests: events kept, patience where the machine is busy, and nothing left running. */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  HandlerProcessError,
  type ProcessEvent,
  processHandler,
  type ProcessHandlerStats,
  type ProcessOptions,
} from "../../../isolation.ts";
import { HandlerError } from "../../../mod.ts";
import { moduleOf, type Outcome, PATIENCE_MS, run, type RunOptions } from "../runs.ts";

/** A run and what the handler's side of it told. */
export interface ProcessOutcome extends Outcome {
  events: ProcessEvent[];
  stats: ProcessHandlerStats;
}

/** Runs a handler given as source, and asserts that no process of it is left. */
export async function runProcess(
  source: string,
  options: ProcessOptions = {},
  runOptions: RunOptions = {},
): Promise<ProcessOutcome> {
  const events: ProcessEvent[] = [];
  await using handler = processHandler(moduleOf(source), {
    name: "test",
    startTimeoutMs: PATIENCE_MS,
    batchTimeoutMs: PATIENCE_MS,
    onEvent: (event) => events.push(event),
    ...options,
  });
  const outcome = await run(handler, runOptions);
  assertEquals(handler.stats().pid, undefined);
  for (const event of events) if (event.type === "started") assertGone(event.pid);
  return { ...outcome, events, stats: handler.stats() };
}

/** Asserts that there is no process `pid`; not on Windows, which has no signal to ask with. */
export function assertGone(pid: number): void {
  if (Deno.build.os === "windows") return;
  assertEquals(alive(pid), false, `process ${pid} is still there`);
}

/** Whether there is a process `pid`. */
export function alive(pid: number): boolean {
  try {
    // Ignored by default: no more than a question.
    Deno.kill(pid, "SIGURG");
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** How the process failed that made `client.run()` reject. */
export function failureOf({ error }: Outcome): HandlerProcessError {
  assertInstanceOf(error, HandlerError);
  assertInstanceOf(error.cause, HandlerProcessError, `${error.cause}`);
  assert(error.message.includes("handler test: "), error.message);
  return error.cause;
}
