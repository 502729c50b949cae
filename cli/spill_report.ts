/**
 * What verifying and repairing a spill directory came to, as text for people.
 *
 * @module
 */

import { contentsOf } from "../src/spill/directory_kind.ts";
import { findingSentence } from "../src/spill/finding.ts";
import type { CursorReport, SegmentReport, SpillReport } from "../src/spill/inspect.ts";
import type { RepairReport } from "../src/spill/repair.ts";
import { table } from "./table.ts";
import { bytes, counted, whole } from "./words.ts";

const HEADINGS = ["segment", "records", "frames", "size", "sequences", "oldest", "newest"];

/** What is in a directory and what is wrong with it. */
export function verifyText(report: SpillReport): string {
  const { kind, segments, cursors, setAside, lostRecords } = report;
  const total = (of: (segment: SegmentReport) => number) =>
    segments.reduce((sum, segment) => sum + of(segment), 0);
  const what = kind === "unsaid" ? "" : `${contentsOf(kind)} in `;
  const summary = `${what}${counted(segments.length, "segment")}, ` +
    `${counted(total(({ records }) => records), "record")}, ` +
    `${counted(total(({ frames }) => frames), "frame")}, ${bytes(total(({ bytes }) => bytes))}`;
  return [
    ...table([HEADINGS, ...segments.map(segmentRow)]),
    "",
    ...cursors.map(cursorLine),
    ...setAside.map((file) => `set aside: ${file}`),
    ...findingLines(report),
    `${summary}: ${verdict(report.findingsTotal, lostRecords)}`,
  ].join("\n");
}

/** What a repair has done. */
export function repairText(report: RepairReport): string {
  const { findingsTotal, rewritten } = report;
  return [
    ...findingLines(report),
    ...rewritten.map(({ file, records, setAside }) =>
      `${file} was written anew with ${counted(records, "record")}, the old one is ${setAside}`
    ),
    findingsTotal === 0 ? "nothing was wrong" : `${counted(findingsTotal, "finding")}`,
  ].join("\n");
}

/** What the next start gives a handler: that is asked when something was killed. */
function cursorLine(cursor: CursorReport): string {
  const { name, sequence, handledFrames, waitingRecords, waitingFrames } = cursor;
  const handler = `handler ${JSON.stringify(name)}`;
  if (waitingRecords > 0) {
    const what = `${counted(waitingFrames, "frame")} in ${counted(waitingRecords, "record")}`;
    const part = handledFrames > 0 ? `, but for the first ${counted(handledFrames, "frame")}` : "";
    return `${handler}: ${what} come again, those behind sequence ${sequence}${part}`;
  }
  // Of what never was on disk nothing can be said.
  const handled = sequence === 0 ? "" : `, all up to sequence ${sequence} was handled`;
  return `${handler}: nothing comes again${handled}`;
}

function segmentRow(segment: SegmentReport): string[] {
  const { file, records, frames, firstSequence, nextSequence, firstMicros, lastMicros } = segment;
  const sequences = records === 0 ? "none" : `${firstSequence}-${nextSequence - 1}`;
  return [
    ...[file, whole(records), whole(frames), bytes(segment.bytes), sequences],
    ...[timeText(firstMicros), timeText(lastMicros)],
  ];
}

/** A time in microseconds since 1970, `-` for none. */
export function timeText(micros: number): string {
  if (micros === 0) return "-";
  const date = new Date(Math.floor(micros / 1000));
  // A file may hold any number; those beyond the calendar are shown as they are.
  return Number.isNaN(date.getTime()) ? `${micros} µs` : date.toISOString();
}

function findingLines(
  { findings, findingsTotal }: Pick<SpillReport, "findings" | "findingsTotal">,
): string[] {
  const further = findingsTotal - findings.length;
  const lines = findings.map((finding) => `${finding.type}: ${findingSentence(finding)}`);
  return further === 0 ? lines : [...lines, `and ${counted(further, "further finding")}`];
}

function verdict(findings: number, lostRecords: number): string {
  if (findings === 0) return "nothing is wrong";
  return `${counted(findings, "finding")}, ${counted(lostRecords, "record")} lost`;
}
