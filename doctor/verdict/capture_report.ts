/**
 * What is to be known of the capture itself.
 *
 * @module
 */

import type { CaptureSummary } from "../capture/reader.ts";
import type { Analysis } from "../flow/analysis.ts";
import type { CaptureReport } from "../report.ts";

/** Says it. */
export function captureReport(summary: CaptureSummary, analysis: Analysis): CaptureReport {
  const { format, bytes, packets, startedAt, broken } = summary;
  return {
    format,
    bytes,
    packets,
    tcpPackets: analysis.tcpPackets,
    duplicates: analysis.duplicates,
    ...(startedAt === undefined ? {} : { startedAt }),
    durationMs: analysis.lastMs,
    ...(broken === undefined ? {} : { broken }),
    notes: notesOf(summary, analysis),
  };
}

function notesOf(summary: CaptureSummary, analysis: Analysis): string[] {
  const notes: string[] = [];
  for (const [linkType, count] of analysis.otherLinks) {
    notes.push(`${packets(count)} of link type ${linkType}, which is not read`);
  }
  if (analysis.unreadable > 0) {
    notes.push(
      `${
        packets(analysis.unreadable)
      } of TCP could not be read: too little of them was captured, or they are damaged; capture at least 128 bytes of each (tcpdump -s 128)`,
    );
  }
  if (analysis.filteredOut > 0) {
    notes.push(
      `${packets(analysis.filteredOut)} of TCP belong to connections that were not asked for`,
    );
  }
  if (analysis.fragments > 0) {
    notes.push(`${packets(analysis.fragments)} not looked at: later fragments of others`);
  }
  if (summary.latePackets > 0) {
    notes.push(`${packets(summary.latePackets)} stood behind later ones, and were put in order`);
  }
  if (summary.clockSteps > 0) {
    notes.push(
      "the clock of the machine that captured was set back: times go on from there, and are not to be trusted",
    );
  }
  if (summary.timeless > 0) {
    notes.push(`${packets(summary.timeless)} have no time of their own`);
  }
  if (summary.passedOver > 0) {
    notes.push(`passed over, as too long: ${summary.passedOver} of the file's blocks`);
  }
  return notes;
}

function packets(count: number): string {
  return count === 1 ? "1 packet" : `${count} packets`;
}
