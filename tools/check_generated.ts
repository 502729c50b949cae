/**
 * `deno task check-generated`: rebuilds the core in a copy, elsewhere on the disk, and compares every
 * file that comes out with the committed one.
 *
 * @module
 */

import { join, relative, resolve } from "node:path";
import { zigBuild } from "./build.ts";
import { copyTree, filesUnder } from "./files.ts";

/** What `zig build` reads. */
const SOURCES = ["build.zig", "core.zig", "core"];

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** The files `zig build` made in `dir` that differ from those here; and how many it made. */
async function compare(
  dir: string,
  before: readonly string[],
): Promise<{ stale: string[]; made: number }> {
  const made = (await filesUnder(dir)).filter((path) => !before.includes(path));
  const stale: string[] = [];
  for (const path of made.map((path) => relative(dir, path))) {
    const here = await Deno.readFile(path).catch(() => new Uint8Array());
    if (!equal(here, await Deno.readFile(join(dir, path)))) stale.push(path);
  }
  return { stale, made: made.length };
}

async function check(dir: string): Promise<number> {
  for (const path of SOURCES) await copyTree(path, join(dir, path));
  const before = await filesUnder(dir);
  const code = await zigBuild(["--cache-dir", resolve(".zig-cache")], dir);
  if (code !== 0) return code;
  const { stale, made } = await compare(dir, before);
  for (const path of stale) console.error(`${path} is not what its source makes of it`);
  console.log(stale.length === 0 ? `${made} generated files are fresh` : "run deno task build");
  return stale.length === 0 && made > 0 ? 0 : 1;
}

const dir = await Deno.makeTempDir();
try {
  Deno.exitCode = await check(dir);
} finally {
  await Deno.remove(dir, { recursive: true });
}
