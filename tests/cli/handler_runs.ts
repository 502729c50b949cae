/** Runs of `spillway connect` with handler modules that are given as source. */
import { fileURLToPath } from "node:url";
import { type Finished, run, type TestServer } from "./spillway.ts";

export const RUN_DENO = `--allow-run=${Deno.execPath()}`;

/** What a worker begins with is read from the checkout. */
export const OWN_SOURCE = fileURLToPath(new URL("../../src", import.meta.url));
export const WORKERS = ["--unstable-worker-options", `--allow-read=${OWN_SOURCE}`];

/** Writes modules by name, and feeds them with what the server sends. */
export async function feed(
  server: TestServer,
  directory: string,
  sources: Record<string, string>,
  rights: string[],
  ...args: string[]
): Promise<Finished> {
  for (const [name, source] of Object.entries(sources)) {
    await Deno.writeTextFile(`${directory}/${name}.ts`, source);
  }
  const handlers = Object.keys(sources).flatMap((name) => ["--handler", `${directory}/${name}.ts`]);
  return await run(
    [`--allow-net=${server.address}`, `--allow-read=${directory}`, ...rights],
    ["connect", server.address, ...handlers, ...args],
  );
}

/** The last line of a run with `--json`. */
export function summaryOf({ stderr }: Finished) {
  return JSON.parse(stderr.trim().split("\n").at(-1)!);
}

export function jsonOf({ stderr }: Finished): { type: string; handler?: string; error?: string }[] {
  return stderr.trim().split("\n").filter((line) => line.startsWith("{")).map((line) =>
    JSON.parse(line)
  );
}

/** Appends the text of every frame to a file. */
export const appending = (file: string): string =>
  `export default { batch(batch) {
     for (let i = 0; i < batch.count; i++) {
       Deno.writeTextFileSync(${JSON.stringify(file)}, batch.text(i) + "\\n", { append: true });
     }
   } };`;
export const SILENT = "export default { batch() {} };";
export const FAILING = `export default { batch() { throw new Error("no such price"); } };`;
