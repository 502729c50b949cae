/**
 * While one isolate computes, the others go on: judged by a server in a process
 * of its own, which pushes flat out and asks for a sign of life.
 */
import { assertEquals, assertGreater, assertInstanceOf, assertLess } from "@std/assert";
import { fileURLToPath } from "node:url";
import { type ClientStats, HandlerError } from "../../mod.ts";
import { connectIsolated, type IsolatedOptions } from "../../isolation.ts";
import { within } from "../client/harness.ts";
import { moduleUrl } from "./harness.ts";

const DURATION_S = 4;
/** Longer than a worker's module takes to be checked and loaded. */
const LONG_S = 30;
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

/** A server in a process of its own, and how it ended. */
function push(
  durationS = DURATION_S,
  pongMs = PONG_MS,
): { address: Promise<string>; end: Promise<End> } {
  const ping = `--ping=100ms/${pongMs}ms`;
  const args = ["run", "--no-prompt", "--allow-net=127.0.0.1", "cli.ts", "push", "--json", ping];
  const server = new Deno.Command(Deno.execPath(), {
    args: [...args, "--clients=1", `--duration=${durationS}s`, "--size=63"],
    stdout: "piped",
  }).spawn();
  const lines = server.stdout.pipeThrough(new TextDecoderStream()).values();
  const address = lines.next().then(({ value }) => `127.0.0.1:${JSON.parse(value!).port}`);
  const end = address.then(async () => {
    let said = "";
    for await (const text of lines) said += text;
    await server.status;
    return JSON.parse(said.trim().split("\n").at(-1)!);
  });
  return { address, end };
}

/** Feeds a client in this process. */
async function feed(
  options: Partial<IsolatedOptions>,
): Promise<{ end: End; stats: ClientStats }> {
  const server = push();
  await using client = await connectIsolated(await server.address, {
    framing: { type: "lines" },
    ...options,
  });
  const end = await server.end;
  await within(client.closed, "end of the feed");
  return { end, stats: client.stats() };
}

// In a program of its own: a test's isolate is not the one that a process begins with.
Deno.test("while the main isolate computes, the feed goes on and a handler's writes arrive", async () => {
  const server = push();
  const address = await server.address;
  const program = fileURLToPath(import.meta.resolve("./programs/computing.ts"));
  const flags = ["--no-prompt", "--unstable-worker-options", `--allow-net=${address}`];
  const module = import.meta.resolve("./modules/pong.ts");
  const running = new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, "--allow-read=.", program, address, module, String(SPIN_MS)],
    stderr: "inherit",
  }).output();
  const end = await server.end;
  const told = new TextDecoder().decode((await within(running, "end of the program")).stdout);
  assertEquals(end.type, "finish", `${JSON.stringify(end)} ${told}`);
  assertLess(end.longestStallMs, PONG_MS);
  // One is on the way at a time, every 100 ms.
  assertGreater(end.pongs, 10);
  assertGreater(JSON.parse(told).stats.framesDelivered, 100_000);
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

Deno.test("while batches come without a gap, a handler's timers and writes have their turns", async () => {
  const server = push(LONG_S, LONG_S * 1000);
  await using client = await connectIsolated(await server.address, {
    framing: { type: "lines" },
    handler: { module: moduleUrl("noting") },
    respond: [{ match: "PING", send: "PONG\n" }],
  });
  const end = await within(client.closed, "end of the feed");
  await server.end;
  assertInstanceOf(end, HandlerError);
  const { batches, ticks, written } = JSON.parse((end.cause as Error).message);
  // About 50 batches a tick on two processors; up to 1,600 where nobody lets the event loop turn.
  assertLess(batches / ticks, 150);
  assertLess(batches / written, 300);
});
