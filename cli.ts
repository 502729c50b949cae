/**
 * `spillway`: connect to a feed, push one, look into a spill directory, ask
 * why a connection died, or see the story, from the command line.
 *
 * @example Count the lines a feed pushes
 * ```sh no-run
 * deno run --allow-net=localhost:9000 jsr:@spillway/spillway/cli connect localhost:9000 --count
 * ```
 *
 * @module
 */

import { guardStreams, OutputError } from "./cli/standard_streams.ts";
import { closest } from "./cli/suggest.ts";
import config from "./deno.json" with { type: "json" };

type Command = (args: string[]) => Promise<number>;

/** Loaded when called, so that none pays for another. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  connect: async () => (await import("./cli/connect.ts")).connect,
  push: async () => (await import("./cli/push.ts")).push,
  replay: async () => (await import("./cli/replay.ts")).replay,
  record: async () => (await import("./cli/record.ts")).record,
  spill: async () => (await import("./cli/spill.ts")).spill,
  doctor: async () => (await import("./cli/doctor.ts")).doctor,
  demo: async () => (await import("./cli/demo.ts")).demo,
};

const HELP = `spillway ${config.version}: a TCP push-feed client that no server cuts off as too slow

Usage: spillway COMMAND [flags]

  spillway connect localhost:9000 --framing lines
  spillway push --port 9000 --rate 20000 --max-queue 4MiB
  spillway demo

Commands:
  connect    connect to a feed and put its frames out, count them or hand them to your code
  push       push a feed to whoever connects, and cut off who does not read
  record     write what a feed sends to a directory, byte for byte
  replay     a recording again, into your code or as a server
  spill      look into a spill directory, verify it, repair it
  doctor     why connections died, from a packet capture, or what holds one up now (--live)
  demo       the story, live: a naive client is cut off, Spillway is not

  spillway COMMAND --help explains a command
  --version  print the version
  --help     print this text
`;

/** Runs a command line and gives the exit code. */
export async function main(args: string[]): Promise<number> {
  using _streams = guardStreams();
  try {
    return await run(args);
  } catch (error) {
    if (!(error instanceof OutputError)) throw error;
    console.error(`spillway: ${error.message}`);
    return 4;
  }
}

async function run([name, ...rest]: string[]): Promise<number> {
  if (name === undefined) {
    console.error(HELP);
    return 2;
  }
  if (Object.hasOwn(COMMANDS, name)) return await (await COMMANDS[name]())(rest);
  if (name === "help" && Object.hasOwn(COMMANDS, rest[0] ?? "")) {
    return await (await COMMANDS[rest[0]]())(["--help"]);
  }
  if (["--help", "-h", "help"].includes(name)) {
    console.log(HELP);
    return 0;
  }
  if (["--version", "-V"].includes(name)) {
    console.log(config.version);
    return 0;
  }
  const { complain } = await import("./cli/refusal.ts");
  complain(undefined, advice(name), { json: rest.includes("--json") });
  return 2;
}

/** A sentence for a first word that is no command. */
function advice(word: string): string {
  if (word.startsWith("-")) return `expected a command before ${word}, see spillway --help`;
  if (word.includes(":")) return `expected a command, did you mean spillway connect ${word}?`;
  const likely = closest(word, Object.keys(COMMANDS));
  return likely === undefined
    ? `unknown command ${word}, --help lists those there are`
    : `unknown command ${word}, did you mean ${likely}?`;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
