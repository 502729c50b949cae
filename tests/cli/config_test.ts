/** `spillway connect --config FILE`. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { readConfig } from "../../cli/config/read.ts";
import { UsageError } from "../../cli/usage.ts";
import { inDirectory } from "../spill/harness.ts";
import { OWN_FILE, PEM, plan, problems } from "./config_files.ts";
import { run, sends } from "./spillway.ts";

Deno.test("configPlan() with a target only leaves every default to connect()", async () => {
  const { options, configFile: _, ...rest } = await plan(`{ "target": "localhost:9000" }`);
  assertEquals(options, { framing: { type: "lines" }, columns: [] });
  assertEquals(rest, {
    command: "connect",
    target: "localhost:9000",
    name: "localhost:9000",
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
        "file": ${JSON.stringify(OWN_FILE)}, "isolation": "process",
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
    tls: { caCerts: [PEM], cert: PEM, key: PEM, alpnProtocols: ["a"], serverName: "b" },
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
    file: OWN_FILE,
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
    await Deno.writeTextFile(
      file,
      JSON.stringify({ target: "h", handlers: { a: { file: "/a.ts" }, b: { file: "b.ts" } } }),
    );
    const unseen = await run([`--allow-read=${directory}`], ["connect", "--config", file]);
    assertEquals(unseen.code, 2);
    assertStringIncludes(
      unseen.stderr,
      `handlers.b.file: expected a file, there is no ${directory}/b.ts`,
    );
    assertStringIncludes(
      unseen.stderr,
      "handlers.a.file: the file needs read access to /a.ts, run again with --allow-read=/a.ts",
    );
    await Deno.writeTextFile(file, `{ "target": "h:1", "buffer": "1KiB" }`);
    const small = await run([`--allow-read=${directory}`], ["connect", "--config", file]);
    assertEquals(small.code, 2);
    assert(!small.stderr.includes("--buffer"), "no flag has said it");
    const unread = await run([], ["connect", "--config", file]);
    assertEquals(unread.code, 3);
    assertStringIncludes(unread.stderr, `--allow-read=${file}`);
  });
});
