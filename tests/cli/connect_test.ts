/** `spillway connect` as it is run: a process, a server, and no permission but to connect. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  floods,
  readUntil,
  resets,
  run,
  runInShell,
  sends,
  sendsAndStays,
  start,
  TestServer,
  writeAll,
} from "./spillway.ts";
import { delay } from "../client/harness.ts";
import { inDirectory } from "../spill/harness.ts";

const utf8 = new TextEncoder();
const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");
// deno-lint-ignore no-explicit-any -- what a program would read
const jsonLines = (text: string): any[] => lines(text).map((line) => JSON.parse(line));

Deno.test("connect puts a frame a line out and exits with 0 when the server closes", async () => {
  await using server = sends("one\ntwo\r\nthr\u00e9e\u001b[31m\u202e\t\n");
  const { code, stdout, stderr } = await server.connect();
  assertEquals([code, stdout], [0, "one\ntwo\nthr\u00e9e\\x1b[31m\\u202e\t\n"]);
  assertStringIncludes(stderr, `connected to ${server.address}\n`);
  assertStringIncludes(stderr, `${server.address}: the server closed the connection: `);
  assertStringIncludes(stderr, "\nframes      3 in ");
  assertStringIncludes(stderr, "\nend         the server closed the connection\n");
  assert(!stderr.includes("\x1b"), "no colours and no status line without a terminal");
});

Deno.test("connect escapes every byte that is not ASCII in frames that are not UTF-8", async () => {
  await using server = sends(Uint8Array.of(0xff, 0x41, 0xc3, 0xa9, 0x0d, 0x0a, 0x42, 0x0a));
  assertEquals(
    (await server.connect("--keep-delimiter")).stdout,
    "\\xffA\\xc3\\xa9\\x0d\\x0a\nB\\n\n",
  );
});

Deno.test("connect --json writes an object a line, and all else as JSON too", async () => {
  const frames = [0, 3, 1, 2, 0xff, 0, 8, 0, 0, 0, 0, 0, 0, 0, 9];
  await using server = sends(Uint8Array.from(frames));
  const { code, stdout, stderr } = await server.connect(
    ...["--json", "--framing", "length_field", "--length-field-length", "2"],
    ...["--initial-bytes-to-strip", "2", "--column", "low:u8@1", "--column", "all:u64@0"],
  );
  assertEquals(code, 0);
  assertEquals(jsonLines(stdout), [
    { epoch: 1, offset: 0, length: 3, base64: "AQL/", columns: { low: 2, all: "0" } },
    {
      epoch: 1,
      offset: 5,
      length: 8,
      text: "\0\0\0\0\0\0\0\t",
      columns: { low: 0, all: "9" },
    },
  ]);
  const [connected, disconnected, summary] = jsonLines(stderr);
  assertEquals(connected, { type: "connected", epoch: 1 });
  assertEquals([disconnected.type, disconnected.reason], ["disconnected", "eof"]);
  assertEquals(disconnected.report.bytes, 15);
  assertEquals(
    [summary.type, summary.end, summary.exitCode, summary.frames, summary.stats.bytesRead],
    ["summary", "server_closed", 0, 2, 15],
  );
});

Deno.test("connect --raw, --hex and --count put out bytes, hex and nothing but a table", async () => {
  await using server = sends("ab\nc\u00e9\n");
  assertEquals((await server.connect("--raw")).stdout, "abc\u00e9");
  assertEquals((await server.connect("--raw", "--keep-delimiter")).stdout, "ab\nc\u00e9\n");
  assertEquals((await server.connect("--hex")).stdout, "6162\n63c3a9\n");
  const { stdout, stderr } = await server.connect("--count");
  assertEquals(lines(stdout)[0].replace(/ in .*/, ""), "frames      2");
  assert(!stderr.includes("frames "));
  const counted = await server.connect("--count", "--json");
  assertEquals(jsonLines(counted.stdout).map((line) => [line.type, line.frames]), [["summary", 2]]);
});

Deno.test("connect gives every frame of a long feed, in order", async () => {
  const text = Array.from({ length: 200_000 }, (_, i) => `frame ${i}\n`).join("");
  await using server = sends(text);
  const { code, stdout } = await server.connect();
  assertEquals(code, 0);
  assert(stdout === text, "standard output is what was sent");
});

Deno.test("connect --limit ends after exactly so many frames", async () => {
  await using server = floods("0123456789abcdef\n");
  const { code, stdout, stderr } = await server.connect("--limit", "70001");
  assertEquals([code, stdout.length], [0, 70_001 * 17]);
  assertStringIncludes(stderr, "\nend         --limit reached\n");
});

Deno.test("connect --duration ends in its time, with what came", async () => {
  await using server = sendsAndStays("one\n");
  const { code, stdout, stderr } = await server.connect("--duration", "300ms");
  assertEquals([code, stdout], [0, "one\n"]);
  assertStringIncludes(stderr, "\nend         --duration reached\n");
});

Deno.test("connect sends, answers and beats, with escapes", async () => {
  const heard: string[] = [];
  await using server = new TestServer(async (conn) => {
    const chunk = new Uint8Array(64);
    const hear = async (length: number): Promise<void> => {
      let text = "";
      while (text.length < length) {
        const count = await conn.read(chunk) ?? 0;
        text += new TextDecoder().decode(chunk.subarray(0, count));
      }
      heard.push(text);
    };
    await hear("HELLO\n".length);
    await writeAll(conn, utf8.encode("PING\n"));
    await hear("PONG\r\n".length);
    await hear("*".length);
    await writeAll(conn, utf8.encode("done\n"));
  });
  const { code, stdout } = await server.connect(
    ...["--send", "HEL", "--send", "LO\\n", "--respond", "PING=PONG\\r\\n"],
    ...["--heartbeat", "200ms:*"],
  );
  assertEquals([code, stdout, heard], [0, "PING\ndone\n", ["HELLO\n", "PONG\r\n", "*"]]);
});

Deno.test("connect says how many answers the server did not take", async () => {
  await using server = sendsAndStays("PING\n".repeat(1000));
  const { code, stderr } = await server.connect(
    ...["--respond", `PING=${"x".repeat(64 * 1024)}`, "--duration", "300ms"],
  );
  assertEquals(code, 0);
  const [, sent] = stderr.match(/\nsent .* (\d+) answers?\n/) ?? [];
  const [, dropped] = stderr.match(/\nnot sent +([\d,]+) answers\n/) ?? [];
  assertEquals(Number(sent) + Number(dropped), 1000, stderr);
});

Deno.test("connect --reconnect comes back and says so", async () => {
  await using server = new TestServer((conn, number) =>
    writeAll(conn, utf8.encode(`connection ${number}\n`))
  );
  const { code, stdout, stderr } = await server.connect("--reconnect", "--limit", "3", "--json");
  assertEquals(code, 0);
  assertEquals(
    jsonLines(stdout).map(({ epoch, text }) => [epoch, text]),
    [[1, "connection 1"], [2, "connection 2"], [3, "connection 3"]],
  );
  const events = jsonLines(stderr);
  assertEquals(events.filter(({ type }) => type === "connected").length, 3);
  assertEquals(events.find(({ type }) => type === "reconnecting").attempt, 1);
  assertEquals(events.at(-1).stats.reconnects, 2);
});

Deno.test("connect tells of a reset with its errno and a verdict, and exits with 1", async () => {
  await using server = await resets("last words\n");
  const { code, stdout, stderr } = await run(
    [`--allow-net=${server.address}`],
    ["connect", server.address, "--respond", "last words=bye"],
  );
  assertEquals([code, stdout], [1, "last words\n"]);
  assertStringIncludes(stderr, "the connection was reset (ECONNRESET, errno 104 on Linux): ");
  assertStringIncludes(stderr, "\nend         disconnected\n");
});

Deno.test("connect exits with 1 when the stream ends inside a frame or is not the framing", async () => {
  await using server = sends("12:abc");
  const cut = await server.connect("--framing", "netstring", "--json");
  assertEquals([cut.code, jsonLines(cut.stderr)[1].reason], [1, "eof_in_frame"]);
  const wrong = await server.connect("--framing", "octet_counting", "--json");
  const { reason, violation } = jsonLines(wrong.stderr)[1];
  assertEquals([wrong.code, reason, violation.offset], [1, "invalid_frame", 2]);
});

Deno.test("connect exits with 1 when nothing listens or nothing comes", async () => {
  const gone = sends("");
  await gone[Symbol.asyncDispose]();
  const refused = await gone.connect("--reconnect", "--max-attempts", "1");
  assertEquals([refused.code, refused.stdout], [1, ""]);
  const [first, again, last] = lines(refused.stderr);
  assertStringIncludes(first, "nothing listens there; check host and port");
  assertStringIncludes(again, "(attempt 1)");
  assertEquals(last, first);

  await using silent = sendsAndStays("");
  const idle = await silent.connect("--idle-timeout", "50ms");
  assertEquals(idle.code, 1);
  assertStringIncludes(idle.stderr, "the server sent nothing for too long");
});

Deno.test("connect exits with 2 for options that cannot work", async () => {
  const cases: [string[], string][] = [
    [["nowhere"], "the target takes localhost:9000, tls://feed.example:9443 or unix:/path, got"],
    [["h:0"], "the target's port takes an integer from 1 to 65535"],
    [["h:1", "--buffer", "1KiB"], "--buffer takes bytes from 786432 to 1610612736 with this"],
    [
      ["h:1", "--framing", "nats", "--buffer", "1KiB"],
      "--buffer takes bytes from 4456448 to 4294967296 with this",
    ],
    [["h:1", "--when-full", "spill"], "drop_newest, or --spill DIR in its place, got spill"],
    [["h:1", "--idle-timeout", "1000h"], "--idle-timeout takes milliseconds from 0 to 2147483647"],
    [["h:1", "--json", "--column", "a:u128@0"], "the type of --column takes"],
    [["h:1", "--respond", "a=b", "--heartbeat", "999h:x"], "--heartbeat takes milliseconds"],
    [
      ["h:1", "--framing", "length_field", "--length-field-offset", "70000"],
      "--length-field-offset takes an integer from 0 to 65535",
    ],
    [["h:1", "--spill", "d", "--spill-max", "20MiB"], "--spill-max takes at least 67108864 bytes"],
    [
      ["h:1", "--handler", "a.ts", "--isolation", "process", "--memory-limit", "1MiB"],
      "--memory-limit takes bytes from 100663296",
    ],
    [["h:1", "--bogus"], "Unknown flag --bogus"],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await run([], ["connect", ...args]);
    assertEquals([code, stdout, lines(stderr).length], [2, "", 1], args.join(" "));
    assertStringIncludes(stderr, message);
  }
});

Deno.test("connect names the permission that is missing and exits with 3", async () => {
  const cases: [string[], string][] = [
    [["127.0.0.1:9"], "--allow-net=127.0.0.1:9"],
    [["tls://localhost:9", "--ca", "ca.pem"], "--allow-read=ca.pem"],
    [["h:1", "--send-file", "hello.bin"], "--allow-read=hello.bin"],
    [["unix:feed.sock"], `--allow-net=unix:${Deno.cwd()}/feed.sock --allow-read=`],
  ];
  for (const [args, flag] of cases) {
    const { code, stdout, stderr } = await run([], ["connect", ...args]);
    assertEquals([code, stdout, lines(stderr).length], [3, "", 1], args.join(" "));
    assertStringIncludes(stderr, `run again with ${flag}`);
  }
});

Deno.test("connect ends without a word when standard output is closed", async () => {
  await using server = floods("0123456789abcdef\n");
  const child = start([`--allow-net=${server.address}`], ["connect", server.address]);
  const reader = child.stdout.getReader();
  await readUntil(reader, "\n");
  await reader.cancel();
  const stderr = await new Response(child.stderr).text();
  assertEquals((await child.status).code, 0);
  const [connected, ...more] = lines(stderr);
  assertEquals(connected, `connected to ${server.address}`);
  // That the buffer fills, and a pause, may have been told before.
  assertEquals(more.filter((line) => !/^(the buffer |reading is paused)/.test(line)), []);
});

Deno.test("connect --json ends without a word when standard output is closed", async () => {
  await using server = floods("0123456789abcdef\n");
  const child = start([`--allow-net=${server.address}`], ["connect", server.address, "--json"]);
  const reader = child.stdout.getReader();
  await readUntil(reader, "\n");
  await reader.cancel();
  const stderr = await new Response(child.stderr).text();
  assertEquals((await child.status).code, 0);
  const types = lines(stderr).map((line) => JSON.parse(line).type);
  // That the buffer fills, and a pause, may have been told before.
  assertEquals(types.filter((type) => !/_water$|^(paused|resumed)$/.test(type)), ["connected"]);
});

Deno.test({
  name: "connect --durable gives again what a closed standard output did not take",
  ignore: Deno.build.os === "windows",
  async fn() {
    await inDirectory(async (directory) => {
      const lines = "zero\none\n";
      await using server = new TestServer(async (conn) => {
        await delay(300);
        await conn.write(new TextEncoder().encode(lines));
      });
      const rights = [`--allow-net=${server.address}`, "--allow-read", "--allow-write"];
      const args = ["connect", server.address, "--spill", directory, "--durable"];
      await runInShell('"$@" | true', rights, args);
      await using empty = new TestServer(() => {});
      const again = await run(["-A"], ["connect", empty.address, ...args.slice(2)]);
      assertEquals(again.stdout, lines);
    });
  },
});

Deno.test({
  name: "connect exits with 4 when standard output cannot be written",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using server = sends("one\n");
    const child = new Deno.Command("sh", {
      args: [
        ...["-c", 'exec "$@" > /dev/full', "sh", Deno.execPath(), "run", "--quiet", "--no-prompt"],
        `--allow-net=${server.address}`,
        ...[new URL("../../cli.ts", import.meta.url).href, "connect", server.address],
      ],
      stderr: "piped",
    });
    const { code, stderr } = await child.output();
    assertEquals(code, 4);
    assertStringIncludes(
      new TextDecoder().decode(stderr),
      "spillway connect: standard output cannot be written: No space left on device",
    );
  },
});

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test({
    name: `connect ends in order on ${signal}`,
    ignore: Deno.build.os === "windows",
    async fn() {
      await using server = sendsAndStays("one\n");
      const args = ["connect", server.address, "--json"];
      const child = start([`--allow-net=${server.address}`], args);
      const stdout = child.stdout.getReader();
      await readUntil(stdout, "\n");
      child.kill(signal);
      const summary = jsonLines(await new Response(child.stderr).text()).at(-1);
      assertEquals((await child.status).code, code);
      assertEquals([summary.end, summary.exitCode, summary.frames], ["interrupted", code, 1]);
      await stdout.cancel();
    },
  });
}

Deno.test({
  name: "connect takes a unix socket",
  ignore: Deno.build.os === "windows",
  async fn() {
    const directory = await Deno.makeTempDir();
    const path = `${directory}/feed.sock`;
    const listener = Deno.listen({ transport: "unix", path });
    const served = listener.accept().then(async (conn) => {
      await writeAll(conn, utf8.encode("one\n"));
      conn.close();
    });
    const refused = await run([], ["connect", `unix:${path}`]);
    const flags = [`--allow-net=unix:${path}`, `--allow-read=${path}`, `--allow-write=${path}`];
    assertEquals(refused.code, 3);
    assertStringIncludes(refused.stderr, flags.join(" "));
    const { code, stdout } = await run(flags, ["connect", `unix:${path}`]);
    await served;
    listener.close();
    await Deno.remove(directory, { recursive: true });
    assertEquals([code, stdout], [0, "one\n"]);
  },
});

Deno.test("connect names standard output where no handler of the user's is slow", async () => {
  const line = utf8.encode("0123456789abcdef".repeat(64) + "\n");
  const text = new Uint8Array(32 * 1024 * line.length);
  for (let at = 0; at < text.length; at += line.length) text.set(line, at);
  await using server = new TestServer((conn) => writeAll(conn, text));
  const child = start([`--allow-net=${server.address}`], ["connect", server.address]);
  const stderr = child.stderr.getReader();
  const paused = "reading is paused: the buffer is full, what takes the frames is slower";
  await readUntil(stderr, paused);
  await delay(1500);
  const stdout = await new Response(child.stdout).bytes();
  assertEquals(stdout.length, text.length);
  const why = / reading was paused .* because standard output kept the buffer full; if /;
  assertMatch(await readUntil(stderr, "\nframes "), why);
  await stderr.cancel();
  assertEquals((await child.status).code, 0);
});

Deno.test("connect says what may be wrong where a server sends nothing, once", async () => {
  await using server = new TestServer(async (conn) => {
    await conn.read(new Uint8Array(1));
  });
  const args = ["--duration", "11s", "--reconnect", "--idle-timeout", "5100ms"];
  const [plain, json] = await Promise.all([
    server.connect(...args),
    server.connect(...args, "--json"),
  ]);
  const hints = lines(plain.stderr).filter((line) => line.startsWith("nothing has come"));
  assertEquals(hints, [
    "nothing has come for 5.000 s: a server that waits to be asked needs --send, " +
    `one that speaks TLS needs tls://${server.address}`,
  ]);
  const types = jsonLines(json.stderr).map(({ type }) => type);
  assertEquals(types.slice(0, 3), ["connected", "silent", "disconnected"]);
  // The second connection was silent for as long.
  assertEquals(types.filter((type) => type === "silent").length, 1);
  assert(types.filter((type) => type === "connected").length > 2);
});
