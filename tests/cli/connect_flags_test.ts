import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { connectFlags, type ConnectPlan, planOf } from "../../cli/connect_flags.ts";
import { CONNECT_HELP } from "../../cli/connect_help.ts";
import { parseFlags, UsageError } from "../../cli/usage.ts";

async function plan(...args: string[]): Promise<ConnectPlan> {
  const { flags, positionals } = parseFlags(args, connectFlags);
  return await planOf(flags, positionals);
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("planOf() without flags leaves every default to connect()", async () => {
  const { target, options, ...rest } = await plan("localhost:9000");
  assertEquals(target, "localhost:9000");
  assertEquals(rest, {
    command: "connect",
    name: "localhost:9000",
    output: "text",
    handlers: [],
    jsonLog: false,
    limit: Infinity,
    durationMs: undefined,
    stopTimeoutMs: 8000,
  });
  assertEquals(options, {
    framing: { type: "lines" },
    columns: [],
    tls: undefined,
    hello: undefined,
    respond: [],
    heartbeat: undefined,
    connectTimeoutMs: undefined,
    idleTimeoutMs: undefined,
    reconnect: false,
    bufferBytes: undefined,
    whenFull: undefined,
    handlers: undefined,
    partition: undefined,
    sharedMemory: false,
  });
});

Deno.test("planOf() reads what is sent, with escapes", async () => {
  const { options } = await plan(
    ...["h:1", "--send", "AUTH x\\r\\n", "--send", "SUB a\\x3db\\n"],
    ...["--respond", "PING\\r\\n=PONG\\r\\n", "--respond", "a\\x3d=b=c"],
    ...["--heartbeat", "1.5s:a:b\\n"],
  );
  assertEquals(options.hello, bytes("AUTH x\r\nSUB a=b\n"));
  assertEquals(options.respond, [
    { match: bytes("PING\r\n"), send: bytes("PONG\r\n") },
    { match: bytes("a="), send: bytes("b=c") },
  ]);
  assertEquals(options.heartbeat, { everyMs: 1500, bytes: bytes("a:b\n") });
});

Deno.test("planOf() reads columns", async () => {
  const { options, output } = await plan(
    ...["h:1", "--json", "--column", "price:u32@0", "--column", "size:f64@12:little"],
  );
  assertEquals(output, "json");
  assertEquals(options.columns, [
    { name: "price", type: "u32", at: 0, byteOrder: "big" },
    { name: "size", type: "f64", at: 12, byteOrder: "little" },
  ]);
});

Deno.test("planOf() reads times, numbers and reconnecting", async () => {
  const { options, limit, durationMs } = await plan(
    ...["h:1", "--connect-timeout", "2s", "--idle-timeout", "250ms", "--buffer", "1MiB"],
    ...["--reconnect", "--max-attempts", "3", "--limit", "7", "--duration", "1m"],
  );
  assertEquals([limit, durationMs], [7, 60_000]);
  assertEquals([options.connectTimeoutMs, options.idleTimeoutMs, options.bufferBytes], [
    2000,
    250,
    1048576,
  ]);
  assertEquals(options.reconnect, { maxAttempts: 3 });
});

Deno.test("planOf() reads the files that flags name", async () => {
  const directory = await Deno.makeTempDir();
  const file = (name: string): string => `${directory}/${name}`;
  const pem = (kind: string): string => `-----BEGIN ${kind}-----\n`;
  const kinds = { ca: "CERTIFICATE", cert: "CERTIFICATE", key: "EC PRIVATE KEY" };
  for (const [name, kind] of Object.entries(kinds)) {
    await Deno.writeTextFile(file(name), pem(kind));
  }
  const { options } = await plan(
    ...["tls://h:1", "--ca", file("ca"), "--cert", file("cert"), "--key", file("key")],
    ...["--alpn", "a", "--alpn", "b", "--server-name", "other", "--send-file", file("key")],
  );
  const { message } = await assertRejects(() => plan("tls://h:1", "--ca", file("key")), UsageError);
  assertStringIncludes(message, "--ca must be a PEM file with a certificate");
  await Deno.remove(directory, { recursive: true });
  assertEquals(options.tls, {
    caCerts: [pem("CERTIFICATE")],
    cert: pem("CERTIFICATE"),
    key: pem("EC PRIVATE KEY"),
    alpnProtocols: ["a", "b"],
    serverName: "other",
  });
  assertEquals(options.hello, bytes(pem("EC PRIVATE KEY")));
});

Deno.test("planOf() lets --json go with another output", async () => {
  for (const output of ["raw", "hex", "count"] as const) {
    const made = await plan("h:1", "--json", `--${output}`);
    assertEquals([made.output, made.jsonLog], [output, true]);
  }
  const handled = await plan("h:1", "--handler", "h.ts", "--column", "a:u8@0");
  assertEquals([handled.output, handled.handlers[0].file, handled.jsonLog], [
    "handler",
    "h.ts",
    false,
  ]);
});

Deno.test("planOf() explains what cannot be meant", async () => {
  const cases: [string[], string][] = [
    [[], "connect needs a target as localhost:9000"],
    [["a:1", "b:2"], "connect takes one target, got a:1 and b:2"],
    [["h:1", "--raw", "--hex"], "--raw and --hex exclude each other"],
    [["h:1", "--count", "--handler", "x"], "--count and --handler exclude each other"],
    [["h:1", "--column", "a:u8@0"], "--column needs --json or --handler"],
    [["h:1", "--json", "--column", "a@0"], "--column must be NAME:TYPE@OFFSET"],
    [["h:1", "--send", "a", "--send-file", "b"], "--send and --send-file exclude each other"],
    [["h:1", "--send", "\\q"], "--send knows"],
    [["h:1", "--send", ""], "--send needs a value"],
    [["h:1", "--send-file", "no/such/file"], "--send-file cannot be read"],
    [["h:1", "--respond", "PING"], "--respond must be MATCH=SEND, got PING"],
    [["h:1", "--heartbeat", "PING"], "--heartbeat must be TIME:TEXT, got PING"],
    [["h:1", "--heartbeat", "soon:PING"], "--heartbeat must be a time"],
    [["h:1", "--max-attempts", "3"], "--max-attempts needs --reconnect"],
    [["h:1", "--alpn", "a"], "--alpn needs a target that begins with tls://"],
    [["h:1", "--ca", "a"], "--ca needs a target that begins with tls://"],
    [["tls://h:1", "--cert", "a"], "--cert and --key go together"],
    [["h:1", "--limit", "0"], "--limit must be a whole number from 1"],
    [["h:1", "--duration", "5"], "--duration must be a time"],
    [["h:1", "--recconect"], "Unknown flag --recconect, did you mean --reconnect?"],
    [
      ["h:1", "--recconect", "--bogus=1", "--bogus=1"],
      "Unknown flags --recconect (did you mean --reconnect?), --bogus=1: --help lists",
    ],
    [["h:1", "--bogus", "--bogus"], "Unknown flag --bogus, --help lists"],
  ];
  for (const [args, message] of cases) {
    await assertRejects(() => plan(...args), UsageError, message);
  }
});

Deno.test("CONNECT_HELP names every flag", () => {
  const missing = [...connectFlags.string, ...connectFlags.boolean]
    .filter((name) => name !== "help" && !new RegExp(`--${name}\\b`).test(CONNECT_HELP));
  assertEquals(missing, []);
});
