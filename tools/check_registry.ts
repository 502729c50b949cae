/**
 * `deno task check-registry`: has programs in a folder of their own, with empty caches, import the
 * package from a registry, as its users do, and read a feed with the narrowest rights that will do.
 *
 * @module
 */

import { join } from "node:path";
import { generatedFeed } from "../push/generate.ts";
import { startPushServer } from "../push/server.ts";
import { UserProject } from "./user_project.ts";

const FRAMES = 999;
const PACKAGE = "jsr:@spillway/spillway";

const HANDLER = `
let frames = 0;
export default {
  batch(batch: { count: number }): void { frames += batch.count; },
  close(): void { console.log("frames", frames); },
};
`;

const LIBRARY = `
import { connect } from "${PACKAGE}";
let frames = 0;
await using client = await connect(Deno.args[0], { framing: { type: "lines" } });
for await (const batch of client) frames += batch.count;
console.log("frames", frames);
`;

/** Everything that is loaded when named, and in isolates of its own. */
const ISOLATED = `
import { connectIsolated } from "${PACKAGE}/isolation";
await using client = await connectIsolated(Deno.args[0], {
  framing: { type: "lines" },
  handler: { module: import.meta.resolve("./handler.ts"), whenFull: { spill: "spilled" } },
});
await client.closed;
`;

const PROCESS = `
import { connect, type DisconnectError } from "${PACKAGE}";
import { diagnose } from "${PACKAGE}/doctor";
import { processHandler } from "${PACKAGE}/isolation";
import { openRecorder } from "${PACKAGE}/record";
import { spillTo } from "${PACKAGE}/spill";
await using handler = processHandler(import.meta.resolve("./handler.ts"));
await using client = await connect(Deno.args[0], { framing: { type: "lines" } });
await client.run(handler);
const end: DisconnectError = await client.closed;
if (end.reason !== "eof" || !diagnose || !openRecorder || !spillTo) throw end;
`;

const FILES: Readonly<Record<string, string>> = {
  "handler.ts": HANDLER,
  "library.ts": LIBRARY,
  "isolated.ts": ISOLATED,
  "process.ts": PROCESS,
};

const LINES = { type: "lines" } as const;

/** A program that reads the feed of a server; it says how many frames came. */
interface Reading {
  what: string;
  /** Arguments of `deno run`; HOST stands for that of the server. */
  args: string[];
}

const COUNT = [`${PACKAGE}/cli`, "connect", "HOST", "--framing=lines"];
const RUN_DENO = `--allow-run=${Deno.execPath()}`;

const READINGS: readonly Reading[] = [
  {
    what: "the library, with the right to connect",
    args: ["--allow-net=HOST", "library.ts", "HOST"],
  },
  {
    what: "the command line, with the right to connect",
    args: ["--allow-net=HOST", ...COUNT, "--count"],
  },
  {
    what: "a handler in a worker",
    args: [
      ...["--unstable-worker-options", "--allow-net=HOST", "--allow-read=handler.ts"],
      ...[...COUNT, "--handler=handler.ts", "--isolation=worker"],
    ],
  },
  {
    what: "everything in workers, and a directory",
    args: [
      ...["--unstable-worker-options", "--allow-net=HOST"],
      ...["--allow-read=.", "--allow-write=spilled", "isolated.ts", "HOST"],
    ],
  },
  { what: "a handler in a process", args: ["--allow-net=HOST", RUN_DENO, "process.ts", "HOST"] },
];

/** Rejects if a module is missing that an entry may load, which only who calls for it would see. */
async function findModules(project: UserProject, entry: string): Promise<void> {
  const { modules }: { modules: { specifier: string; error?: string }[] } = JSON.parse(
    await project.deno("info", "--quiet", "--json", entry),
  );
  const missing = modules.filter(({ error }) => error !== undefined);
  if (missing.length > 0) throw new Error(`${entry}: ${missing.map(({ error }) => error)}`);
}

/** Has a program read a feed to its end; rejects unless it got every frame. */
async function read(project: UserProject, { what, args }: Reading): Promise<void> {
  await using server = await startPushServer({ feed: generatedFeed(LINES), frames: FRAMES });
  const host = `127.0.0.1:${server.port}`;
  const said = await project.deno(
    ...["run", "--quiet", "--no-prompt"],
    ...args.map((arg) => arg.replace("HOST", host)),
  );
  if (!new RegExp(`^frames +${FRAMES}\\b`, "m").test(said)) {
    throw new Error(`${what}: expected ${FRAMES} frames, it said: ${said}`);
  }
}

async function check(): Promise<void> {
  await using project = await UserProject.make(".", FILES);
  const { exports } = JSON.parse(await Deno.readTextFile("deno.json"));
  for (const path of Object.keys(exports)) await findModules(project, join(PACKAGE, path));
  console.log("modules: all there");
  await project.deno("check", "--quiet", ...Object.keys(FILES));
  console.log("types: as published");
  for (const reading of READINGS) {
    await read(project, reading);
    console.log(`${reading.what}: ${FRAMES} frames`);
  }
}

try {
  await check();
} catch (error) {
  console.error((error as Error).message);
  Deno.exitCode = 1;
}
