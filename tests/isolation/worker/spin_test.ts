/**
 * While a handler computes for seconds, the reader drains all the same: judged by
 * the server's send queue and the server's own log, beside the same handler inline.
 */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import type { Handler } from "../../../mod.ts";
import { workerHandler } from "../../../isolation.ts";
import { connected, delay, within } from "../../client/harness.ts";
import { moduleUrl } from "./harness.ts";

/** Longer than the handler computes. */
const DURATION_S = 6;
/** How long the server waits for the answer to a PING. */
const PONG_MS = 2000;

interface Log {
  /** The server's last words. */
  end: { type: string; reason?: string; longestStallMs: number; pings: number; pongs: number };
  /** Bytes in the server's send queue, sampled while the handler computed. */
  queued: number[];
  dropped: number;
}

/** Feeds `handler` from a server in a process of its own. */
async function feed(handler: Handler, flags: string[]): Promise<Log> {
  const ping = `--ping=200ms/${PONG_MS}ms`;
  const args = ["run", "--no-prompt", "--allow-net=127.0.0.1", "cli.ts", "push", "--json", ping];
  const duration = `--duration=${DURATION_S}s`;
  const server = new Deno.Command(Deno.execPath(), {
    args: [...args, "--clients=1", duration, "--size=63", ...flags],
    stdout: "piped",
  }).spawn();
  const lines = server.stdout.pipeThrough(new TextDecoderStream()).values();
  const { port } = JSON.parse((await lines.next()).value!);
  const queued: number[] = [];
  await using client = await connected(`127.0.0.1:${port}`, {
    framing: { type: "lines" },
    sharedMemory: true,
    whenFull: "drop_oldest",
    respond: [{ match: "PING", send: "PONG\n" }],
  });
  const running = client.run(handler).catch(() => {});
  const sampling = sample(port, queued);
  let said = "";
  for await (const text of lines) said += text;
  await within(running, "end of the feed");
  await within(sampling, "last sample");
  await server.status;
  const end = JSON.parse(said.trim().split("\n").at(-1)!);
  return { end, queued, dropped: client.stats().framesDroppedOldest };
}

/** Looks at the server's socket for as long as the handler computes. */
async function sample(port: number, queued: number[]): Promise<void> {
  for (const end = performance.now() + 3500; performance.now() < end; await delay(100)) {
    const bytes = await sendQueue(port);
    if (bytes !== undefined) queued.push(bytes);
  }
}

/** Bytes that the socket at the server's `port` has not brought to its client. */
async function sendQueue(port: number): Promise<number | undefined> {
  const { stdout } = await new Deno.Command("cat", { args: ["/proc/net/tcp"] }).output();
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  for (const line of new TextDecoder().decode(stdout).split("\n")) {
    const [, address, , state, queues] = line.trim().split(/\s+/);
    if (address?.endsWith(local) && state === "01") return parseInt(queues.split(":")[0], 16);
  }
  return undefined;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** The same module's handler, in the client's own isolate. */
async function inline(): Promise<Handler> {
  return (await import(`./modules/spin.ts?${crypto.randomUUID()}`)).default;
}

const skipped = Deno.build.os !== "linux";
if (skipped) console.log("skipped: the server's send queue is told by Linux only");

Deno.test({
  name:
    "while a handler in a worker computes, the server's send queue stays empty and PINGs are answered",
  ignore: skipped,
  async fn() {
    // More in four seconds than buffer and kernel hold.
    const log = await feed(workerHandler(moduleUrl("spin")), ["--rate=100000"]);
    assertEquals(log.end.type, "finish", JSON.stringify(log));
    assertGreater(log.queued.length, 5);
    assertLess(median(log.queued), 256 * 1024);
    assertGreater(log.end.pongs, 10);
    assertGreater(log.dropped, 0);
  },
});

Deno.test({
  name: "while a handler in a worker computes, a server that pushes flat out is never held up",
  ignore: skipped,
  async fn() {
    const { end, dropped } = await feed(workerHandler(moduleUrl("spin")), []);
    assertEquals(end.type, "finish", JSON.stringify(end));
    assertLess(end.longestStallMs, PONG_MS);
    assertGreater(dropped, 0);
  },
});

Deno.test({
  name: "while the same handler computes inline, the queue is full and the client is cut off",
  ignore: skipped,
  async fn() {
    const { end } = await feed(await inline(), ["--rate=100000"]);
    assertEquals([end.type, end.reason], ["cut", "ping_timeout"]);
    assert(end.longestStallMs > PONG_MS / 4, `${end.longestStallMs} ms`);
  },
});
