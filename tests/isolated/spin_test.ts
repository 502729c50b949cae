/**
 * While one isolate computes, the others go on: judged by a server in a process
 * of its own, which pushes flat out and asks for a sign of life.
 */
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import type { ClientStats } from "../../mod.ts";
import { connectIsolated, type IsolatedOptions } from "../../isolation.ts";
import { within } from "../client/harness.ts";
import { moduleUrl } from "./harness.ts";

const DURATION_S = 4;
/** How long the server waits for the answer to a PING; less than anybody computes. */
const PONG_MS = 1500;
const SPIN_MS = 2000;

interface End {
  type: string;
  reason?: string;
  frames: number;
  longestStallMs: number;
  pings: number;
  pongs: number;
}

/** Feeds a client from a server in a process of its own; `meanwhile` runs once it is connected. */
async function feed(
  options: Partial<IsolatedOptions>,
  meanwhile: () => void = () => {},
): Promise<{ end: End; stats: ClientStats }> {
  const ping = `--ping=100ms/${PONG_MS}ms`;
  const args = ["run", "--no-prompt", "--allow-net=127.0.0.1", "cli.ts", "push", "--json", ping];
  const server = new Deno.Command(Deno.execPath(), {
    args: [...args, "--clients=1", `--duration=${DURATION_S}s`, "--size=63"],
    stdout: "piped",
  }).spawn();
  const lines = server.stdout.pipeThrough(new TextDecoderStream()).values();
  const { port } = JSON.parse((await lines.next()).value!);
  await using client = await connectIsolated(`127.0.0.1:${port}`, {
    framing: { type: "lines" },
    ...options,
  });
  meanwhile();
  let said = "";
  for await (const text of lines) said += text;
  await within(client.closed, "end of the feed");
  await server.status;
  const end = JSON.parse(said.trim().split("\n").at(-1)!);
  return { end, stats: client.stats() };
}

Deno.test("while the main isolate computes, the feed goes on and a handler's writes arrive", async () => {
  const handler = { module: import.meta.resolve("./modules/pong.ts") };
  const { end, stats } = await feed({ handler }, () => {
    const until = performance.now() + SPIN_MS;
    while (performance.now() < until);
  });
  assertEquals(end.type, "finish", JSON.stringify({ end, stats }));
  assertLess(end.longestStallMs, PONG_MS);
  assertGreater(end.pongs, 10);
  assertGreater(stats.framesDelivered, 100_000);
});

Deno.test("while a handler computes, PINGs are answered and the server is never held up", async () => {
  const { end, stats } = await feed({
    handler: { module: moduleUrl("spin") },
    whenFull: "drop_oldest",
    respond: [{ match: "PING", send: "PONG\n" }],
  });
  assertEquals(end.type, "finish", JSON.stringify({ end, stats }));
  assertLess(end.longestStallMs, PONG_MS);
  assertGreater(end.pongs, 10);
  assertGreater(stats.framesDroppedOldest, 0);
});
