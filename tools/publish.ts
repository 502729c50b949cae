/**
 * `deno task publish [--dry-run]`: `deno publish` from a copy in which the std stand-ins lie beside the
 * package. Inside it they count as its own modules, which publishing leaves out.
 *
 * @module
 */

import { join } from "node:path";
import { copyTree } from "./files.ts";

interface Config {
  links: string[];
  publish: { include: string[] };
}

async function publish(dir: string, args: string[]): Promise<number> {
  const config: Config = JSON.parse(await Deno.readTextFile("deno.json"));
  const cwd = join(dir, "package");
  for (const link of config.links) await copyTree(link, join(dir, link));
  for (const path of [...config.publish.include, "deno.lock"]) {
    await copyTree(path, join(cwd, path));
  }
  const links = config.links.map((link) => join("..", link));
  await Deno.writeTextFile(join(cwd, "deno.json"), JSON.stringify({ ...config, links }));
  const command = new Deno.Command(Deno.execPath(), { args: ["publish", ...args], cwd });
  return (await command.spawn().status).code;
}

const dir = await Deno.makeTempDir();
try {
  Deno.exitCode = await publish(dir, Deno.args);
} finally {
  await Deno.remove(dir, { recursive: true });
}
