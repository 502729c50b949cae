/**
 * From the bytes of a capture to what is wrong with its connections.
 *
 * @module
 */

import { OptionError } from "../src/errors.ts";
import { CaptureReader } from "./capture/reader.ts";
import { Analysis, type EndFilter } from "./flow/analysis.ts";
import { addressWords } from "./packet/address.ts";
import type { ConnectionReport, DoctorReport } from "./report.ts";
import { captureReport } from "./verdict/capture_report.ts";
import { connectionReport } from "./verdict/connection_report.ts";
import { severity } from "./verdict/severity.ts";

/** What a capture is read from: its bytes, or a stream of them. */
export type CaptureSource = Uint8Array | AsyncIterable<Uint8Array>;

/** How much was read. */
export interface CaptureProgress {
  /** Bytes, decompressed. */
  bytes: number;
  /** Packets. */
  packets: number;
}

/** Options of {@linkcode diagnose}. */
export interface DiagnoseOptions {
  /** Only connections with an end at this IP address. Default all. */
  address?: string;
  /** Only connections with an end at this port; of that address, if both are given. Default all. */
  port?: number;
  /** Called after each chunk with what was read so far. */
  onProgress?: (progress: CaptureProgress) => void;
  /**
   * Ends reading a stream early; what was read until then is reported, or a
   * `CaptureFormatError` thrown if that does not show a format yet. Has no effect on bytes.
   */
  signal?: AbortSignal;
}

/**
 * Reads a capture, and says what is wrong with its connections.
 *
 * Reads pcap and pcapng, plain or compressed with gzip, as a stream: memory grows with the number
 * of connections, up to 32,768 of them, not with the size of the capture. Needs no permissions. A
 * capture that breaks off or is damaged is reported up to there, with `capture.broken`.
 *
 * Throws a `CaptureFormatError` for what is no capture, and an `OptionError` for an option
 * that can't be.
 *
 * @example Say why the connections in a capture ended
 * ```ts no-run
 * import { diagnose } from "@spillway/spillway/doctor";
 *
 * using file = await Deno.open("feed.pcap");
 * const { connections } = await diagnose(file.readable);
 * for (const { client, server, verdicts } of connections) {
 *   console.log(`${client.address} → ${server.address}: ${verdicts[0].sentence}`);
 * }
 * ```
 *
 * @param source The capture's bytes, or a stream of them.
 * @param options What to look at. Default everything.
 * @returns What is known of the capture and its connections, the worst first.
 */
export async function diagnose(
  source: CaptureSource,
  options: DiagnoseOptions = {},
): Promise<DoctorReport> {
  const { onProgress, signal } = options;
  const analysis = new Analysis(filterOf(options));
  const reader = new CaptureReader(analysis);
  const report = onProgress &&
    (() => onProgress({ bytes: reader.bytes, packets: reader.count }));
  await reader.read(chunksOf(source, signal), report);
  const capture = captureReport(reader.summary(), analysis);
  const { connections, moreConnections } = analysis.table;
  const reports = connections.map((connection) =>
    connectionReport(connection, analysis.lastMs, capture.broken !== undefined)
  );
  return { capture, connections: reports.sort(worstFirst), moreConnections };
}

function worstFirst(a: ConnectionReport, b: ConnectionReport): number {
  return severity(b) - severity(a) || a.firstFrame - b.firstFrame;
}

async function* chunksOf(
  source: CaptureSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) {
    yield source;
    return;
  }
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await unlessAborted(iterator.next(), signal);
      if (next === undefined || next.done) return;
      yield next.value;
    }
  } finally {
    // One that waits for a chunk returns only when that comes.
    if (signal?.aborted) void iterator.return?.();
    else await iterator.return?.();
  }
}

/**
 * What `promise` resolves with; `undefined` if `signal` is aborted before. `Promise.race()` with
 * one promise for all chunks would keep every one of them until the end.
 */
function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T | undefined> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => resolve(undefined);
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

const PORT_MAX = 65_535;

function filterOf({ address, port }: DiagnoseOptions): EndFilter | undefined {
  if (address === undefined && port === undefined) return undefined;
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= PORT_MAX)) {
    throw new OptionError("port", `a port from 0 to ${PORT_MAX}`, port);
  }
  const words = address === undefined ? undefined : addressWords(address);
  if (address !== undefined && words === undefined) {
    throw new OptionError("address", "a numeric IP address", address);
  }
  return { words, port };
}
