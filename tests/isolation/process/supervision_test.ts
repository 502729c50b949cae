/** What becomes of batches whose handling failed, and of the processes. */
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { processHandler, RemoteError } from "../../../isolation.ts";
import { HandlerError } from "../../../mod.ts";
import { connected, numbered, serveThenWait, until, within } from "../../client/harness.ts";
import { moduleOf, PATIENCE_MS, run } from "../runs.ts";
import { alive, assertGone, failureOf, runProcess } from "./harness.ts";

const FRAMES = 1000;
const STREAM = numbered(FRAMES);
const dir = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(dir, { recursive: true }));
/** Lets a delay be no part of what a test waits for. */
const QUICK = { initialDelayMs: 1, maxDelayMs: 5 };

/** Says every number it has handled whole batches of, and does `harm` with each batch that holds 500. */
function logging(harm: string): string {
  return `
    const encoder = new TextEncoder();
    export default { async batch(batch, { write }) {
      const numbers = Array.from({ length: batch.count }, (_, i) => batch.u32(i, 0));
      if (numbers.includes(500)) { ${harm} }
      await write(numbers.join(" ") + (numbers.includes(${FRAMES - 1}) ? "!" : " "));
    } };`;
}

function numbersIn(said: string): number[] {
  return said.replace("!", "").split(" ").map(Number);
}

/** Harm only the first process does: the one that makes the file. */
function once(harm: string): { source: string; grants: { write: string[] } } {
  const marker = `${dir}/${crypto.randomUUID()}`;
  const source = logging(`
    let first = true;
    try { Deno.writeTextFileSync(${JSON.stringify(marker)}, "", { createNew: true }) }
    catch { first = false }
    if (first) { ${harm} }`);
  return { source, grants: { write: [marker] } };
}

const HARMS: [what: string, harm: string, batchTimeoutMs: number, process: boolean][] = [
  ["throws", 'throw new Error("no")', PATIENCE_MS, false],
  ["exits", "Deno.exit(3)", PATIENCE_MS, true],
  ["hangs", "for (;;);", 2000, true],
];

for (const [what, harm, batchTimeoutMs, dies] of HARMS) {
  Deno.test(`retry: a batch whose handler ${what} once is handled again, nothing is lost or twice`, async () => {
    const { source, grants } = once(harm);
    const { said, error, stats, events } = await runProcess(
      source,
      { grants, onFailure: "retry", batchTimeoutMs, restart: QUICK },
      { stream: STREAM },
    );
    assertEquals(error, undefined);
    assertEquals(numbersIn(said), Array.from({ length: FRAMES }, (_, i) => i));
    assertEquals([stats.retries, stats.starts, stats.failures], dies ? [1, 2, 1] : [1, 1, 0]);
    assertEquals([stats.frames, stats.skippedFrames], [FRAMES, 0]);
    const types = events.map(({ type }) => type);
    const expected = dies ? ["started", "failed", "retrying", "started"] : ["started", "retrying"];
    assertEquals(types, expected);
  });

  Deno.test(`skip: a batch whose handler ${what} is counted, and those behind it are handled`, async () => {
    const { said, error, stats, events } = await runProcess(
      logging(harm),
      { onFailure: "skip", batchTimeoutMs, restart: QUICK },
      { stream: STREAM },
    );
    assertEquals(error, undefined);
    const numbers = numbersIn(said);
    assertEquals([stats.skippedBatches, stats.frames], [1, numbers.length]);
    assertEquals(stats.frames + stats.skippedFrames, FRAMES);
    const skipped = events.find((event) => event.type === "skipped");
    assert(skipped?.type === "skipped");
    // The gap is what was skipped, and where the event says.
    const first = skipped.offset / 8;
    const gap = Array.from({ length: skipped.frames }, (_, i) => first + i);
    assert(gap.includes(500));
    assertEquals(
      numbers,
      Array.from({ length: FRAMES }, (_, i) => i).filter((i) => !gap.includes(i)),
    );
  });
}

Deno.test("retry: attempts are bounded, then the client stops with the last error", async () => {
  const { error, stats } = await runProcess(
    logging('throw new RangeError("never")'),
    { onFailure: "retry", restart: { ...QUICK, maxAttempts: 3 } },
    { stream: STREAM },
  );
  assertInstanceOf(error, HandlerError);
  assertInstanceOf(error.cause, RemoteError);
  assertEquals([error.cause.message, error.cause.remoteName], ["never", "RangeError"]);
  assertStringIncludes(error.cause.remoteStack, "data:text/javascript");
  assertEquals(stats.retries, 3);
});

Deno.test("skip: processes that fail in a row are bounded", async () => {
  const outcome = await runProcess(
    "export default { batch() { Deno.exit(4) } };",
    { onFailure: "skip", restart: { ...QUICK, maxAttempts: 2 } },
    { stream: STREAM },
  );
  assertEquals(failureOf(outcome).exitCode, 4);
  assertEquals([outcome.stats.starts, outcome.stats.skippedBatches], [3, 2]);
  assertStringIncludes(outcome.error!.message, "restart.maxAttempts allows 2 in a row");
});

Deno.test("skip: a batch whose process dies while the client closes is counted and kept all the same", async () => {
  const deadLetter = `${dir}/dead`;
  const { said, error, stats, events } = await runProcess(
    `export default { async batch(batch, { write, signal }) {
      await write("?");
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      Deno.exit(3);
    } };`,
    // A wait for the next attempt would not end within the test's patience.
    {
      onFailure: "skip",
      deadLetter,
      restart: { initialDelayMs: 2 ** 31 - 1, maxDelayMs: 2 ** 31 - 1 },
    },
    { onQuestion: (client) => void client.close() },
  );
  assertEquals([said, error], ["?", undefined]);
  const [skipped] = events.filter((event) => event.type === "skipped");
  assertEquals([stats.starts, stats.skippedBatches], [1, 1]);
  assertEquals([stats.skippedFrames, stats.deadLetterFrames], [skipped.frames, skipped.frames]);
});

Deno.test("stop: a process that fails between two batches stops the client", async () => {
  const outcome = await runProcess(
    `export default { batch(batch, { write }) {
      if (batch.u32(batch.count - 1, 0) === 9) setTimeout(() => Deno.exit(5), 50);
    } };`,
    {},
    { connect: { idleTimeoutMs: 2000 } },
  );
  assertEquals(failureOf(outcome).exitCode, 5);
});

Deno.test("disposing the handler ends a process that hangs, and the run", async () => {
  await using server = serveThenWait(STREAM);
  await using client = await connected(server.target);
  const pids: number[] = [];
  const handler = processHandler(moduleOf("export default { batch() { for (;;); } };"), {
    onEvent: (event) => event.type === "started" && pids.push(event.pid),
    startTimeoutMs: PATIENCE_MS,
    batchTimeoutMs: PATIENCE_MS,
    onFailure: "retry",
  });
  const running = client.run(handler).then(() => undefined, (error: Error) => error);
  await until(() => client.stats().batches > 0, "batch", PATIENCE_MS);
  await handler[Symbol.asyncDispose]();
  assertEquals(pids.length, 1);
  assertGone(pids[0]);
  assertInstanceOf(await within(running, "end of the run"), HandlerError);
});

Deno.test("close() of the client waits for the batch that is out, and ends the process", async () => {
  const { said, error, stats } = await runProcess(
    `export default {
      async batch(batch, { signal, write }) {
        await write("?");
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
      close() { throw new Error("closed in order") },
    };`,
    {},
    { onQuestion: (client) => void client.close() },
  );
  assertEquals([said, (error?.cause as Error).message], ["?", "closed in order"]);
  assertEquals([stats.failures, stats.batches], [0, 1]);
});

Deno.test("open() of a process that started while its client closed sees that by its signal", async () => {
  await using server = serveThenWait(STREAM);
  await using client = await connected(server.target);
  await using handler = processHandler(
    moduleOf(`
      await new Promise((resolve) => setTimeout(resolve, 100));
      export default {
        open({ signal }) { if (!signal.aborted) throw new Error("not told") },
        batch() {},
      };`),
    { startTimeoutMs: PATIENCE_MS },
  );
  const running = client.run(handler);
  void client.close();
  await within(running, "end of the run", PATIENCE_MS);
});

Deno.test("a client that is killed takes its handler processes along, also one that spins", async () => {
  if (Deno.build.os === "windows") {
    return console.log("skipped: on Windows a process can't see that its parent has ended");
  }
  const program = fileURLToPath(new URL("programs/abandon.ts", import.meta.url));
  const client = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-run", program],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = client.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (text.split("\n").length < 3) {
    text += (await within(reader.read(), "start of the handlers", PATIENCE_MS)).value ?? "";
  }
  const pids = text.trim().split("\n").map(Number);
  assert(pids.every(alive), text);
  client.kill("SIGKILL");
  await client.status;
  await reader.cancel();
  await until(() => !pids.some(alive), "end of the handler processes", PATIENCE_MS);
});

Deno.test("a handler process that has got a batch leaves nothing of it behind", async () => {
  const program = fileURLToPath(new URL("programs/many_batches.ts", import.meta.url));
  const rights = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-run"];
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...rights, "--v8-flags=--expose-gc", program],
    stdin: "null",
  }).output();
  const said = new TextDecoder().decode(stdout);
  assert(said !== "" && Number(said) < 100, `${said} bytes each`);
});

/** What a program says that has a client with a process handler and these rights. */
async function program(rights: string[], options: string): Promise<string> {
  const source = `
    import { processHandler } from ${JSON.stringify(import.meta.resolve("../../../isolation.ts"))};
    const handler = processHandler("data:text/javascript,", { name: "mine", ${options} });
    const signal = new AbortController().signal;
    await handler.open({ signal, write: () => Promise.resolve(), stats: () => ({}) })
      .catch((error) => console.log(error.name + ": " + error.message));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...rights, moduleOf(source)],
    stdin: "null",
  }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("a missing right to run is a HandlerProcessError that names the flag", async () => {
  const said = await program([], "");
  const flag = `--allow-run=${Deno.execPath()}`;
  assertStringIncludes(said, "HandlerProcessError: handler mine: its process needs run access");
  assertStringIncludes(said, `run again with ${flag}`);
  // And that flag is enough: the module, which exports nothing, is loaded.
  assertStringIncludes(await program([flag], ""), "HandlerModuleError: mine must have export");
});

Deno.test("a deno that is not there is a HandlerProcessError that says so", async () => {
  const said = await program(["--allow-run"], `deno: "${dir}/no-deno"`);
  assertStringIncludes(said, `HandlerProcessError: handler mine: there is no ${dir}/no-deno`);
});

Deno.test("in a compiled program the option deno is required", async () => {
  const { build } = Deno;
  const compiled = { ...build, standalone: true };
  Object.defineProperty(Deno, "build", { value: compiled, configurable: true, writable: true });
  try {
    const handler = processHandler(moduleOf(""), { name: "test" });
    assertStringIncludes(failureOf(await run(handler)).message, "--deno PATH");
  } finally {
    Object.defineProperty(Deno, "build", { value: build, configurable: true, writable: true });
  }
});
