/**
 * Files and folders, as the tools need them.
 *
 * @module
 */

import { dirname, join } from "node:path";

/** Copies a file, or a folder with all it holds, and makes the folders it goes to. */
export async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(dirname(to), { recursive: true });
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) await copyTree(join(from, name), join(to, name));
}

/** The paths of all files under `dir`. */
export async function filesUnder(dir: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    const path = join(dir, name);
    found.push(...isDirectory ? await filesUnder(path) : [path]);
  }
  return found;
}
