/** What is wrong with a config file is told at once, each with its place. */
import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { processHandler } from "../../isolation.ts";
import { OptionError } from "../../mod.ts";
import { plan, problems } from "./config_files.ts";

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

Deno.test("configPlan() tells everything that contradicts itself", async () => {
  const found = await problems(`{
    "target": "h:1", "tls": { "cert": "pem" }, "whenFull": "block", "spill": "x", "partition": "all",
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

Deno.test("configPlan() tells in one round what is wrong by itself, together and on the disk", async () => {
  const found = await problems(`{
    "target": "localhost",
    "framing": { "type": "line", "maxFrameLenght": 5, "onInvalid": "skipp" },
    "tls": { "ca": "no.pem" },
    "target": "localhos",
    "columns": [{ "name": "n", "type": "f64", "at": 0 }, { "name": "n", "type": "u8", "at": 0 }],
    "partition": { "key": "n" },
    "reconnect": { "initialDelay": "100ms", "maxDelay": "50ms" },
    "stopTimeout": "600h",
    "whenFull": "block", "spill": { "directory": "x", "maxSise": 1, "syncEvery": "1s" },
    "handlers": {
      "a": { "file": "a.ts", "memoryLimit": "1GiB", "deadLetter": "d", "file": "none.ts" },
      "b": { "file": "b.ts", "isolation": "proces", "memoryLimit": "1GiB", "bugdet": 1 },
      "c": { "file": "no.ts", "isolation": "process", "memoryLimit": "1MiB",
             "spill": { "directory": "x", "maxSize": "1MiB" }, "highWater": 5, "lowWater": 6 },
    },
  }`);
  const expected = [
    "target: expected once, is there again (line 5, column 5)",
    "handlers.a.file: expected once, is there again (line 12, column 72)",
    'target: expected a target as localhost:9000, tls://feed.example:9443 or unix:/run/feed.sock, got "localhos"',
    'framing.type: expected "length_field", ',
    'framing.onInvalid: expected "close", "skip", got "skipp", did you mean "skip"?',
    "framing.maxFrameLenght: expected no such key, did you mean maxFrameLength?",
    "spill.maxSise: expected no such key, did you mean maxSize?",
    'stopTimeout: expected a time as 250ms, 1.5s or 2m, from 1ms to 2147483647ms, got "600h"',
    'handlers.b.isolation: expected "inline", "worker", "process", got "proces", did you mean "process"?',
    "handlers.b.bugdet: expected no such key, did you mean budget?",
    'handlers.c.memoryLimit: expected a number of bytes as 65536, 64KiB or 8MB, from 96MiB, got "1MiB"',
    'columns[1].name: expected a name no other column has, got "n"',
    "partition.key: expected a column of integers, n is f64",
    "reconnect.maxDelay: expected at least 100ms, got 50ms",
    "whenFull: expected this or spill, got both",
    "handlers.c.spill.maxSize: expected at least handlers.c.spill.segmentSize, 67108864 bytes, got 1048576",
    "handlers.c.lowWater: expected less than handlers.c.highWater, 5 bytes, got 6",
    "handlers.a.memoryLimit needs handlers.a.isolation process",
    "handlers.a.deadLetter needs handlers.a.onFailure skip",
    "tls.ca: expected a file, there is no /",
    "handlers.a.file: expected a file, there is no /",
    "handlers.c.file: expected a file, there is no /",
  ];
  for (const [i, problem] of found.entries()) assertStringIncludes(problem, expected[i] ?? "none");
  assertEquals(found.length, expected.length, found.join("\n"));
});

Deno.test("configPlan() takes a memoryLimit from where processHandler() does", async () => {
  const limited = (memoryLimit: number) =>
    JSON.stringify({
      target: "h:1",
      handlers: { a: { file: "a.ts", isolation: "process", memoryLimit } },
    });
  const smallest = 96 * 2 ** 20;
  assertEquals((await plan(limited(smallest))).handlers[0].memoryLimitBytes, smallest);
  processHandler(import.meta.url, { memoryLimitBytes: smallest });
  assertEquals((await problems(limited(smallest - 1))).length, 1);
  assertThrows(
    () => processHandler(import.meta.url, { memoryLimitBytes: smallest - 1 }),
    OptionError,
  );
});

Deno.test("configPlan() leaves out what only follows from another mistake", async () => {
  // Each would be told of a default that was not meant, or of what could not be read.
  assertEquals(
    (await problems(`{
      "target": "tls://h:1", "tls": { "cert": "pem", "keyy": "pem" },
      "columns": [{ "name": "n", "type": "u9", "at": 0 }], "partition": { "key": "n" },
      "handlers": { "a": { "file": "a.ts", "isolatoin": "process", "memoryLimit": "1GiB" }, "b": 1 },
    }`)).map((line) => line.split(":")[0]),
    ["columns[0].type", "tls.keyy", "handlers.a.isolatoin", "handlers.b"],
  );
});

Deno.test("configPlan() takes keys that are alike in different objects, and in text and comments", async () => {
  const { options } = await plan(`{
    "target": "h:1", // "target": "h:2",
    "hello": "{\\"target\\": 1, \\"hello\\": [",
    /* "hello": */ "respond": [{ "match": "a", "send": "b" }, { "match": "c", "send": "d" }],
  }`);
  assertEquals(options.hello, '{"target": 1, "hello": [');
});

Deno.test("configPlan() says where a file is no JSON, and what a file that is none of ours should be", async () => {
  assertEquals(await problems('{\n  "target": "h:1",,\n}'), [
    'Cannot parse JSONC: unexpected token "," in JSONC at position 20 (line 2, column 19)',
  ]);
  const [cut] = await problems('{\n  "target": "h:1",\n  ');
  assertMatch(cut, /end of JSONC.* \(line 3, column 3\)$/);
  assertEquals(await problems("[]"), ["expected an object, got []"]);
  assertEquals(await problems(`{ "target": "h:1", "handlers": {} }`), [
    "handlers: expected at least one handler, got none",
  ]);
});
