import { assertEquals, assertStringIncludes } from "@std/assert";
import { run } from "./spillway.ts";

Deno.test("flags that are given as they do not take it are refused, and not made something of", async () => {
  const cases: [string[], string][] = [
    [["--reconnect=no"], "--reconnect takes no value, got no: say --reconnect, or leave it out"],
    [
      ["--reconnect", "false"],
      "--reconnect takes no value, got false: say --reconnect, or " +
      "leave it out",
    ],
    [["--count=0"], "--count takes no value, got 0: say --count, or leave it out"],
    [["--limit", "1", "--limit", "2"], "--limit is given twice, it takes one value"],
    [["--limit=1", "--count", "--limit", "1"], "--limit is given twice, it takes one value"],
    [["--limit", "-1"], "--limit needs a value, one that begins with - is given as --limit=-1"],
    [["--limit=-1"], "--limit must be a whole number from 1 on, got -1"],
    [
      ["--duration", "-5s"],
      "--duration needs a value, one that begins with - is given as --duration=-5s",
    ],
    [
      ["--length-adjustment", "-4"],
      "--length-adjustment needs a value, one that begins with - is given as " +
      "--length-adjustment=-4",
    ],
  ];
  for (const [flags, message] of cases) {
    const { code, stderr } = await run([], ["connect", "localhost:9", ...flags]);
    assertEquals([code, stderr], [2, `spillway connect: ${message}\n`]);
  }
});

Deno.test("flags that may be repeated are, and a value may look like a flag", async () => {
  const args = ["--send", "a", "--send=--limit=1", "--column", "a:u8@0", "--column", "b:u8@1"];
  const { code, stderr } = await run([], ["connect", "localhost:9", "--json", ...args]);
  assertEquals([code, JSON.parse(stderr.trim().split("\n").at(-1)!).type], [3, "disconnected"]);
});

Deno.test(
  "a directory that can't be made says so, and not which system call failed",
  { ignore: Deno.build.os !== "linux" },
  async () => {
    for (
      const args of [["connect", "h:1", "--spill", "/proc/nix"], [
        "record",
        "h:1",
        "--dir",
        "/proc/nix",
      ]]
    ) {
      const { code, stderr } = await run(["-A"], args);
      const sentence = "cannot lock /proc/nix: it is not there and can't be made, check its path";
      assertEquals([code, stderr], [1, `spillway ${args[0]}: ${sentence}\n`]);
    }
  },
);

Deno.test("connect --help says what --json, --duration and exit code 0 do not promise", async () => {
  const { stdout } = await run([], ["connect", "--help"]);
  const text = stdout.replace(/\s+/g, " ");
  for (
    const sentence of [
      "What handlers print themselves stays as it is",
      "Neither of these, nor Ctrl-C, ends a handler of this process that computes without end",
      "the server closed, but not inside a frame",
      "a terminal that closes) ends in order",
    ]
  ) assertStringIncludes(text, sentence);
});

Deno.test("with --json, every command tells an error in JSON", async () => {
  const cases: [string[], RegExp, number][] = [
    [["spill", "verify", "nix"], /nix/, 1],
    [["replay", "nix"], /nix/, 1],
    [["doctor", "nix"], /nix/, 4],
    [["doctor", "--live", "127.0.0.1:1", "-"], /standard input/, 1],
    [["push", "--bogus"], /--bogus/, 2],
    [["record", "h:1"], /--dir/, 2],
    [["connect"], /target/, 2],
  ];
  for (const [args, expected, exitCode] of cases) {
    const { code, stderr } = await run(["--allow-read"], [...args, "--json"]);
    const { type, message } = JSON.parse(stderr);
    assertEquals([args, code, type, expected.test(message)], [args, exitCode, "error", true]);
  }
});
