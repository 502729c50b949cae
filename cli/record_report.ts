/**
 * What a recording says of itself.
 *
 * @module
 */

import type { RecorderStats } from "../src/record/stats.ts";
import { ENDS, type RunEnd } from "./summary.ts";
import { bytes, counted, seconds } from "./words.ts";

/** A recording in numbers. */
export interface RecordSummary {
  /** How it ended. */
  end: RunEnd;
  /** What the process exits with. */
  exitCode: number;
  /** Where it is. */
  directory: string;
  /** Connections made. */
  connections: number;
  /** Time from the first connection on. */
  elapsedMs: number;
  /** All counters. */
  stats: RecorderStats;
}

/** The disk can't keep up. */
export function behindText(bufferedBytes: number): string {
  return `the disk is behind by ${bytes(bufferedBytes)}: reading waits for it`;
}

/** How it is going, in one line. */
export function recordStatus(
  before: RecorderStats,
  after: RecorderStats,
  elapsedMs: number,
): string {
  const perSecond = 1000 / elapsedMs;
  return [
    `${bytes((after.receivedBytes - before.receivedBytes) * perSecond)}/s`,
    `${bytes(after.recordedBytes)} recorded`,
    `${bytes(after.bufferedBytes)} waiting for the disk`,
    after.waits > 0 && counted(after.waits, "pause"),
  ].filter(Boolean).join(" · ");
}

/** The summary for people. */
export function recordingText(summary: RecordSummary): string {
  const { stats, directory, connections, elapsedMs } = summary;
  const rows: [string, string, boolean?][] = [
    [
      "recorded",
      `${bytes(stats.recordedBytes)} in ${counted(stats.recordedChunks, "chunk")} of ${
        counted(connections, "connection")
      }, in ${seconds(elapsedMs)}`,
    ],
    ["directory", directory],
    ["not synced", bytes(stats.unsyncedBytes), stats.unsyncedBytes > 0],
    // The error that ended it has told of what had come by then.
    [
      "lost",
      `${bytes(stats.lostBytes)} in all that came and are not recorded`,
      stats.lostBytes > 0,
    ],
    ["pauses", `${counted(stats.waits, "pause")}, ${seconds(stats.waitedMs)}`, stats.waits > 0],
    ["end", ENDS[summary.end]],
  ];
  return rows
    .filter(([, , shown]) => shown ?? true)
    .map(([name, value]) => `${name.padEnd(12)}${value}`)
    .join("\n");
}

/** The summary for programs. */
export function recordingJson(summary: RecordSummary): string {
  return JSON.stringify({ type: "summary", ...summary });
}
