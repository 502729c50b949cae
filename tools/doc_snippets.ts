/**
 * `deno task snippets`: checks the types of every `ts` block in README.md, docs/ and the comments of
 * the exported modules, and runs `ts` and `sh` blocks, except those fenced `no-run` or `ignore`.
 *
 * @module
 */

import { join } from "node:path";
import { type Snippet, snippets } from "./snippets.ts";

/** Inside the project, so that its imports resolve; git ignores it. */
const SCRATCH = join(".cache", "snippets");
const RUN_LIMIT_MS = 120_000;
const SOURCES = /^(?:README\.md|docs\/.*\.md|mod\.ts|cli\.ts)$/;

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

async function tryTypeScript(snippet: Snippet): Promise<string> {
  const name = `${snippet.path.replace(/\W/g, "_")}_${snippet.line}.ts`;
  const file = join(SCRATCH, name);
  await Deno.writeTextFile(file, snippet.code);
  const unchecked = await failureOf(Deno.execPath(), ["check", "--quiet", file]);
  if (unchecked !== "" || !snippet.runs) return unchecked;
  return await failureOf(Deno.execPath(), ["run", "--no-prompt", "--allow-net", file]);
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
