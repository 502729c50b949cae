/**
 * `deno task check-compile`: compiles the command line into one file that holds the core, and has it
 * read a feed with the right to connect and no other. Where the runtime to compile into cannot be
 * downloaded, this deno takes its place: that shows what is embedded, but the result cannot be run.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { join } from "node:path";
import { generatedFeed } from "../push/generate.ts";
import { startPushServer } from "../push/server.ts";

const FRAMES = 999;

/** A piece of base64 that is long enough to be found only where the core is. */
const EMBEDDED = /[A-Za-z0-9+/]{64}/;

async function run(command: string, args: string[], env?: Record<string, string>) {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, env }).output();
  return { success, said: new TextDecoder().decode(Uint8Array.of(...stdout, ...stderr)) };
}

/** Has the program count what a server pushes. */
async function feed(program: string): Promise<void> {
  const framing = { type: "lines" } as const;
  await using server = await startPushServer({ feed: generatedFeed(framing), frames: FRAMES });
  const target = `127.0.0.1:${server.port}`;
  const { success, said } = await run(program, [
    "connect",
    target,
    "--framing=lines",
    "--count",
  ]);
  if (!success || !new RegExp(`^frames +${FRAMES} `, "m").test(said)) {
    throw new Error(`expected the compiled program to count ${FRAMES} frames, it said: ${said}`);
  }
}

/** What can be said for the program, or an error that says what is wrong with it. */
async function check(program: string): Promise<string> {
  const args = ["compile", "--no-prompt", "--output", program, "--allow-net=127.0.0.1", "cli.ts"];
  const real = await run(Deno.execPath(), args);
  if (real.success) {
    await feed(program);
    return "the compiled program reads a feed";
  }
  const embedding = await run(Deno.execPath(), args, { DENORT_BIN: Deno.execPath() });
  if (!embedding.success) throw new Error(`cli.ts does not compile: ${embedding.said}`);
  const [core] = EMBEDDED.exec(await Deno.readTextFile("src/core/core_wasm.ts")) ?? [];
  const bytes = Buffer.from((await Deno.readFile(program)).buffer);
  if (!core || !bytes.includes(core)) throw new Error("the compiled program lacks the core");
  return "skipped running the compiled program, which holds the core: its runtime can't be downloaded here";
}

const dir = await Deno.makeTempDir();
try {
  console.log(await check(join(dir, Deno.build.os === "windows" ? "spillway.exe" : "spillway")));
} catch (error) {
  console.error((error as Error).message);
  Deno.exitCode = 1;
} finally {
  await Deno.remove(dir, { recursive: true });
}
