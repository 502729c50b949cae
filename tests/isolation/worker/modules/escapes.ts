/** Tries, with its first batch, to do what it was granted no right to; tells the server how each attempt ended. */
import type { Handler } from "../../../../mod.ts";

type Scope = Record<string, unknown>;
const scope = globalThis as unknown as Scope;
const deno = Deno as unknown as Record<PropertyKey, unknown>;

const ATTEMPTS: Record<string, () => unknown> = {
  net: () => Deno.connect({ hostname: "127.0.0.1", port: 9 }),
  fetch: () => fetch("http://127.0.0.1:9/"),
  read: () => Deno.readTextFile(new URL(import.meta.url)),
  readNode: async () => (await import("node:fs")).readFileSync(new URL(import.meta.url)),
  write: () => Deno.writeTextFile("escaped.txt", ""),
  tempFile: () => Deno.makeTempFile(),
  env: () => Deno.env.get("HOME"),
  run: () => new Deno.Command("true").output(),
  runNode: async () => (await import("node:child_process")).execFileSync("true"),
  ffi: () => Deno.dlopen("libc.so.6", {}),
  sys: () => Deno.hostname(),
  import: () => import(`${import.meta.url}?again`),
  importRemote: () => import(`https://${"127.0.0.1"}:9/x.ts`),
  killOther: async () => (await import("node:process")).kill(1, "SIGCONT"),
  request: async () => {
    const { state } = await Deno.permissions.request({ name: "net" });
    if (state !== "granted") throw new Error(`NotGranted ${state}`);
  },
};

/** What is not even there. */
const GONE: Record<string, () => unknown> = {
  kill: () => deno.kill,
  addSignalListener: () => deno.addSignalListener,
  internal: () => deno[deno.internal as PropertyKey],
  postMessage: () => scope.postMessage,
  close: () => scope.close,
  Worker: () => scope.Worker,
  BroadcastChannel: () => scope.BroadcastChannel,
  caches: () => scope.caches,
  prompt: () => scope.prompt,
  confirm: () => scope.confirm,
};

async function tried(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
    return "done";
  } catch (error) {
    return (error as Error).name;
  }
}

export default {
  async batch(_, context) {
    for (const [name, attempt] of Object.entries(ATTEMPTS)) {
      await context.write(`${name} ${await tried(attempt)}\n`);
    }
    for (const [name, look] of Object.entries(GONE)) {
      await context.write(`${name} ${look() === undefined ? "gone" : "there"}\n`);
    }
    await context.write("end\n");
  },
} satisfies Handler;
