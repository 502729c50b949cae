/**
 * `deno task tidy`: what neither formatter nor linter sees. Import order, who may print, file
 * length, encoding, paths of one machine, unfinished work.
 *
 * @module
 */

import { checkModule } from "./tidy/imports.ts";
import { checkText } from "./tidy/text.ts";

/** Files in the index, and new ones that are not ignored. */
async function projectFiles(): Promise<string[]> {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  const { success, stdout, stderr } = await new Deno.Command("git", { args }).output();
  if (!success) throw new Error(`git could not list files: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).split("\0").filter((path) => path !== "");
}

let count = 0;
for (const path of await projectFiles()) {
  const bytes = await Deno.readFile(path).catch(() => undefined);
  if (bytes === undefined) continue; // deleted, or a link
  const text = new TextDecoder().decode(bytes);
  for (const { line, what } of [...checkText(path, bytes), ...checkModule(path, text)]) {
    console.error(`${path}:${line} ${what}`);
    count++;
  }
}
console.log(count === 0 ? "tidy" : `${count} to put right`);
Deno.exit(count === 0 ? 0 : 1);
