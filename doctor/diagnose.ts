/**
 * From the bytes of a capture to what is wrong with its connections.
 *
 * @module
 */

import { CaptureReader } from "./capture/reader.ts";
import { Analysis, type SegmentFilter } from "./flow/analysis.ts";
import type { CaptureReport, ConnectionReport, DoctorReport } from "./report.ts";
import { connectionReport } from "./verdict/connection_report.ts";
import { severity } from "./verdict/severity.ts";

/** What a capture is read from. */
export type CaptureSource =
  | Uint8Array
  | AsyncIterable<Uint8Array>
  | ReadableStream<Uint8Array>;

/** Options of {@linkcode diagnose}. */
export interface DiagnoseOptions {
  /** Only connections with an end at this address. Default all. */
  host?: string;
  /** Only connections with an end at this port. Default all. */
  port?: number;
  /** Called now and then with what was read so far. */
  onProgress?: (progress: { bytes: number; packets: number }) => void;
  /** Ends reading early; what was read until then is reported. */
  signal?: AbortSignal;
}

/** Reads a capture, and says what is wrong with its connections. */
export async function diagnose(
  source: CaptureSource,
  options: DiagnoseOptions = {},
): Promise<DoctorReport> {
  const analysis = new Analysis(filterOf(options));
  const reader = new CaptureReader(analysis);
  const { onProgress } = options;
  await reader.read(
    chunksOf(source),
    onProgress && (() => onProgress({ bytes: reader.bytes, packets: reader.count })),
  );
  const capture = captureReport(reader, analysis);
  const connections = analysis.table.connections.map((connection) =>
    connectionReport(connection, analysis.lastMs, capture.broken !== undefined)
  );
  connections.sort(worstFirst);
  return {
    capture,
    connections,
    moreConnections: analysis.table.moreConnections,
  };
}

function worstFirst(a: ConnectionReport, b: ConnectionReport): number {
  return severity(b) - severity(a) || a.firstFrame - b.firstFrame;
}

async function* chunksOf(source: CaptureSource): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) yield source;
  else yield* source;
}

function filterOf(_options: DiagnoseOptions): SegmentFilter | undefined {
  return undefined;
}

function captureReport(reader: CaptureReader, analysis: Analysis): CaptureReport {
  const { format, bytes, packets, startedAt, broken } = reader.summary();
  return {
    format,
    bytes,
    packets,
    tcpPackets: analysis.tcpPackets,
    duplicates: analysis.duplicates,
    ...(startedAt === undefined ? {} : { startedAt }),
    durationMs: analysis.lastMs,
    ...(broken === undefined ? {} : { broken }),
    notes: [],
  };
}
