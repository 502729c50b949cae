/** `spillway connect --config FILE`. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { configPlan } from "../../cli/config/plan.ts";
import { ConfigError, readConfig } from "../../cli/config/read.ts";
import { connectFlags, type ConnectPlan } from "../../cli/connect_flags.ts";
import { parseFlags, UsageError } from "../../cli/usage.ts";
import { inDirectory } from "../spill/harness.ts";
import { run, sends } from "./spillway.ts";

/** The plan of a file with this text, and of what stands beside it. */
async function plan(text: string, ...args: string[]): Promise<ConnectPlan> {
  let made: ConnectPlan | undefined;
  await inDirectory(async (directory) => {
    const file = `${directory}/spillway.jsonc`;
    await Deno.writeTextFile(file, text);
    await Deno.writeTextFile(`${directory}/pem`, "PEM");
    const { flags, positionals } = parseFlags(["--config", file, ...args], connectFlags);
    made = await configPlan(file, flags, positionals);
  });
  return made!;
}

/** Every problem of a file. */
async function problems(text: string): Promise<readonly string[]> {
  const error = await assertRejects(() => plan(text), ConfigError);
  return (error as ConfigError).problems;
}

Deno.test("configPlan() with a target only leaves every default to connect()", async () => {
  const { options, ...rest } = await plan(`{ "target": "localhost:9000" }`);
  assertEquals(options, { framing: { type: "lines" }, columns: [] });
  assertEquals(rest, {
    command: "connect",
    target: "localhost:9000",
    name: "localhost:9000",
    fromFile: true,
    output: "text",
    handlers: [],
    jsonLog: false,
    limit: Infinity,
    durationMs: undefined,
    stopTimeoutMs: 8000,
  });
});

Deno.test("configPlan() takes everything a file can say", async () => {
  const { options, handlers, output, stopTimeoutMs } = await plan(`{
    // Comments and trailing commas are fine.
    "target": "tls://feed.example:9443",
    "framing": {
      "type": "length_field", "lengthFieldOffset": 2, "lengthFieldLength": 4,
      "lengthAdjustment": -4, "initialBytesToStrip": 4, "byteOrder": "little",
      "maxFrameLength": "1MiB", "onInvalid": "skip",
      "resync": { "magic": "cafe", "checksum": { "type": "crc32c", "byteOrder": "little" } },
    },
    "columns": [{ "name": "price", "type": "f64", "at": 8, "byteOrder": "little" }],
    "tls": { "ca": "pem", "cert": "pem", "key": "pem", "alpn": ["a"], "serverName": "b" },
    "hello": { "hex": "00ff" },
    "respond": [{ "match": "PING\\n", "send": "PONG\\n" }],
    "heartbeat": { "every": "30s", "send": "PING\\n" },
    "connectTimeout": "5s", "idleTimeout": "1m",
    "reconnect": { "initialDelay": "50ms", "maxDelay": "10s", "maxAttempts": 7 },
    "buffer": "8MiB", "whenFull": "drop_oldest", "highWater": "6MiB", "lowWater": "2MiB",
    "partition": "round_robin", "stopTimeout": "2s", "watch": true,
    "handlers": {
      "prices": { "file": "prices.ts" },
      "audit": {
        "file": "/opt/audit.ts", "isolation": "process",
        "grants": { "net": true, "write": ["audit.log"], "env": false },
        "memoryLimit": "256MiB", "startTimeout": "3s", "batchTimeout": "4s", "deno": "/bin/deno",
        "onFailure": "skip", "deadLetter": "/var/dead", "budget": "100ms",
        "watch": false, "options": { "file": "a.log", "depth": 3, "all": true },
        "restart": { "maxAttempts": 9 },
        "spill": { "directory": "/var/spill", "maxSize": "1GiB", "whenFull": "drop_newest" },
        "highWater": "7MiB",
      },
    },
  }`);
  const { handlers: lanes, ...rest } = options;
  assertEquals(rest, {
    framing: {
      type: "length_field",
      lengthFieldOffset: 2,
      lengthFieldLength: 4,
      lengthAdjustment: -4,
      initialBytesToStrip: 4,
      byteOrder: "little",
      maxFrameLength: 2 ** 20,
      onInvalid: "skip",
      resync: {
        magic: Uint8Array.of(0xca, 0xfe),
        checksum: { type: "crc32c", byteOrder: "little" },
      },
    },
    columns: [{ name: "price", type: "f64", at: 8, byteOrder: "little" }],
    tls: { caCerts: ["PEM"], cert: "PEM", key: "PEM", alpnProtocols: ["a"], serverName: "b" },
    hello: Uint8Array.of(0, 255),
    respond: [{ match: "PING\n", send: "PONG\n" }],
    heartbeat: { everyMs: 30_000, bytes: "PING\n" },
    connectTimeoutMs: 5000,
    idleTimeoutMs: 60_000,
    reconnect: { initialDelayMs: 50, maxDelayMs: 10_000, maxAttempts: 7 },
    bufferBytes: 8 * 2 ** 20,
    whenFull: "drop_oldest",
    highWaterBytes: 6 * 2 ** 20,
    lowWaterBytes: 2 * 2 ** 20,
    partition: "round_robin",
  });
  assertEquals([output, stopTimeoutMs], ["handler", 2000]);
  const [prices, audit] = handlers;
  assertEquals([prices.name, prices.isolation, prices.lane], ["prices", "inline", {}]);
  assertEquals(prices.watch, true);
  assert(prices.file.endsWith("/prices.ts") && prices.file.length > 10, prices.file);
  const { lane, configFile, ...own } = audit;
  assertEquals(own, {
    name: "audit",
    named: true,
    file: "/opt/audit.ts",
    isolation: "process",
    grants: { net: true, write: ["audit.log"], env: false },
    memoryLimitBytes: 256 * 2 ** 20,
    startTimeoutMs: 3000,
    batchTimeoutMs: 4000,
    deno: "/bin/deno",
    onFailure: "skip",
    restart: { maxAttempts: 9 },
    deadLetter: "/var/dead",
    budgetMs: 100,
    options: { file: "a.log", depth: 3, all: true },
    watch: false,
  });
  assert(configFile?.endsWith("/spillway.jsonc"));
  assertEquals(lanes?.prices, {});
  assertEquals(lanes?.audit, lane);
  assertEquals([(lane.whenFull as { spill: string }).spill, lane.highWaterBytes], [
    "/var/spill",
    7 * 2 ** 20,
  ]);
});

Deno.test("configPlan() takes every framing there is", async () => {
  const framings = [
    ...["varint_length", "lines", "octet_counting", "netstring", "slip", "cobs"],
    ...["beast", "resp", "nats", "raw"],
  ].map((type) => ({ type }));
  const others = [
    { type: "fixed_length", frameLength: 188 },
    { type: "delimiter", delimiter: "|", keepDelimiter: true },
  ];
  for (const framing of [...framings, ...others]) {
    const { options } = await plan(JSON.stringify({ target: "h:1", framing }));
    assertEquals(options.framing as unknown, framing);
  }
});

Deno.test("configPlan() tells every mistake at once, with its place and what would do", async () => {
  const found = await problems(`{
    "targett": "h:1",
    "framing": { "type": "line" },
    "columns": [{ "name": "a", "type": "u99", "at": -1 }],
    "heartbeat": { "every": 30, "send": "" },
    "buffer": "4 MB",
    "whenFull": "drop_oldst",
    "spill": { "directory": "x", "maxSise": 1 },
    "handlers": {
      "a b": { "file": "x" },
      "store": { "isolation": "proces", "grants": { "net": 1, "read": [""] }, "onFailur": "skip" },
    },
  }`);
  const expected = [
    "target: expected a target as localhost:9000",
    'framing.type: expected "length_field", "varint_length", ',
    'columns[0].type: expected "u8", "i8", "u16", "i16", "u32", "i32", "f32", "u64", "i64", "f64", got "u99"',
    "columns[0].at: expected a whole number from 0 on, got -1",
    "heartbeat.every: expected a time as 250ms, 1.5s or 2m, got 30",
    'heartbeat.send: expected a text, or { "hex": "cafe01" }, got ""',
    'buffer: expected a number of bytes as 65536, 64KiB or 8MB, got "4 MB"',
    'whenFull: expected "block", "drop_oldest", "drop_newest", got "drop_oldst", did you mean "drop_oldest"?',
    "spill.maxSise: expected no such key, did you mean maxSize?",
    "handlers.a b: expected a name of 1 to 64 letters, digits, _ and -",
    "handlers.store.file: expected the path of a module, got nothing",
    'handlers.store.isolation: expected "inline", "worker", "process"',
    "handlers.store.grants.net: expected true, false or a list of texts, got 1",
    'handlers.store.grants.read[0]: expected a text, got ""',
    "handlers.store.onFailur: expected no such key, did you mean onFailure?",
    "targett: expected no such key, did you mean target?",
  ];
  assertEquals(found.length, expected.length, found.join("\n"));
  for (const [i, problem] of found.entries()) assertStringIncludes(problem, expected[i]);
});

Deno.test("configPlan() takes a column as the key to share by, and no other name", async () => {
  const config = (partition: string) =>
    `{
      "target": "h:1", "columns": [{ "name": "symbol", "type": "u32", "at": 4 }],
      "partition": ${partition},
      "handlers": { "a": { "file": "a.ts" }, "b": { "file": "b.ts" } },
    }`;
  const { options } = await plan(config('{ "key": "symbol" }'));
  assertEquals(options.partition, { key: "symbol" });
  assertEquals(await problems(config('{ "key": "symbl" }')), [
    "partition.key: expected the name of one of columns, got symbl",
  ]);
  assertEquals(await problems(config('"round-robin"')), [
    'partition: expected "all", "round_robin" or { "key": column }, got "round-robin"',
  ]);
  assertEquals(await problems(config('{ "kei": "symbol" }')), [
    "partition.key: expected the name of a column, got nothing",
    "partition.kei: expected no such key, did you mean key?",
  ]);
});

Deno.test("configPlan() tells everything that contradicts itself", async () => {
  const found = await problems(`{
    "target": "h:1", "tls": { "cert": "x" }, "whenFull": "block", "spill": "x", "partition": "all",
    "handlers": {
      "store": { "file": "a.ts", "grants": {}, "memoryLimit": "1GiB", "deadLetter": "d" },
    },
  }`);
  assertEquals(found, [
    "tls: expected a target that begins with tls://, got h:1",
    "tls: expected cert and key, got one of them",
    "partition: expected several handlers",
    "whenFull: expected this or spill, got both",
    "handlers.store.grants needs handlers.store.isolation worker or process: inline, a handler may do what this program may",
    "handlers.store.memoryLimit needs handlers.store.isolation process",
    "handlers.store.deadLetter needs handlers.store.onFailure skip: no batch is given up else",
  ]);
  const shared = await problems(`{ "target": "h:1", "handlers": {
    "a": { "file": "a.ts", "onFailure": "skip", "deadLetter": "/d" },
    "b": { "file": "b.ts", "onFailure": "skip", "deadLetter": "/d" },
  } }`);
  assertEquals(shared, ["handlers.b.deadLetter: expected a directory of its own, a has it"]);
  const syncing = await problems(
    `{ "target": "h:1", "spill": { "directory": "x", "syncEvery": "1s" } }`,
  );
  assertEquals(syncing, ["spill.syncEvery needs spill.durable true"]);
});

Deno.test("configPlan() says where a file is no JSON, and what a file that is none of ours should be", async () => {
  assertEquals(await problems('{\n  "target": "h:1",,\n}'), [
    "Unexpected token , in JSONC at position 20 (line 2, column 19)",
  ]);
  assertEquals(await problems("[]"), ["expected an object, got []"]);
  assertEquals(await problems(`{ "target": "h:1", "handlers": {} }`), [
    "handlers: expected at least one handler, got none",
  ]);
});

Deno.test("readConfig() names the file it cannot read", async () => {
  await assertRejects(() => readConfig("no/such.jsonc"), UsageError, "--config cannot be read");
});

Deno.test("configPlan() takes flags of this one run, and no others", async () => {
  const bare = `{ "target": "h:1" }`;
  const { output, jsonLog, limit, durationMs } = await plan(
    bare,
    ...["--json", "--limit", "5", "--duration", "1s"],
  );
  assertEquals([output, jsonLog, limit, durationMs], ["json", true, 5, 1000]);
  const handled = `{ "target": "h:1", "handlers": { "a": { "file": "a.ts" } } }`;
  assertEquals((await plan(handled, "--watch")).handlers.map(({ watch }) => watch), [true]);
  const cases: [string, string[], string][] = [
    [bare, ["h:2"], "h:2 does not go with --config: the file says the target"],
    [bare, ["--buffer", "1MiB"], "--buffer does not go with --config: say it in the file"],
    [bare, ["--handler", "a.ts"], "--handler does not go with --config"],
    [handled, ["--raw"], "--raw does not go with the handlers of "],
    [bare, ["--watch"], "--watch needs handlers in "],
    [`{ "target": "h:1", "watch": true }`, [], "watch: expected handlers"],
    [`{ "target": "h:1", "columns": [] }`, [], "need handlers there, or --json"],
  ];
  for (const [text, args, message] of cases) {
    await assertRejects(() => plan(text, ...args), UsageError, message);
  }
});

Deno.test("connect --config runs handlers with what each was granted, from any directory", async () => {
  await using server = sends("1\n2\n");
  await inDirectory(async (directory) => {
    const log = `${directory}/audit.log`;
    await Deno.writeTextFile(
      `${directory}/audit.ts`,
      `export default { batch(batch) {
         for (const frame of batch) Deno.writeFileSync(${
        JSON.stringify(log)
      }, frame, { append: true });
       } };`,
    );
    await Deno.writeTextFile(
      `${directory}/sum.ts`,
      `let sum = 0;
       export default {
         batch(batch) { for (let i = 0; i < batch.count; i++) sum += Number(batch.text(i)); },
         close() { console.log(sum); },
       };`,
    );
    const file = `${directory}/spillway.jsonc`;
    const config = (write: string[]) =>
      JSON.stringify({
        target: server.address,
        handlers: {
          sum: { file: "sum.ts", spill: "spill" },
          audit: { file: "audit.ts", isolation: "process", grants: { write } },
        },
      });
    const rights = [
      ...[`--allow-net=${server.address}`, `--allow-read=${directory}`],
      ...[`--allow-write=${directory}/spill`, `--allow-run=${Deno.execPath()}`],
    ];
    await Deno.writeTextFile(file, config([log]));
    const done = await run(rights, ["connect", "--config", file]);
    assertEquals([done.code, done.stdout], [0, "3\n"], done.stderr);
    assertEquals(await Deno.readTextFile(log), "12");
    assert((await Deno.stat(`${directory}/spill/sum`)).isDirectory);
    assertStringIncludes(done.stderr, "\naudit       2 frames in ");
    await Deno.writeTextFile(file, config([]));
    const refused = await run(rights, ["connect", "--config", file]);
    assertEquals(refused.code, 3);
    assertStringIncludes(refused.stderr, `add "${log}" to handlers.audit.grants.write in ${file}`);
  });
});

Deno.test("connect --config exits with 2 for a file with mistakes, and with 3 for one it may not read", async () => {
  await inDirectory(async (directory) => {
    const file = `${directory}/spillway.jsonc`;
    await Deno.writeTextFile(file, `{ "buffer": 1, "bufer": 2 }`);
    const wrong = await run([`--allow-read=${directory}`], ["connect", "--config", file]);
    assertEquals([wrong.code, wrong.stdout], [2, ""]);
    assertStringIncludes(wrong.stderr, `spillway connect: ${file} has 2 mistakes:\n  target: `);
    await Deno.writeTextFile(file, `{ "target": "h:1", "buffer": "1KiB" }`);
    const small = await run([`--allow-read=${directory}`], ["connect", "--config", file]);
    assertEquals(small.code, 2);
    assert(!small.stderr.includes("--buffer"), "no flag has said it");
    const unread = await run([], ["connect", "--config", file]);
    assertEquals(unread.code, 3);
    assertStringIncludes(unread.stderr, `--allow-read=${file}`);
  });
});
