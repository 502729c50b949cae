/** What is said of handlers that failed, and of those that threw. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { FAILING, feed, RUN_DENO, SILENT, WORKERS } from "./handler_runs.ts";
import { readUntil, run, sends, sendsAndStays, start } from "./spillway.ts";

async function inTemp(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a handler file that is not there is a wrong command line, wherever it would run", () =>
  inTemp(async (directory) => {
    await using server = sends("a\n");
    const file = `${directory}/nix.ts`;
    const sentence = `spillway connect: there is no handler file ${file}\n`;
    for (const isolation of ["inline", "worker", "process"]) {
      const args = ["--handler", file, "--isolation", isolation];
      const rights = [`--allow-net=${server.address}`, `--allow-read=${directory}`];
      const { code, stderr } = await run(rights, ["connect", server.address, ...args]);
      assertEquals([isolation, code, stderr], [isolation, 2, sentence]);
      const replayed = await run(rights, ["replay", directory, "--framing", "raw", ...args]);
      assertEquals(replayed.code, 2);
    }
  }));

Deno.test("--deno that is no program is a wrong command line", () =>
  inTemp(async (directory) => {
    await using server = sends("a\n");
    const args = ["--isolation", "process", "--deno", "/nix"];
    const { code, stderr } = await feed(server, directory, { h: SILENT }, ["--allow-run"], ...args);
    assertEquals([code, stderr], [
      2,
      "spillway connect: --deno takes the path of a deno, got /nix: there is none\n",
    ]);
  }));

Deno.test(
  "--deno that is no deno is named, and has not thrown",
  { ignore: Deno.build.os === "windows" },
  () =>
    inTemp(async (directory) => {
      await using server = sends("a\n");
      const args = ["--isolation", "process", "--deno", "/bin/true"];
      const { code, stderr } = await feed(
        server,
        directory,
        { h: SILENT },
        ["--allow-run"],
        ...args,
      );
      assertEquals(code, 4);
      assertStringIncludes(stderr, "the handler failed: handler h: its process ended with code 0");
      assertStringIncludes(stderr, "; /bin/true may be no deno\n");
    }),
);

Deno.test("a handler that hangs has not thrown", () =>
  inTemp(async (directory) => {
    await using server = sends("a\n");
    const { code, stderr } = await feed(
      server,
      directory,
      { h: "export default { batch() { for (;;); } };" },
      [
        RUN_DENO,
      ],
      ...["--isolation", "process", "--batch-timeout", "300ms"],
    );
    assertEquals(code, 4);
    assertStringIncludes(
      stderr,
      "spillway connect: the handler failed in a batch at offset 0 of connection 1: handler h: did not",
    );
  }));

Deno.test("dead letters of another process are no handler that threw", () =>
  inTemp(async (directory) => {
    await using holding = sendsAndStays("a\n");
    await using server = sends("a\n");
    const dead = `${directory}/dead`;
    const rights = [`--allow-write=${dead}`, RUN_DENO, ...WORKERS];
    await Deno.writeTextFile(`${directory}/h.ts`, FAILING);
    const failing = ["--on-failure", "skip", "--dead-letter", dead];
    const read = `--allow-read=${directory}`;
    const holder = start(
      [`--allow-net=${holding.address}`, read, ...rights],
      ["connect", holding.address, "--handler", `${directory}/h.ts`, ...failing],
    );
    const reader = holder.stderr.getReader();
    await readUntil(reader, "given up");
    for (const isolation of ["inline", "worker", "process"]) {
      const { code, stderr } = await feed(
        server,
        directory,
        { h: FAILING },
        rights,
        ...["--isolation", isolation, ...failing],
      );
      assertEquals([isolation, code], [isolation, 1]);
      assertStringIncludes(stderr, "the handler can't keep dead letters: expected to be the only");
      assertEquals(stderr.includes("    at "), false);
    }
    holder.kill("SIGTERM");
    await Promise.all([reader.cancel(), holder.stdout.cancel(), holder.status]);
  }));

Deno.test("a handler that throws is shown with its own lines, and none of Spillway's", () =>
  inTemp(async (directory) => {
    await using server = sends("a\n");
    const source = `function price() { throw new Error("no price"); }
export default { batch() { price(); } };`;
    for (const isolation of ["inline", "worker", "process"]) {
      const { stderr } = await feed(
        server,
        directory,
        { h: source },
        [RUN_DENO, ...WORKERS],
        ...["--isolation", isolation],
      );
      const stack = stderr.split("\n").filter((line) => line.startsWith("    at "));
      assertEquals([isolation, stack.length], [isolation, 2]);
      assertMatch(stack[0], /price .*h\.ts:1:/);
      assertMatch(stack[1], /batch .*h\.ts:2:/);
    }
  }));
