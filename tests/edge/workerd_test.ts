/** The example worker in Cloudflare's runtime. */
import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { linesOf } from "../servers/lines.ts";
import { bundle, EXPECTED, startFeed } from "./harness.ts";

const WORKERD = "npm:workerd@1.20261117.1";

function pathOf(file: string): string {
  return fileURLToPath(new URL(`../../${file}`, import.meta.url));
}

/** Where the runtime is, or why it is nowhere. */
async function findWorkerd(): Promise<{ path: string } | { reason: string }> {
  const find = `console.log((await import("${WORKERD}")).default.default)`;
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", "--no-lock", find],
  }).output();
  if (!success) return { reason: `${WORKERD} can't be had here` };
  const path = new TextDecoder().decode(stdout).trim();
  const version = await new Deno.Command(path, { args: ["--version"] }).output();
  if (!version.success) return { reason: "workerd does not run here" };
  return { path };
}

const workerd = await findWorkerd();
if ("reason" in workerd) console.log(`skipped: ${workerd.reason}`);

/** The port a runtime listens on: its control messages are lines of JSON. */
async function portOf(control: ReadableStream<Uint8Array>): Promise<number> {
  for await (const line of linesOf(control)) {
    const { event, port } = JSON.parse(line);
    if (event === "listen") return port;
  }
  throw new Error("workerd ended before it listened");
}

/** Runs the example worker with its feed at `feed`; resolves to what it answers. */
async function askWorker(path: string, feed: string): Promise<unknown> {
  const cwd = await Deno.makeTempDir();
  await bundle(pathOf("examples/edge/worker.ts"), `${cwd}/worker.js`, [
    "cloudflare:sockets",
    "./core.wasm",
  ]);
  await Deno.copyFile(pathOf("core.wasm"), `${cwd}/core.wasm`);
  await Deno.copyFile(pathOf("examples/edge/workerd.capnp"), `${cwd}/workerd.capnp`);
  const runtime = new Deno.Command(path, {
    args: ["serve", "workerd.capnp", "--socket-addr=http=127.0.0.1:0", "--control-fd=1"],
    cwd,
    env: { FEED: feed },
    stdout: "piped",
  }).spawn();
  try {
    const response = await fetch(`http://127.0.0.1:${await portOf(runtime.stdout)}/`);
    return await response.json();
  } finally {
    runtime.kill();
    await runtime.status;
    await Deno.remove(cwd, { recursive: true });
  }
}

Deno.test({
  name: "connect() reads a socket in workerd, with a core compiled beforehand",
  ignore: "reason" in workerd,
  async fn() {
    if ("reason" in workerd) return;
    await using server = await startFeed();
    assertEquals(await askWorker(workerd.path, `127.0.0.1:${server.port}`), EXPECTED);
  },
});
