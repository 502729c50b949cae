/** The bundle in Node, over web streams. */
import { assertEquals } from "@std/assert";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { bundle, EXPECTED, startFeed } from "./harness.ts";

/** Node's major version, 0 without Node. */
async function nodeVersion(): Promise<number> {
  try {
    const { stdout } = await new Deno.Command("node", { args: ["--version"] }).output();
    return Number(/\d+/.exec(new TextDecoder().decode(stdout))?.[0]);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

const version = await nodeVersion();
const ignore = version < 20;
if (ignore) console.log("skipped: there is no node of version 20 or later");

/** What the client in Node has to say on the server at `port`. */
async function nodeClient(port: number): Promise<Record<string, unknown>> {
  const dir = await Deno.makeTempDir();
  try {
    const output = `${dir}/mod.mjs`;
    await bundle(fileURLToPath(new URL("../../mod.ts", import.meta.url)), output);
    const script = fileURLToPath(new URL("node_client.mjs", import.meta.url));
    const { success, stdout, stderr } = await new Deno.Command("node", {
      args: [script, output, String(port)],
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test({
  name: "connect() reads a net.Socket in Node",
  ignore,
  async fn() {
    await using server = await startFeed();
    assertEquals(await nodeClient(server.port), {
      ...EXPECTED,
      reason: "eof",
      refusal: "OptionError: target takes a pair { readable, writable } where there is no Deno, " +
        `got "127.0.0.1:${server.port}"`,
    });
  },
});

Deno.test({
  name: "connect() knows a reset by its code in Node",
  ignore,
  async fn() {
    const server = createServer((socket) => socket.on("data", () => socket.resetAndDestroy()));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { reason, code } = await nodeClient((server.address() as AddressInfo).port);
    assertEquals([reason, code], ["reset", "ECONNRESET"]);
    server.close();
    await once(server, "close");
  },
});
