/** Standard streams on a disk that is full. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { OWN_SOURCE, RUN_DENO, WORKERS } from "./handler_runs.ts";
import { type Finished, runInShell, sends } from "./spillway.ts";

const linux = { ignore: Deno.build.os !== "linux" };
const SENTENCE = "standard output cannot be written: No space left on device (os error 28)\n";
const SIX = "1\n2\n3\n4\n5\n6\n";
const PRINTS = `export default { batch(batch) {
  console.error(batch.count);
  console.warn(batch.count);
  console.log(batch.count);
} };`;

/** Runs to the end with one stream on a full disk. */
function onFullDisk(stream: 1 | 2, permissions: string[], args: string[]): Promise<Finished> {
  return runInShell(`exec "$@" ${stream}>/dev/full`, permissions, args);
}

Deno.test("a feed goes on when the log's disk is full", linux, async () => {
  await using server = sends(SIX);
  const net = [`--allow-net=${server.address}`];
  for (const json of [[], ["--json"]]) {
    const args = ["connect", server.address, "--limit", "5", ...json];
    const { code, stdout } = await onFullDisk(2, net, args);
    assertEquals([code, stdout.trim().split("\n").length], [0, 5]);
  }
});

Deno.test(
  "a handler's words into a full log do not end its feed, wherever it runs",
  linux,
  async () => {
    await using server = sends(SIX);
    const directory = await Deno.makeTempDir();
    try {
      const file = `${directory}/prints.ts`;
      await Deno.writeTextFile(file, PRINTS);
      const rights = [`--allow-net=${server.address}`, `--allow-read=${directory},${OWN_SOURCE}`];
      for (const isolation of ["inline", "worker", "process"]) {
        const { code } = await onFullDisk(
          2,
          [...rights, RUN_DENO, WORKERS[0]],
          ["connect", server.address, "--handler", file, "--isolation", isolation],
        );
        assertEquals([isolation, code], [isolation, 0]);
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
);

Deno.test("record and replay go on when the log's disk is full", linux, async () => {
  await using server = sends(SIX);
  const directory = await Deno.makeTempDir();
  try {
    const rights = [
      ...[`--allow-net=${server.address}`, `--allow-read=${directory}`],
      `--allow-write=${directory}`,
    ];
    const recorded = await onFullDisk(2, rights, ["record", server.address, "--dir", directory]);
    assertEquals(recorded.code, 0);
    const replayed = await onFullDisk(2, rights, ["replay", directory]);
    assertEquals([replayed.code, replayed.stdout], [0, SIX]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("what can't be put out is a sentence and exit code 4", linux, async () => {
  await using server = sends(SIX);
  const parent = await Deno.makeTempDir();
  const [directory, tables] = [`${parent}/recording`, `${parent}/tables.ts`];
  await Deno.writeTextFile(tables, "export default { batch: () => console.table([1]) };");
  try {
    const rights = [
      ...["--allow-net=127.0.0.1", `--allow-read=${parent}`, `--allow-write=${parent}`],
    ];
    for (
      const args of [
        ["record", server.address, "--dir", directory],
        ["connect", server.address, "--count"],
        ["connect", server.address, "--handler", tables],
        ["replay", directory, "--count"],
        ["replay", directory, "--serve"],
        ["spill", "verify", directory],
        ["push", "--clients", "1"],
        ["connect", "--help"],
        ["--help"],
        ["--version"],
      ]
    ) {
      const { code, stderr } = await onFullDisk(1, rights, args);
      assertEquals([args, code], [args, 4]);
      assertMatch(stderr, /(^|\n)spillway[ a-z]*: /);
      assertStringIncludes(stderr, SENTENCE);
      assert(!/^ +at /m.test(stderr), stderr);
    }
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
});

Deno.test("with --json, that there is no room for the count is told in JSON", linux, async () => {
  await using server = sends(SIX);
  const net = [`--allow-net=${server.address}`];
  const args = ["connect", server.address, "--count", "--json"];
  const { code, stderr } = await onFullDisk(1, net, args);
  const { type, message } = JSON.parse(stderr.trim().split("\n").at(-1)!);
  assertEquals([code, type, `${message}\n`], [4, "error", SENTENCE]);
});
