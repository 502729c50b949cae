import { benchPath, exists, run } from "./command.ts";

/** What a client does with the bytes. */
export type Mode = "sum" | "discard";

/** A client to be measured: a command that takes `HOST PORT len|line MODE PAYLOAD`. */
export interface Peer {
  name: string;
  /** What stands in the report under its name. */
  about: string;
  mode: Mode;
  /** Files without which it can't run, the first one missing being named. */
  needs: string[];
  /** The program on PATH that runs it, if it is not a binary of its own. */
  runtime?: string;
  /** How many times the usual round it runs, 1 if not said. */
  stretch?: number;
  command: (host: string, port: number) => string[];
}

/** The name of the peer that every ratio is taken against. */
export const BASELINE = "c";

const NETTY = benchPath("build/netty");

function binary(name: string, about: string, path: string, mode: Mode = "sum"): Peer {
  const file = benchPath(`build/${path}`);
  return { name, about, mode, needs: [file], command: () => [file] };
}

function script(name: string, about: string, runtime: string, path: string, built = path): Peer {
  const file = benchPath(path);
  const needs = [file, benchPath(built)];
  return { name, about, mode: "sum", needs, runtime, command: () => [runtime, file] };
}

function deno(name: string, about: string, path: string, ...flags: string[]): Peer {
  const file = benchPath(path);
  return {
    name,
    about,
    mode: "sum",
    needs: [file],
    command: (host, port) => {
      return [Deno.execPath(), "run", `--allow-net=${host}:${port}`, ...flags, file];
    },
  };
}

/** Every peer, in the order of the report. */
export const PEERS: readonly Peer[] = [
  binary("c-discard", "C, read and discard", "client-c", "discard"),
  binary(BASELINE, "C, decoder by hand", "client-c"),
  deno("spillway-accessors", "Spillway, accessors", "peers/spillway/accessors.ts"),
  deno("spillway-columns", "Spillway, columns", "peers/spillway/columns.ts"),
  deno(
    "spillway-isolated",
    "Spillway, isolated",
    "peers/spillway/isolated.ts",
    "--unstable-worker-options",
    // What workers begin with is loaded from the checkout.
    `--allow-read=${benchPath("..")}`,
  ),
  binary("rust", "Rust, tokio-util codecs", "rust/release/client"),
  binary("go", "Go, bufio", "client-go"),
  {
    name: "netty",
    about: "Netty, frame decoders",
    mode: "sum",
    needs: [`${NETTY}/client.jar`],
    runtime: "java",
    // The JVM compiles for the first seconds, which would be most of a usual round.
    stretch: 4,
    command: () => ["java", "-cp", `${NETTY}/client.jar:${NETTY}/lib/*`, "bench.Client"],
  },
  script("node", "Node, net + decoder by hand", "node", "peers/node/manual.mjs"),
  script(
    "node-library",
    "Node, frame-stream / split2",
    "node",
    "build/node/library.mjs",
    "build/node/node_modules",
  ),
  script("python", "Python, asyncio streams", "python3", "peers/python/client.py"),
  deno("deno", "Deno, tuned TypeScript", "peers/deno/plain.ts"),
  deno("deno-idiom", "Deno, web streams", "peers/deno/idiom.ts"),
];

/** Why a peer can't run here, or `undefined`. */
export async function whyAbsent(peer: Peer): Promise<string | undefined> {
  const missing = peer.needs.find((file) => !exists(file));
  if (missing !== undefined) return `${missing.slice(benchPath("").length)} is not there`;
  if (peer.runtime === undefined) return undefined;
  return (await run([peer.runtime, "--version"])).success
    ? undefined
    : `${peer.runtime} is not installed`;
}
