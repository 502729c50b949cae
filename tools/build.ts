/**
 * `deno task build [step] [flags]`: runs `zig build` with the right Zig.
 *
 * @module
 */

import { giveUp, setupZig } from "./setup_zig.ts";

/** Runs `zig build` in `cwd`; gives its exit code. */
export async function zigBuild(args: string[], cwd?: string): Promise<number> {
  const zig = await setupZig();
  const command = new Deno.Command(zig, { args: ["build", ...args], cwd, stdin: "null" });
  return (await command.spawn().status).code;
}

if (import.meta.main) {
  console.error("zig build (the first time it compiles its own build runner, which takes minutes)");
  Deno.exit(await zigBuild(Deno.args).catch(giveUp));
}
