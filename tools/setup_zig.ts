/**
 * Finds the Zig the core is built with, or installs it for this user.
 *
 * @module
 */

import { join } from "node:path";
import { homedir } from "node:os";

/** The one version whose output is committed. */
export const ZIG_VERSION = "0.17.1";

const PACKAGE = `ziglang==${ZIG_VERSION}`;
const WINDOWS = Deno.build.os === "windows";
const PYTHON = WINDOWS ? "python" : "python3";

/** Where programs of this user keep what they can get again. */
function cacheDir(): string {
  const base = Deno.env.get("XDG_CACHE_HOME") ??
    (WINDOWS ? Deno.env.get("LOCALAPPDATA") : undefined) ?? join(homedir(), ".cache");
  return join(base, "spillway", `zig-${ZIG_VERSION}`);
}

/** Whether the command succeeded, and what it said. */
async function run(command: string, args: string[]): Promise<{ ok: boolean; said: string }> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(command, { args }).output();
    const text = new TextDecoder();
    return { ok: success, said: `${text.decode(stdout)}${text.decode(stderr)}`.trim() };
  } catch (error) {
    return { ok: false, said: (error as Error).message };
  }
}

async function isRightZig(command: string): Promise<boolean> {
  const { ok, said } = await run(command, ["version"]);
  return ok && said === ZIG_VERSION;
}

/** Installs into `dir` by pip: python's own, or else that of a fresh virtual environment. */
async function install(dir: string): Promise<{ ok: boolean; said: string }> {
  const pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", dir, PACKAGE];
  const own = await run(PYTHON, pip);
  if (own.ok) return own;
  const venv = join(dir, "venv");
  const made = await run(PYTHON, ["-m", "venv", venv]);
  const second = made.ok
    ? await run(join(venv, WINDOWS ? "Scripts" : "bin", PYTHON), pip)
    : { ok: false, said: made.said };
  return { ok: second.ok, said: [own.said, second.said].join("\n") };
}

/** The path of a right `zig`; installs it into a cache of this user if none is on PATH. */
export async function setupZig(): Promise<string> {
  if (await isRightZig("zig")) return "zig";
  const dir = cacheDir();
  const zig = join(dir, "ziglang", WINDOWS ? "zig.exe" : "zig");
  if (await isRightZig(zig)) return zig;
  console.error(`installing ${PACKAGE}`);
  await Deno.mkdir(dir, { recursive: true });
  const { ok, said } = await install(dir);
  if (ok && await isRightZig(zig)) return zig;
  await Deno.remove(dir, { recursive: true });
  throw new Error(
    `Zig ${ZIG_VERSION} must be on PATH, or ${PYTHON} must have pip to install it ` +
      `(Debian: apt-get install python3-pip):\n${said}`,
  );
}

/** Says what went wrong without where in the code, and exits. */
export function giveUp(error: Error): never {
  console.error(error.message);
  Deno.exit(1);
}

if (import.meta.main) console.log(await setupZig().catch(giveUp));
