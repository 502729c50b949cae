import { type Case, LATENCY_RATE, LATENCY_WARMUP } from "./cases.ts";
import type { Peer } from "./peers.ts";
import { Server, type ServerReport } from "./server.ts";

const HOST = "127.0.0.1";

/** Longer than any round takes; a client that hangs is ended then. */
const PATIENCE_MS = 120_000;

/** What a client printed. */
interface ClientReport {
  frames: number;
  sum: string;
  bytes: number;
  wall_ns: number;
  cpu_ns: number;
}

/** One measurement of one peer in one case. */
export interface Sample {
  peer: string;
  case: string;
  frames: number;
  bytes: number;
  wallNs: number;
  cpuNs: number;
  /** Of the latency case only, in microseconds. */
  latency?: { p50: number; p99: number; max: number };
}

/** A client that failed or counted something other than what the server sent. */
export class MeasureError extends Error {
  override name = "MeasureError";
}

function serverArgs(test: Case, frames: number, echo: boolean): string[] {
  const args = [test.framing, String(test.payload), String(frames)];
  if (echo) args.push("--echo", String(LATENCY_RATE), "--warmup", String(LATENCY_WARMUP));
  return args;
}

async function runClient(peer: Peer, args: string[], port: number): Promise<ClientReport> {
  const [program, ...first] = peer.command(HOST, port);
  const output = await new Deno.Command(program, {
    args: [...first, HOST, String(port), ...args],
    signal: AbortSignal.timeout(PATIENCE_MS),
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (!output.success) {
    const words = decoder.decode(output.stderr).trim();
    throw new MeasureError(`expected ${peer.name} to succeed, got ${output.code}: ${words}`);
  }
  return JSON.parse(decoder.decode(output.stdout).trim().split("\n").at(-1)!);
}

function check(peer: Peer, test: Case, client: ClientReport, server: ServerReport): void {
  const keys = peer.mode === "discard" ? ["bytes"] as const : ["frames", "sum", "bytes"] as const;
  for (const key of keys) {
    if (client[key] !== server[key]) {
      throw new MeasureError(
        `expected ${key} ${server[key]} of ${peer.name} at ${test.title}, got ${client[key]}`,
      );
    }
  }
}

function sample(peer: Peer, test: Case, client: ClientReport, server: ServerReport): Sample {
  const { p50_us, p99_us, max_us } = server;
  const base = {
    peer: peer.name,
    case: test.name,
    frames: server.frames,
    bytes: server.bytes,
    wallNs: client.wall_ns,
    cpuNs: client.cpu_ns,
  };
  if (p50_us === undefined || p99_us === undefined || max_us === undefined) return base;
  return { ...base, latency: { p50: p50_us, p99: p99_us, max: max_us } };
}

/** Lets the server push `frames` to one peer (with `echo`: at a rate, timing the replies). */
export async function measure(
  peer: Peer,
  test: Case,
  frames: number,
  echo: boolean,
): Promise<Sample> {
  await using server = await Server.start(serverArgs(test, frames, echo));
  const mode = echo ? "echo" : peer.mode;
  const client = await runClient(peer, [test.framing, mode, String(test.payload)], server.port);
  const report = await server.report();
  if (report === undefined) {
    throw new MeasureError(`the server broke off while serving ${peer.name}`);
  }
  check(peer, test, client, report);
  return sample(peer, test, client, report);
}
