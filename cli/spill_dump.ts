/**
 * `spillway spill dump`: the records of a directory on standard output.
 *
 * @module
 */

import { describeBatch } from "../src/spill/batch_head.ts";
import { type Finding, findingSentence } from "../src/spill/finding.ts";
import { type RecordHeader, RecordKind } from "../src/spill/format.ts";
import { readSpill } from "../src/spill/inspect.ts";
import { OutputBuffer } from "./output_buffer.ts";
import { timeText } from "./spill_report.ts";
import { outputError } from "./standard_streams.ts";

/** What is dumped, and how. */
export interface DumpPlan {
  directory: string;
  /** Sequences, inclusive. */
  first: number;
  last: number;
  format: "text" | "json" | "raw";
}

const WRITE_BYTES = 64 * 1024;
const KIND_NAMES = Object.fromEntries(
  Object.entries(RecordKind).map(([name, kind]) => [kind, name]),
);
const HEADING = "sequence epoch stream_offset time kind frames bytes\n";

/** Puts the records out; gives whether all of them could be read. */
export async function dump(plan: DumpPlan): Promise<boolean> {
  using reader = await readSpill(plan.directory, plan.first);
  const output = new OutputBuffer();
  let whole = true;
  if (plan.format === "text") output.putText(HEADING);
  while (reader.sequence <= plan.last) {
    const result = await reader.next();
    if (result.type === "end") break;
    if (result.type === "failed") throw result.error;
    if (result.type === "lost") {
      whole = false;
      complain(result.finding, plan.format);
      continue;
    }
    put(output, plan.format, result.header, result.payload);
    if (output.length >= WRITE_BYTES && !await write(output)) return whole;
  }
  await write(output);
  return whole;
}

function complain(finding: Finding, format: DumpPlan["format"]): void {
  const sentence = `spillway spill: ${finding.type}: ${findingSentence(finding)}`;
  console.error(format === "json" ? JSON.stringify(finding) : sentence);
}

function put(
  output: OutputBuffer,
  format: DumpPlan["format"],
  header: RecordHeader,
  payload: Uint8Array,
): void {
  const { sequence, epoch, streamOffset, timeMicros, frameCount, payloadBytes } = header;
  const kind = KIND_NAMES[header.kind];
  if (format === "raw") {
    const isBatch = header.kind === RecordKind.batch;
    return output.putBytes(isBatch ? describeBatch(payload).data : payload);
  }
  if (format === "json") {
    const time = timeMicros === 0 ? null : timeText(timeMicros);
    const record = { sequence, epoch, streamOffset, time, kind, frames: frameCount, payloadBytes };
    return output.putText(`${JSON.stringify(record)}\n`);
  }
  const cells = [sequence, epoch, streamOffset, timeText(timeMicros), kind, frameCount];
  output.putText(`${[...cells, payloadBytes].join(" ")}\n`);
}

/** Writes what is gathered; false if standard output was closed. */
async function write(output: OutputBuffer): Promise<boolean> {
  const bytes = output.take();
  try {
    for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw outputError(error);
  }
}
