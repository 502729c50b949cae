/**
 * `deno task snippets`: checks the types of every `ts` block in README.md, docs/ and the comments of
 * the exported modules, and runs `ts` and `sh` blocks, except those fenced `no-run` or `ignore`.
 * A fence with `server="FLAGS"` has `spillway push FLAGS` at localhost:9000, one with `read="PATH"`
 * may read there.
 *
 * @module
 */

import { join } from "node:path";
import { type Snippet, snippets } from "./snippets.ts";

/** Inside the project, so that its imports resolve; git ignores it. */
const SCRATCH = join(".cache", "snippets");
/** What documents call the server's address. */
const ADDRESS = "localhost:9000";
const RUN_LIMIT_MS = 120_000;
const SOURCES =
  /^(?:README\.md|docs\/.*\.md|mod\.ts|isolation\.ts|cli\.ts|doctor\/mod\.ts|doctor\/diagnose\.ts)$/;

async function output(command: string, args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(command, { args }).output();
  return new TextDecoder().decode(stdout);
}

/** Empty when the command ended well, else what it said. */
async function failureOf(command: string, args: string[]): Promise<string> {
  const signal = AbortSignal.timeout(RUN_LIMIT_MS);
  const options = { args, stdin: "null", signal } as const;
  const { success, stdout, stderr } = await new Deno.Command(command, options).output();
  if (success) return "";
  const said = new TextDecoder().decode(Uint8Array.of(...stdout, ...stderr)).trim();
  return signal.aborted ? `not done after ${RUN_LIMIT_MS / 1000} s\n${said}` : `failed\n${said}`;
}

async function findAll(): Promise<Snippet[]> {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard"];
  const paths = (await output("git", args)).split("\n").filter((path) => SOURCES.test(path));
  const texts = await Promise.all(paths.map((path) => Deno.readTextFile(path)));
  return paths.flatMap((path, index) => snippets(path, texts[index]));
}

/** Starts `spillway push`; gives its address. */
async function startServer(flags: string[]): Promise<{ address: string; stop(): Promise<void> }> {
  const args = [
    "run",
    "--no-prompt",
    "--allow-net=127.0.0.1",
    "cli.ts",
    "push",
    "--json",
    ...flags,
  ];
  const options = { args, stdin: "null", stdout: "piped" } as const;
  const server = new Deno.Command(Deno.execPath(), options).spawn();
  let said = "";
  for await (const text of server.stdout.pipeThrough(new TextDecoderStream())) {
    said += text;
    if (said.includes("\n")) break;
  }
  const { port } = JSON.parse(said.split("\n")[0]);
  const stop = async () => {
    server.kill();
    await server.status;
  };
  return { address: `localhost:${port}`, stop };
}

async function runTypeScript(file: string, { server, read, code }: Snippet): Promise<string> {
  const reads = read === undefined ? [] : [`--allow-read=${read}`];
  const args = ["run", "--no-prompt", "--allow-net", ...reads, file];
  if (server === undefined) return await failureOf(Deno.execPath(), args);
  const { address, stop } = await startServer(server);
  try {
    await Deno.writeTextFile(file, code.replaceAll(ADDRESS, address));
    return await failureOf(Deno.execPath(), args);
  } finally {
    await stop();
  }
}

async function tryTypeScript(snippet: Snippet): Promise<string> {
  const name = `${snippet.path.replace(/\W/g, "_")}_${snippet.line}.ts`;
  const file = join(SCRATCH, name);
  await Deno.writeTextFile(file, snippet.code);
  const unchecked = await failureOf(Deno.execPath(), ["check", "--quiet", file]);
  return unchecked !== "" || !snippet.runs ? unchecked : await runTypeScript(file, snippet);
}

/** Empty when all is well with the snippet. */
async function tryOut(snippet: Snippet): Promise<string> {
  if (snippet.language === "ts") return await tryTypeScript(snippet);
  return await failureOf("bash", [snippet.runs ? "-euc" : "-nc", snippet.code]);
}

let failed = 0;
const found = await findAll();
await Deno.mkdir(SCRATCH, { recursive: true });
try {
  for (const snippet of found) {
    const failure = await tryOut(snippet);
    const where = `${snippet.path}:${snippet.line}`;
    console.log(failure === "" ? `${where} ... ok` : `${where} ... ${failure}`);
    if (failure !== "") failed++;
  }
} finally {
  await Deno.remove(SCRATCH, { recursive: true });
}
console.log(`\n${found.length - failed} passed | ${failed} failed`);
Deno.exitCode = failed === 0 ? 0 : 1;
