import { benchPath } from "./command.ts";
import { type Case, LATENCY_RATE, LATENCY_WARMUP } from "./cases.ts";
import type { Peer } from "./peers.ts";

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

/** What the server printed. */
interface ServerReport {
  frames: number;
  sum: string;
  bytes: number;
  p50_us?: number;
  p99_us?: number;
  max_us?: number;
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

/** Reads lines of a process as they come. */
class Lines {
  #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next line, or `undefined` at the end. */
  async next(): Promise<string | undefined> {
    for (;;) {
      const newline = this.#text.indexOf("\n");
      if (newline >= 0) {
        const line = this.#text.slice(0, newline);
        this.#text = this.#text.slice(newline + 1);
        return line;
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += value;
    }
  }

  /** Lets go of the stream. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel();
  }
}

function serverArgs(test: Case, frames: number, echo: boolean): string[] {
  const args = ["0", test.framing, String(test.payload), String(frames)];
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

/** Ends a server whose client broke off; one that is through has ended by itself. */
async function end(server: Deno.ChildProcess): Promise<void> {
  try {
    server.kill();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  await server.status;
}

/** Lets the server push `frames` to one peer (with `echo`: at a rate, timing the replies). */
export async function measure(
  peer: Peer,
  test: Case,
  frames: number,
  echo: boolean,
): Promise<Sample> {
  const server = new Deno.Command(benchPath("build/server"), {
    args: serverArgs(test, frames, echo),
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  try {
    await using lines = new Lines(server.stdout);
    const port = Number((await lines.next())?.replace(/^port /, ""));
    if (!(port > 0)) throw new MeasureError("expected a port from the server, got none");
    const mode = echo ? "echo" : peer.mode;
    const client = await runClient(peer, [test.framing, mode, String(test.payload)], port);
    const said = await lines.next();
    if (said === undefined) {
      throw new MeasureError(`the server broke off while serving ${peer.name}`);
    }
    const report: ServerReport = JSON.parse(said);
    check(peer, test, client, report);
    return sample(peer, test, client, report);
  } finally {
    await end(server);
  }
}
