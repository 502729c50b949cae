/** `spillway connect`: ends that come while a handler is being started. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { delay, within } from "../client/harness.ts";
import { inDirectory } from "../spill/harness.ts";
import { RUN_DENO, SILENT, WORKERS } from "./handler_runs.ts";
import { sendsAndStays, TestServer } from "./spillway.ts";
import { Watched } from "./watched.ts";

/** Says that it is there, and is never loaded. */
const STUCK = `
  console.error("loading");
  await new Promise((resolve) => setTimeout(resolve, 1e8));
  ${SILENT}`;
/** Far less than a handler of these tests may take to start. */
const AT_ONCE_MS = 20_000;
const RIGHTS: Record<string, string[]> = { inline: [], worker: WORKERS, process: [RUN_DENO] };

/** Runs `spillway connect` with one handler, which is watched and may take long to start. */
async function connecting(
  target: string,
  { directory, isolation, source, stopTimeout = "200ms" }:
    & Record<"directory" | "isolation" | "source", string>
    & { stopTimeout?: string },
): Promise<Watched> {
  const config = {
    target,
    stopTimeout,
    watch: true,
    handlers: {
      h: { file: "h.ts", isolation, ...isolation !== "inline" && { startTimeout: "10m" } },
    },
  };
  await Deno.writeTextFile(`${directory}/h.ts`, source);
  await Deno.writeTextFile(`${directory}/spillway.json`, JSON.stringify(config));
  return new Watched(
    [`--allow-net=${target}`, `--allow-read=${directory}`, ...RIGHTS[isolation]],
    ["connect", "--config", `${directory}/spillway.json`],
  );
}

for (const isolation of ["inline", "worker", "process"]) {
  Deno.test({
    name:
      `connect waits for a module that loads when it is interrupted no longer than it is told to (${isolation})`,
    ignore: Deno.build.os === "windows",
    async fn() {
      await using server = sendsAndStays("1\n");
      await inDirectory(async (directory) => {
        await using cli = await connecting(server.address, { directory, isolation, source: STUCK });
        await cli.says("loading");
        cli.child.kill("SIGINT");
        const code = await within(cli.ended(), "end of the command", AT_ONCE_MS);
        assertEquals(code, 130, cli.said);
        assertStringIncludes(cli.said, "a handler was not open within 0.200 s of the interrupt");
        assert(!cli.said.includes("connected"), cli.said);
      });
    },
  });
}

for (const isolation of ["inline", "worker", "process"]) {
  Deno.test(`connect --watch ends with its server, though a module is being loaded anew (${isolation})`, async () => {
    const ending = Promise.withResolvers<void>();
    await using server = new TestServer(() => ending.promise);
    await inDirectory(async (directory) => {
      await using cli = await connecting(server.address, { directory, isolation, source: SILENT });
      await cli.says("connected");
      if (isolation !== "inline") await cli.says("is ready");
      await Deno.writeTextFile(`${directory}/h.ts`, STUCK);
      await cli.says("loading");
      ending.resolve();
      const code = await within(cli.ended(), "end of the command", AT_ONCE_MS);
      assertEquals(code, 0, cli.said);
      assert(!cli.said.includes("failed"), cli.said);
    });
  });
}

Deno.test({
  name: "a terminal that closes leaves a handler's process the time to finish",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using server = sendsAndStays("1\n");
    await inDirectory(async (directory) => {
      const source = `export default {
        open() { console.error("pid", Deno.pid); },
        batch() { return new Promise((resolve) => setTimeout(resolve, 1000)); },
        close() { console.error("finished"); },
      };`;
      await using cli = await connecting(server.address, {
        ...{ directory, isolation: "process", source },
        stopTimeout: "20s",
      });
      await cli.says("is ready");
      // A terminal tells all that run in it, and a shell has told its job before.
      Deno.kill(Number(/pid (\d+)/.exec(cli.said)?.[1]), "SIGHUP");
      cli.child.kill("SIGHUP");
      await delay(20);
      cli.child.kill("SIGHUP");
      assertEquals(await within(cli.ended(), "end of the command", AT_ONCE_MS), 129, cli.said);
      assertStringIncludes(cli.said, "finished");
    });
  },
});

Deno.test("connect --duration ends with a handler that never settles, and says so", async () => {
  await using server = sendsAndStays("1\n");
  await inDirectory(async (directory) => {
    await Deno.writeTextFile(
      `${directory}/h.ts`,
      "export default { batch: () => new Promise(() => {}) };",
    );
    const flags = ["--handler", `${directory}/h.ts`, "--duration=300ms", "--stop-timeout=200ms"];
    await using cli = new Watched(
      [`--allow-net=${server.address}`, `--allow-read=${directory}`],
      ["connect", server.address, ...flags],
    );
    assertEquals(await within(cli.ended(), "end of the command", AT_ONCE_MS), 4, cli.said);
    assertStringIncludes(
      cli.said,
      "a handler was not done within 0.200 s of the end of --duration",
    );
  });
});

/** What is said of a run with one handler that does not do its part. */
async function handled(
  server: TestServer,
  isolation: string,
  source: string,
  flags: string[],
): Promise<string> {
  return await inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/h.ts`, source);
    await using cli = new Watched(
      [`--allow-net=${server.address}`, `--allow-read=${directory}`, ...RIGHTS[isolation]],
      [
        ...["connect", server.address, "--handler", `${directory}/h.ts`],
        ...["--isolation", isolation, ...flags],
      ],
    );
    assertEquals(await within(cli.ended(), "end of the command", AT_ONCE_MS), 4, cli.said);
    return cli.said;
  });
}

for (const isolation of ["inline", "worker", "process"]) {
  Deno.test(`connect --duration says which call of a handler never settles (${isolation})`, async () => {
    const cases = {
      open: isolation === "worker"
        ? "a handler was not open"
        : "open() of the handler was not done",
      close: isolation === "worker"
        ? "what closes, a handler or a directory, was not done"
        : "close() of the handler was not done",
    };
    for (const [call, sentence] of Object.entries(cases)) {
      await using server = sendsAndStays("1\n");
      const source = `export default { batch() {}, ${call}: () => new Promise(() => {}) };`;
      const said = await handled(server, isolation, source, ["--duration=2s", "--stop-timeout=1s"]);
      assertStringIncludes(said, `${sentence} within 1.000 s of the end of --duration\n`);
      assertMatch(said, /^end +--duration reached$/m);
    }
  });
}

Deno.test("connect sums up what came, though open() of a handler threw", async () => {
  await using server = sendsAndStays("1\n");
  const source = `export default { batch() {}, open() { throw new Error("out of ink"); } };`;
  for (const isolation of ["inline", "worker", "process"]) {
    const said = await handled(server, isolation, source, []);
    assertStringIncludes(said, "out of ink");
    assertMatch(said, /^end +stopped by an error$/m);
  }
});

Deno.test("connect says that --limit was reached, though a handler's close() lasts beyond --duration", async () => {
  await using server = sendsAndStays("1\n");
  const source = "export default { batch() {}, close: () => new Promise(() => {}) };";
  for (const isolation of ["inline", "worker"]) {
    const flags = ["--limit=1", "--duration=2s", "--stop-timeout=1s"];
    assertMatch(await handled(server, isolation, source, flags), /^end +--limit reached$/m);
  }
});
