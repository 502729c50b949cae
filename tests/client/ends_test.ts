/** Every way a connection ends, or is not made, by its name. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { connect } from "../../mod.ts";
import { ScriptedTransport } from "../transport/scripted.ts";
import {
  assertEnds,
  collect,
  collectNumbers,
  connected,
  delay,
  FRAMING,
  numbered,
  refusal,
  send,
  serve,
  serveBytes,
  serveThenWait,
  uncaught,
  upTo,
  within,
} from "./harness.ts";
import { linesOf } from "../servers/lines.ts";

const linux = Deno.build.os === "linux";

/** A port that refuses: it was free a moment ago. */
function closedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

Deno.test("eof and eof_in_frame tell a boundary from a cut", async () => {
  for (const cut of [0, 1, 4, 7]) {
    await using server = serveBytes(numbered(3), numbered(1).subarray(0, cut));
    await using client = await connected(server.target);
    assertEquals(await collectNumbers(client), upTo(3));
    const end = await assertEnds(client, cut === 0 ? "eof" : "eof_in_frame");
    assertEquals([end.report.frames, end.report.bytes, end.report.epoch], [3, 24 + cut, 1]);
    assertEquals(client.stats().partialBytesDropped, cut);
    if (cut > 0) assertStringIncludes(end.message, `${cut} bytes came`);
  }
});

Deno.test("a reset is told by name and number, behind every frame", async () => {
  const reset = Object.assign(new Deno.errors.ConnectionReset("Connection reset by peer"), {
    code: "ECONNRESET",
  });
  await using client = await connected(new ScriptedTransport(numbered(9), reset));
  assertEquals(await collectNumbers(client), upTo(9));
  const end = await assertEnds(client, "reset");
  assertEquals([end.code, end.errno, end.cause], ["ECONNRESET", 104, reset]);
  assertEquals(end.report.verdict.kind, "not_this_side");
});

Deno.test("a reset that a write was told first is no plain end", async () => {
  const transport = new ScriptedTransport(numbered(2));
  const reset = new Deno.errors.ConnectionReset("Connection reset by peer");
  transport.onWrite = () => Promise.reject(reset);
  await using client = await connected(transport);
  const refused = await client.write("ping").catch((error) => error);
  transport.give(null);
  assertEquals(await collectNumbers(client), [0, 1]);
  const end = await assertEnds(client, "reset");
  assertEquals([refused.name, refused.reason, refused.cause], [end.name, "reset", reset]);
});

Deno.test({
  name: "every byte before a reset is delivered, every time (Linux only)",
  ignore: !linux,
  fn: async () => {
    const runs = Number(Deno.env.get("SPILLWAY_RST_RUNS") ?? 50);
    const size = 100_000;
    const server = new Deno.Command("python3", {
      args: [
        new URL("../servers/rst.py", import.meta.url).pathname,
        ...["--bytes", `${size}`, "--connections", `${runs}`, "--max-chunk", "9000"],
        // A reset before the system has told of the connection leaves nothing to read from.
        "--await-hello",
      ],
      stdout: "piped",
    }).spawn();
    const lines = linesOf(server.stdout);
    const port = Number((await within(lines.next(), "port")).value);
    // The lines are of no interest, but a full pipe would stop the server.
    const rest = (async () => {
      while (!(await lines.next()).done);
    })();
    for (let run = 0; run < runs; run++) {
      const options = { framing: { type: "raw" }, hello: "x" } as const;
      await using client = await connected(`127.0.0.1:${port}`, options);
      const { frames, end } = await collect(client);
      const received = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
      let at = 0;
      for (const frame of frames) {
        received.set(frame, at);
        at += frame.length;
      }
      assertEquals([received.length, end.reason, end.errno], [size, "reset", 104], `run ${run}`);
      assert(received.every((byte, k) => byte === (k * 31 + 7) % 251), `run ${run}`);
    }
    assert((await server.status).success);
    await rest;
  },
});

Deno.test("refused, dns and a missing unix socket are told apart", async () => {
  const refused = await refusal(`127.0.0.1:${closedPort()}`);
  assertEquals([refused.reason, refused.report.verdict.kind], ["refused", "no_connection"]);
  if (linux) assertEquals([refused.code, refused.errno], ["ECONNREFUSED", 111]);
  assertEquals((await refusal("does-not-exist.invalid:80")).reason, "dns");
  if (Deno.build.os === "windows") return;
  const missing = await refusal("unix:/does/not/exist.sock");
  assertEquals([missing.reason, missing.code], ["refused", "ENOENT"]);
  const { sentence } = missing.report.verdict;
  assertEquals(sentence, "nothing listens there; check the path and whether the server runs");
});

Deno.test("a missing permission is told with the flag to add", async () => {
  const program = `
    import { connect } from ${JSON.stringify(new URL("../../mod.ts", import.meta.url).href)};
    for (const target of ["localhost:2", "tls://localhost:3", "[::1]:4", "unix:/x.sock"]) {
      await connect(target, { framing: { type: "lines" }, reconnect: true })
        .catch((error) => console.log(error.reason, error.message));
    }`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-config",
      "--allow-net=localhost:1",
      `data:text/javascript,${encodeURIComponent(program)}`,
    ],
  }).output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  const flags = ["localhost:2", "localhost:3", "[::1]:4", "unix:/x.sock"];
  assertEquals(lines.length, flags.length);
  for (const [i, flag] of flags.entries()) {
    assertStringIncludes(lines[i], "permission ");
    assertStringIncludes(lines[i], `--allow-net=${flag}`);
  }
  assertStringIncludes(lines[3], "--allow-read=/x.sock --allow-write=/x.sock");
});

Deno.test("connectTimeoutMs bounds a TLS server that never answers", async () => {
  await using server = serveThenWait();
  const tls = { caCerts: [] };
  const error = await refusal(`tls://${server.target}`, { connectTimeoutMs: 50, tls });
  assertEquals(error.reason, "connect_timeout");
});

Deno.test("connectTimeoutMs bounds a handshake, whatever it waits for", async () => {
  await using server = serveThenWait();
  for (const waits of ["read", "elsewhere"]) {
    const error = await refusal(server.target, {
      connectTimeoutMs: 50,
      handshake: async (session) => {
        if (waits === "read") await session.read();
        else await new Promise(() => {});
      },
    });
    assertEquals(error.reason, "connect_timeout", waits);
  }
});

Deno.test("an aborted signal keeps connect() from connecting", async () => {
  await using server = serveThenWait();
  const error = await refusal(server.target, { signal: AbortSignal.abort(new Error("not now")) });
  assertEquals([error.reason, (error.cause as Error).message], ["aborted", "not now"]);
  assertEquals(server.accepted, 0);
});

Deno.test("a signal ends connect() while it shakes hands", async () => {
  await using server = serveThenWait();
  const controller = new AbortController();
  const error = await refusal(server.target, {
    signal: controller.signal,
    handshake: async (session) => {
      setTimeout(() => controller.abort());
      await session.read();
    },
  });
  assertEquals(error.reason, "aborted");
});

Deno.test("a signal ends a feed, and does no harm behind its end", async () => {
  await using server = serveThenWait(numbered(3));
  const controller = new AbortController();
  await using client = await connected(server.target, { signal: controller.signal });
  await within(client.run({ batch: () => controller.abort() }), "end");
  await assertEnds(client, "aborted");
  controller.abort();
  await client.close();
  const refused = await client.write("late").catch((error) => error);
  assertEquals(refused, await client.closed);
});

Deno.test("a length with a leading zero is told as that", async () => {
  for (const [type, stream] of [["netstring", "01:a,"], ["octet_counting", "01 a"]] as const) {
    const bytes = new TextEncoder().encode(stream);
    await using client = await connect(new ScriptedTransport(bytes), { framing: { type } });
    const { message } = await assertEnds(client, "invalid_frame");
    assertStringIncludes(message, "expected a length without a leading zero, got the digit");
  }
});

Deno.test("a handler that held the loop makes a reset a slow consumer's", async () => {
  const transport = new ScriptedTransport(numbered(1));
  await using client = await connected(transport);
  const running = client.run({
    batch() {
      const end = performance.now() + 300;
      while (performance.now() < end);
      transport.give(new Deno.errors.ConnectionReset("reset"));
    },
  });
  await within(running.catch(() => {}), "end");
  const { message, report } = await assertEnds(client, "reset");
  assertEquals(report.verdict.kind, "slow_consumer");
  assertStringIncludes(message, "your handler held the read loop");
  assertStringIncludes(message, "dropped you as a slow consumer");
  assert(report.heldMs >= 300 && report.largestDutyCycleMs >= 300);
  assert((report.slowestCall?.heldMs ?? 0) >= 300);
  assertEquals(report.slowestCall?.frames, 1);
});

Deno.test("a handler that kept all slabs makes a reset a slow consumer's", async () => {
  const transport = new ScriptedTransport(numbered(20_000, 60));
  await using client = await connected(transport, { bufferBytes: 2 * 256 * 1024 });
  const running = client.run({ batch: () => delay(client.stats().pauses > 0 ? 0 : 300) });
  transport.give(new Deno.errors.ConnectionReset("reset"));
  await within(running.catch(() => {}), "end");
  const { report } = await assertEnds(client, "reset");
  assertEquals(report.verdict.kind, "slow_consumer");
  assertStringIncludes(report.verdict.sentence, "because your handler kept the buffer full");
  assert(report.pausedMs > 0);
});

Deno.test("a slow handler behind the reset is not what caused it", async () => {
  const transport = new ScriptedTransport(numbered(50));
  await using client = await connected(transport);
  await delay(30);
  transport.give(new Deno.errors.ConnectionReset("reset"));
  const running = client.run({
    async batch() {
      await delay(2);
      const end = performance.now() + 30;
      while (performance.now() < end);
    },
  });
  await within(running.catch(() => {}), "end");
  const { report } = await assertEnds(client, "reset");
  assert(report.heldMs < 50, `${report.heldMs} ms held`);
});

Deno.test("an innocent handler is told so", async () => {
  const transport = new ScriptedTransport(numbered(10));
  await using client = await connected(transport);
  const running = client.run({ batch: () => {} });
  await delay(300);
  transport.give(new Deno.errors.ConnectionReset("reset"));
  await within(running.catch(() => {}), "end");
  const { report } = await assertEnds(client, "reset");
  assertEquals(report.verdict.kind, "not_this_side");
  assertStringIncludes(report.verdict.sentence, "the cause is not on this side");
});

Deno.test("an onEvent that throws does not end the feed", async () => {
  await using server = serve((conn) => send(conn, numbered(3)));
  const thrown = await uncaught(async () => {
    const client = await within(
      connect(server.target, {
        framing: FRAMING,
        onEvent: () => {
          throw new Error("in onEvent");
        },
      }),
      "connection",
    );
    assertEquals(await collectNumbers(client), upTo(3));
    await assertEnds(client, "eof");
  });
  assertEquals(thrown.length, 2);
});

Deno.test("a busy handler whose socket was read to empty between its calls is innocent", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const client = await connect(`127.0.0.1:${listener.addr.port}`, { framing: { type: "lines" } });
  const server = await accepting;
  let calls = 0;
  const running = client.run({
    batch() {
      // Two milliseconds of three.
      const until = performance.now() + 2;
      while (performance.now() < until);
      calls += 1;
    },
  });
  while (calls < 100) {
    await server.write(new TextEncoder().encode("tick\n"));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  server.close();
  await running;
  const { report } = await client.closed;
  assertEquals(report.verdict.kind, "not_this_side", JSON.stringify(report));
});
