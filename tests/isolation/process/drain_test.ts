/**
 * While a handler spins, the socket is drained all the same: the kernel says so,
 * by what waits in the server's send queue.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { connect, type Handler } from "../../../mod.ts";
import { processHandler } from "../../../isolation.ts";
import {
  connected,
  delay,
  frame,
  FRAMING,
  numbered,
  receive,
  send,
  serve,
  within,
} from "../../client/harness.ts";
import { readUntil } from "../../cli/spillway.ts";
import { moduleOf, PATIENCE_MS } from "../runs.ts";

const SPIN_MS = 4000;
const CLI = new URL("../../../cli.ts", import.meta.url).href;

/** A server in a process of its own, which pushes some 13 MB a second. */
async function pushServer() {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-net=127.0.0.1", CLI, "push"],
      ...["--framing", "length_field", "--size", "60", "--rate", "200000"],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  const said = await within(readUntil(reader, "\n"), "port of the server", PATIENCE_MS);
  return {
    port: Number(/:(\d+)/.exec(said)![1]),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}

/**
 * Bytes in the send queue of `port`'s connection, every 50 ms while the handler
 * spins: by a process of its own, since this one may be what spins.
 */
async function sendQueues(port: number): Promise<number[]> {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  // State 01: established. The fifth field is the send and the receive queue.
  const pick = `$2 == "${local}" && $4 == "01" { split($5, queue, ":"); print queue[1] }`;
  const script = `i=0; while [ $i -lt ${SPIN_MS / 50 - 20} ]; do
    awk '${pick}' /proc/net/tcp; sleep 0.05; i=$((i+1)); done`;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  return new TextDecoder().decode(stdout).trim().split("\n").map((hex) => parseInt(hex, 16));
}

/** Spins in its first batch of more than a few frames. */
const SPINNING = `
  let spun = false;
  export default { batch(batch) {
    if (spun || batch.count < 100) return;
    spun = true;
    const end = Date.now() + ${SPIN_MS};
    while (Date.now() < end);
  } };`;

/** The server's send queue while a handler spins, and what became of the frames. */
async function spin(handler: Handler) {
  await using server = await pushServer();
  await using client = await connect(`127.0.0.1:${server.port}`, {
    framing: FRAMING,
    whenFull: "drop_oldest",
  });
  const running = client.run(handler).catch((error) => error);
  const sampling = sendQueues(server.port);
  const queues = await within(sampling, "end of the samples", PATIENCE_MS);
  const { framesDroppedOldest, pauses } = client.stats();
  await client.close();
  assertEquals(await within(running, "end of the run", PATIENCE_MS), undefined);
  assertGreater(queues.length, 10);
  const full = queues.filter((bytes) => bytes > 0).length;
  return { share: full / queues.length, queues, framesDroppedOldest, pauses };
}

Deno.test({
  name:
    "while a process handler spins, the server's send queue stays empty; while an inline one does, it fills",
  async fn() {
    if (Deno.build.os !== "linux") {
      return console.log("skipped: /proc/net/tcp is there on Linux only");
    }
    const isolated = await spin(
      processHandler(moduleOf(SPINNING), {
        startTimeoutMs: PATIENCE_MS,
        batchTimeoutMs: PATIENCE_MS,
      }),
    );
    const inline: Handler = (await import(moduleOf(SPINNING))).default;
    const control = await spin(inline);
    assert(isolated.share < 0.5, `${isolated.queues}`);
    assertEquals(isolated.pauses, 0);
    assertGreater(isolated.framesDroppedOldest, 0);
    // The control arm: the same handler, the same server.
    assertGreater(control.share, 0.5, `${control.queues}`);
    assertGreater(Math.max(...control.queues), 20 * Math.max(1, median(isolated.queues)));
  },
});

Deno.test("while a process handler spins, the server's pings are answered", async () => {
  let answers = 0;
  await using server = serve(async (conn) => {
    await send(conn, numbered(1000, 12));
    // Each question waits for the answer to the last one.
    for (const started = Date.now(); Date.now() - started < SPIN_MS / 2; answers++) {
      await send(conn, frame("PING"));
      assertEquals(await receive(conn, 4), "PONG");
      await delay(20);
    }
  });
  await using client = await connected(server.target, {
    respond: [{ match: "PING", send: "PONG" }],
  });
  const handler = processHandler(moduleOf(SPINNING), {
    startTimeoutMs: PATIENCE_MS,
    batchTimeoutMs: PATIENCE_MS,
  });
  await within(client.run(handler), "end of the run", PATIENCE_MS);
  assertGreater(answers, 3);
  assertEquals(client.stats().responses, answers);
});

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
