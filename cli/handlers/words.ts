/**
 * What is said of handlers: their events, what they lack, what they came to.
 *
 * @module
 */

import { resolve } from "node:path";
import { HandlerProcessError, type ReaderError } from "../../isolation.ts";
import { flagsOf } from "../../src/isolation/process/flags.ts";
import { OWN_SOURCE } from "../../src/isolation/whole_flag.ts";
import { messageFor } from "../disk_words.ts";
import { PermissionError, permissionError, refusalOf } from "../permission.ts";
import { counted, seconds, verb, whole } from "../words.ts";
import type { HandlerReport } from "./crew.ts";
import type { HandlerEvent } from "./make.ts";
import { optionsRefusal } from "./options.ts";
import type { HandlerPlan } from "./plan.ts";

/** An event for people. */
export function eventSentence(plan: HandlerPlan, event: HandlerEvent): string {
  return `${subjectOf(plan)}: ${whatHappened(plan, event)}`;
}

function whatHappened(plan: HandlerPlan, event: HandlerEvent): string {
  switch (event.type) {
    case "started":
      return `${"pid" in event ? `process ${event.pid}` : "its worker"} is ready after ${
        seconds(event.startMs)
      }`;
    case "reloaded":
      return `reloaded in ${Math.round(event.reloadMs)} ms`;
    case "reload_failed":
      return `${
        event.running === "old"
          ? "not reloaded, the old one goes on"
          : "reloaded, but close() of the old one threw"
      }: ${oneLine(reasonOf(plan, event.error))}`;
    case "failed":
      return `its process failed: ${event.error.message}`;
    case "died":
      return `its worker died between two batches: ${oneLine(reasonOf(plan, event.error))}`;
    case "retrying":
      return `${reasonOf(plan, event.error)}; attempt ${event.attempt} in ${
        seconds(event.delayMs)
      }`;
    case "skipped":
      return `${placeOf(event)} ${verb(event.frames, "was", "were")} given up: ${
        reasonOf(plan, event.error)
      }`;
    case "dead_letter_failed":
      return `${placeOf(event)} ${
        verb(event.frames, "is", "are")
      } lost, the dead-letter directory refuses: ${messageFor(event.error)}`;
    case "unresponsive":
      return `its worker does not answer for ${placeOf(event)}, and is left behind`;
    case "over_budget":
      return `${placeOf(event)} ${verb(event.frames, "has", "have")} taken longer than ${
        seconds(event.budgetMs)
      }`;
  }
}

/** A message of Deno's that shows the code, without that and without numbers of imports. */
function oneLine(message: string): string {
  const [first, ...rest] = message.trim().replace(/\?reload=\d+/g, "").split("\n");
  const { place } = /^\s*at (?<place>\S+)$/.exec(rest.at(-1) ?? "")?.groups ?? {};
  return place === undefined ? first : `${first} (${place})`;
}

/** An event for programs. */
export function eventRecord(plan: HandlerPlan, event: HandlerEvent): object {
  const record = { handler: plan.name, ...event };
  return "error" in event ? { ...record, error: reasonOf(plan, event.error) } : record;
}

/** The error of a reader that could not be loaded, with the flag that is missing. */
export function readerFailure(error: ReaderError): Error {
  const refusal = refusalOf(error);
  if (refusal?.kind !== "read" || !refusal.what.startsWith(OWN_SOURCE)) return error;
  return new PermissionError(
    `the reader's worker needs this program to have read access to ${OWN_SOURCE}, ` +
      `run again with --allow-read=${OWN_SOURCE}`,
    { cause: error },
  );
}

function reasonOf(plan: HandlerPlan, error: Error): string {
  return (lacking(plan, error) ?? optionsRefusal(plan, error) ?? error).message;
}

/** The permission the handler lacks, if that is what `error` tells of. */
export function lacking(plan: HandlerPlan, error: unknown): PermissionError | undefined {
  if (error instanceof HandlerProcessError) return permissionError(subjectOf(plan), error.cause);
  if (plan.isolation === "inline") return permissionError(subjectOf(plan), error);
  if (isEscalation(error)) {
    const flags = flagsOf(plan.grants ?? {}).filter((flag) => flag.startsWith("--allow"));
    return new PermissionError(
      `${subjectOf(plan)} can be granted in a worker only what this program may do itself, ` +
        `run again with ${flags.join(" ")}`,
      { cause: error },
    );
  }
  const refusal = refusalOf(error);
  if (refusal === undefined) return undefined;
  const { kind, what } = refusal;
  // What a worker begins with is loaded with the rights of this program.
  const loaded = [resolve(plan.file), OWN_SOURCE].find((path) => what.startsWith(path));
  if (plan.isolation === "worker" && kind === "read" && loaded !== undefined) {
    return new PermissionError(
      `${subjectOf(plan)} needs this program to have read access to ${loaded}, ` +
        `run again with --allow-read=${loaded}`,
      { cause: error },
    );
  }
  const advice = plan.configFile === undefined
    ? `grant it with --grant ${plan.name}:${kind}=${what}`
    : `add "${what}" to handlers.${plan.name}.grants.${kind} in ${plan.configFile}`;
  return new PermissionError(`${subjectOf(plan)} needs ${kind} access to ${what}, ${advice}`, {
    cause: error,
  });
}

/** A worker was to have rights that its parent has not. */
function isEscalation(error: unknown): boolean {
  return error instanceof Error && /escalate parent thread permissions/.test(error.message);
}

/** What a message calls a handler. */
export function subjectOf({ name, named }: HandlerPlan): string {
  return named ? `the handler ${name}` : "the handler";
}

function placeOf(event: { frames: number; epoch: number; offset: number }): string {
  return `${counted(event.frames, "frame")} at offset ${event.offset} of connection ${event.epoch}`;
}

/** What a handler came to, in a line. */
export function reportText(report: HandlerReport): string {
  const dropped = report.framesDroppedOldest + report.framesDroppedNewest +
    report.framesDroppedSpill;
  const parts: [string, boolean?][] = [
    [`${counted(report.framesDelivered, "frame")} in ${counted(report.batches, "call")}`],
    [`held the read loop ${seconds(report.heldMs)}`],
    [`${whole(dropped)} dropped`, dropped > 0],
    [`${whole(report.framesSpilled)} spilled`, report.framesSpilled > 0],
    [`${whole(report.framesRecovered)} recovered`, report.framesRecovered > 0],
    [`${whole(report.framesLostOnDisk)} lost on disk`, report.framesLostOnDisk > 0],
    [`${whole(report.framesUnanswered)} not answered for`, report.framesUnanswered > 0],
    [failuresText(report), report.skippedBatches > 0],
    [`retried ${counted(report.retries, "time")}`, report.retries > 0],
    [`${whole(report.overBudget)} over budget`, report.overBudget > 0],
  ];
  return parts.filter(([, shown]) => shown ?? true).map(([text]) => text).join(", ");
}

/** Frames that were given up, and where they are. */
export function failuresText({ skippedFrames, deadLetterFrames }: HandlerReport): string {
  const kept = deadLetterFrames > 0 ? ` (${whole(deadLetterFrames)} in dead letters)` : "";
  return `${whole(skippedFrames)} given up${kept}`;
}
