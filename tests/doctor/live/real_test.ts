/** `spillway doctor --live` beside real sockets: a server that pushes, a client that does not read. */
import { assert, assertEquals, assertGreater, assertLess, assertStringIncludes } from "@std/assert";
import { until } from "../../integration/until.ts";
import { leftOut, Live, Pusher, runLive, SlowClient } from "./real.ts";

const ignore = await leftOut("doctor --live", "python3");
const ignoreSs = ignore || await leftOut("doctor --live with ss", "ss");

/** Slow enough to fill the receive buffer in many seconds, fast enough to be seen at each look. */
const PACE = { bytes: 400, everyMs: 10 };

for (const [name, run, ignored] of [["cat", "cat", ignore], ["ss", "cat,ss", ignoreSs]] as const) {
  Deno.test({
    name:
      `--live with ${name} sees that nobody reads before the server has to wait, and that it is over`,
    ignore: ignored,
    async fn() {
      await using server = new Pusher();
      await using client = new SlowClient(server.port);
      const port = await client.connected();
      await using live = new Live([`--allow-run=${run}`], ["--live", `127.0.0.1:${server.port}`]);
      await client.tell("all");
      server.push(PACE.bytes, PACE.everyMs);
      const first = await live.until("the socket", () => true);
      assertEquals(first.local, `127.0.0.1:${port}`);

      await client.tell("stop");
      const stopped = await live.until("not reading", ({ state }) => state === "not_reading");
      const writingMs = performance.now() - (server.writingSince ?? performance.now());
      assertLess(writingMs, 200, "no write of the server hangs");
      assert(stopped.window !== "shut", "its window is open");
      assertGreater(stopped.unread, 0);
      assertLess(stopped.serverQueue!, 20_000, "nothing piles up with the server");
      if (name === "ss") {
        assertEquals(stopped.certainMs, stopped.unreadMs);
        assertEquals(stopped.program, { pid: client.pid, name: "python3" });
        assertStringIncludes(
          stopped.sentence,
          "the window is still open, at this rate it shuts in ",
        );
      }

      // Now flat out, until the kernel takes no more.
      server.push(65_536, 0);
      await until("a write hangs", 30_000, () => {
        const { writingSince } = server;
        return writingSince !== undefined && performance.now() - writingSince > 500 || undefined;
      });
      await live.until("the window", ({ window }) => window === "shut" || window === "nearly_shut");

      server.push(PACE.bytes, PACE.everyMs);
      await client.tell("all");
      const on = await live.until("reading", ({ before }) => before === "not_reading");
      assert(["keeping_up", "behind"].includes(on.state), on.state);
      await client.tell("close");
      const { code, summary } = await live.end();
      assertEquals([code, summary.exitCode, summary.end], [1, 1, "gone"]);
      assertEquals(summary.verdict.kind, "slow_consumer");
      assertStringIncludes(summary.verdict.sentence, "and the server had to wait");
      assertGreater(summary.sockets[0].totals.longestStallMs, 500);
    },
  });
}

Deno.test({
  name: "--live --for waits for a program that connects again and again",
  ignore,
  async fn() {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const args = ["--live", `127.0.0.1:${port}`, "--for", "2500ms", "--interval", "20ms", "--json"];
    const doctor = runLive(["--allow-run=cat"], args);
    for (let i = 0; i < 2; i++) {
      await new Promise((resolve) => setTimeout(resolve, 700));
      using _client = await Deno.connect({ port });
      using _server = await listener.accept();
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    const { code, stdout } = await doctor;
    listener.close();
    const summary = JSON.parse(stdout.trim().split("\n").at(-1)!);
    assertEquals([code, summary.end, summary.sockets.length], [0, "duration", 2]);
  },
});

Deno.test({
  name: "--live with ss tells a program that reads too slowly from one that does not read",
  ignore: ignoreSs,
  async fn() {
    await using server = new Pusher();
    await using client = new SlowClient(server.port);
    await client.connected();
    await using live = new Live(["--allow-run=cat,ss"], ["--live", `127.0.0.1:${server.port}`]);
    await client.tell("slow");
    // 200 bytes are read each 10 ms, and more.
    server.push(2_000, 10);
    const behind = await live.until("behind", ({ state }) => state === "behind");
    assertStringIncludes(behind.sentence, "the program reads less than comes, ");
    live.interrupt();
    const { code, summary } = await live.end();
    assertEquals([code, summary.end], [130, "interrupted"]);
    assertEquals(summary.sockets[0].totals.stalls, 0, JSON.stringify(live.told));
  },
});

Deno.test({
  name: "--live tells a server's close that the program has not noticed, and what is unread",
  ignore,
  async fn() {
    await using server = new Pusher();
    await using client = new SlowClient(server.port);
    await client.connected();
    server.push(500, 50);
    await using live = new Live(
      ["--allow-run=cat"],
      ["--live", `127.0.0.1:${server.port}`, "--every", "200ms"],
    );
    await live.until("bytes", ({ unread }) => unread >= 2_000);
    server.close();
    const closed = await live.until(
      "closed",
      ({ state, certainMs }) => state === "peer_closed" && certainMs > 1000,
    );
    assertStringIncludes(closed.sentence, "the server has closed, ");
    assertStringIncludes(closed.sentence, " are still unread, no read for ");
    assertEquals(closed.unread % 500, 0, "the FIN is no byte");
    live.interrupt("SIGTERM");
    const { code, summary } = await live.end();
    assertEquals(code, 143);
    assertEquals(summary.verdict.kind, "slow_consumer");
  },
});

Deno.test({
  name: "--live PID finds the sockets of a process, and that it is stopped",
  ignore,
  async fn() {
    await using server = new Pusher();
    await using client = new SlowClient(server.port);
    const port = await client.connected();
    await client.tell("all");
    server.push(PACE.bytes, PACE.everyMs);
    await using live = new Live(["--allow-run=cat,ls"], ["--live", String(client.pid)]);
    const first = await live.until("the socket", () => true);
    assertEquals(first.local, `127.0.0.1:${port}`);
    assertEquals(first.program, { pid: client.pid, name: "python3" });
    client.signal("SIGSTOP");
    const stopped = await live.until("not reading", ({ state }) => state === "not_reading");
    assertEquals(stopped.activity?.doing, "stopped");
    client.signal("SIGCONT");
    await live.until("reading", ({ before }) => before === "not_reading");
    await client.tell("close");
    const { code, summary } = await live.end();
    assertEquals(code, 1);
    assertStringIncludes(summary.verdict.next, `kill -CONT ${client.pid}`);
  },
});

Deno.test({
  name: "--live of a client that keeps up exits with 0 when --for is over",
  ignore,
  async fn() {
    await using server = new Pusher();
    await using client = new SlowClient(server.port);
    const port = await client.connected();
    await client.tell("all");
    server.push(PACE.bytes, PACE.everyMs);
    const { code, stdout, stderr } = await runLive(
      ["--allow-run=cat"],
      ["--live", `localhost:${server.port}`, "--for", "3s", "--every", "200ms", "--stall", "20s"],
    );
    assertEquals([code, stderr], [0, ""]);
    const lines = stdout.trimEnd().split("\n");
    assertEquals(
      lines[0],
      `watching 127.0.0.1:${server.port} or [::1]:${server.port}: 1 socket`,
    );
    const line = /^\d{4}-\d\d-\d\dT[\d:.]+Z 127\.0\.0\.1:(\d+): (?:the program keeps up|.* wait)/;
    assertEquals(line.exec(lines[1])?.[1], String(port));
    assertGreater(lines.filter((one) => line.test(one)).length, 1, "--every repeats it");
    assertStringIncludes(stdout, "\n  verdict: nothing_wrong (certain)\n");
    assertStringIncludes(stdout, "; --for reached\n");
    assertStringIncludes(stdout, "is not known without ss (--allow-run=ss is not given)\n");
  },
});

Deno.test({
  name: "--live ends when nobody listens to it any more",
  ignore,
  async fn() {
    await using server = new Pusher();
    await using client = new SlowClient(server.port);
    await client.connected();
    server.push(PACE.bytes, PACE.everyMs);
    await using live = new Live(
      ["--allow-run=cat"],
      ["--live", `127.0.0.1:${server.port}`, "--every", "100ms"],
    );
    await live.until("the socket", () => true);
    live.stopListening();
    assertEquals((await live.end()).code === 130, false);
  },
});
