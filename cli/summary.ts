/**
 * What a run came to.
 *
 * @module
 */

import type { ClientStats } from "../mod.ts";
import type { HandlerReport } from "./handlers/crew.ts";
import { failuresText, reportText } from "./handlers/words.ts";
import { bytes, counted, seconds, whole } from "./words.ts";

/** How a run ended. */
export type RunEnd =
  | "server_closed"
  | "exhausted"
  | "limit"
  | "duration"
  | "output_closed"
  | "interrupted"
  | "disconnected"
  | "failed";

/** A run in numbers. */
export interface Summary {
  /** How it ended. */
  end: RunEnd;
  /** What the process exits with. */
  exitCode: number;
  /** Frames put out, or given to the handler. */
  frames: number;
  /** Time from the first connection on. */
  elapsedMs: number;
  /** All counters. */
  stats: ClientStats;
  /** What each handler of the user's came to, by name. */
  handlers?: Record<string, HandlerReport>;
  /** Frames in calls that did not come back in time after an interrupt. */
  framesLeft: number;
}

/** Ends in words. */
export const ENDS: Readonly<Record<RunEnd, string>> = {
  server_closed: "the server closed the connection",
  exhausted: "the recording is over",
  limit: "--limit reached",
  duration: "--duration reached",
  output_closed: "standard output was closed",
  interrupted: "interrupted",
  disconnected: "disconnected",
  failed: "stopped by an error",
};

/** Values are in line behind labels up to this long, and a blank behind longer ones. */
const LABEL_WIDTH = 11;

/** The summary as a table for people; `recordsLeft` stay on disk, and nobody has counted their frames. */
export function summaryTable(summary: Summary, recordsLeft = 0): string {
  const { stats, elapsedMs } = summary;
  const perSecond = elapsedMs > 0 ? 1000 / elapsedMs : 0;
  const rows: [string, string, boolean?][] = [
    ["frames", `${whole(summary.frames)} in ${seconds(elapsedMs)}`],
    ["received", `${bytes(stats.bytesRead)} in ${counted(stats.chunks, "chunk")}`],
    [
      "received at",
      `${whole(stats.frames * perSecond)} frames/s, ${bytes(stats.bytesRead * perSecond)}/s`,
    ],
    [
      "batches",
      `${whole(stats.batches)}, ${counted(Math.round(meanBatch(stats)), "frame")} each on average`,
    ],
    ["drains", `${whole(stats.drainsEmpty)} ended empty, ${whole(stats.drainsAtLimit)} at limit`],
    ["pauses", `${whole(stats.pauses)}, ${seconds(stats.pausedMs)} in all`],
    ["handler", `held the read loop ${seconds(stats.heldMs)}`],
    ["dropped", dropped(stats), stats.framesDropped > 0],
    ["spilled", counted(stats.framesSpilled, "frame"), stats.framesSpilled > 0],
    ["recovered", counted(stats.framesRecovered, "frame"), stats.framesRecovered > 0],
    ["lost on disk", counted(stats.framesLostOnDisk, "frame"), stats.framesLostOnDisk > 0],
    ["reconnects", whole(stats.reconnects), stats.reconnects > 0],
    ["not put out", counted(undelivered(summary), "frame"), undelivered(summary) > 0],
    [
      "skipped",
      `${counted(stats.skippedFrames, "frame")}, ${bytes(stats.skippedBytes)}`,
      stats.skippedBytes > 0,
    ],
    ["cut off", bytes(stats.partialBytesDropped), stats.partialBytesDropped > 0],
    ["too short", counted(stats.missingFields, "column value"), stats.missingFields > 0],
    ["sent", `${bytes(stats.bytesWritten)}, ${counted(stats.responses, "answer")}`, sent(stats)],
    ["not sent", counted(stats.responsesDropped, "answer"), stats.responsesDropped > 0],
    [
      "left on disk",
      leftText(stats.framesPending, recordsLeft),
      stats.framesPending + recordsLeft > 0,
    ],
    [
      "unfinished",
      `${counted(summary.framesLeft, "frame")} with a handler`,
      summary.framesLeft > 0,
    ],
    ...handlerRows(summary.handlers ?? {}),
    ["end", ENDS[summary.end]],
  ];
  return rows
    .filter(([, , shown]) => shown ?? true)
    .map(([name, value]) => `${name.padEnd(LABEL_WIDTH)} ${value}`)
    .join("\n");
}

/** What waits for the next start. */
function leftText(frames: number, records: number): string {
  if (records === 0) return counted(frames, "frame");
  const known = frames === 0 ? "" : `${counted(frames, "frame")}, and `;
  return `${known}${counted(records, "record")} of an earlier run with frames nobody counted`;
}

/** A row for each of several handlers, or what stands out of the only one. */
function handlerRows(handlers: Record<string, HandlerReport>): [string, string, boolean?][] {
  const all = Object.entries(handlers);
  if (all.length > 1) return all.map(([name, report]) => [name, reportText(report)]);
  return all.flatMap(([, report]) => [
    ["unanswered", counted(report.framesUnanswered, "frame"), report.framesUnanswered > 0],
    ["given up", failuresText(report), report.skippedBatches > 0],
    ["retried", counted(report.retries, "time"), report.retries > 0],
    ["over budget", counted(report.overBudget, "call"), report.overBudget > 0],
  ]);
}

/** The summary as one line for programs. */
export function summaryJson(summary: Summary): string {
  return JSON.stringify({ type: "summary", ...summary });
}

/** How many frames were dropped, and why. */
function dropped(stats: ClientStats): string {
  const { framesDroppedOldest, framesDroppedNewest, framesDroppedSpill } = stats;
  const other = stats.framesDropped - framesDroppedOldest - framesDroppedNewest -
    framesDroppedSpill;
  const parts: [number, string][] = [
    [framesDroppedOldest, "oldest"],
    [framesDroppedNewest, "newest"],
    [framesDroppedSpill, "for want of disk"],
    [other, "at the end"],
  ];
  return parts.filter(([frames]) => frames > 0)
    .map(([frames, why]) => `${whole(frames)} ${why}`).join(", ");
}

/** Frames a batch had on average. */
function meanBatch(stats: ClientStats): number {
  return stats.batches === 0 ? 0 : stats.framesDelivered / stats.batches;
}

/** Frames received that nobody got. */
function undelivered({ stats, frames }: Summary): number {
  return Math.max(0, stats.frames - frames);
}

function sent(stats: ClientStats): boolean {
  return stats.bytesWritten > 0 || stats.responses > 0;
}
