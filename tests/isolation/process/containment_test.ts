/** Handlers that hang, crash, eat memory or talk nonsense: the client stops with the reason, or goes on. */
import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { numbered } from "../../client/harness.ts";
import { failureOf, runProcess } from "./harness.ts";

/** Does `code` at frame 500 of 1000. */
function harmful(code: string): string {
  return `
    export default { async batch(batch, { write }) {
      for (let i = 0; i < batch.count; i++) {
        const number = batch.u32(i, 0);
        if (number === 500) { ${code} }
        if (number === 999) await write("!");
      }
    } };`;
}

const STREAM = numbered(1000);
const FILL = "Array.from({ length: 100 }, () => 0)";

const harms: [what: string, code: string, failure: string, says: RegExp][] = [
  ["loops for ever", "for (;;);", "timeout", /did not handle \d+ frames within 500 ms/],
  ["waits for ever", "await new Promise(() => {});", "timeout", /did not handle/],
  ["stops itself", 'Deno.kill(Deno.pid, "SIGSTOP");', "timeout", /did not handle/],
  ["exits", "Deno.exit(7);", "exit", /ended with code 7/],
  ["kills itself", 'Deno.kill(Deno.pid, "SIGKILL");', "exit", /ended by SIGKILL/],
  [
    "throws where nobody catches it",
    'setTimeout(() => { throw new Error("late") }); await new Promise(() => {});',
    "exit",
    /ended with code 1/,
  ],
  [
    "takes memory",
    // Slow enough for the one who watches on a busy machine.
    `const all = [], cell = new Int32Array(new SharedArrayBuffer(4));
     for (;;) { all.push(new Uint8Array(4e6).fill(1)); Atomics.wait(cell, 0, 0, 5); }`,
    "memory",
    /took \d+ bytes of memory, more than the 134217728 allowed/,
  ],
  [
    "takes memory in workers",
    `const code = "const all = []; for (;;) all.push(new Uint8Array(1e6).fill(1))";
     for (let i = 0; i < 2; i++) new Worker("data:text/javascript," + code, { type: "module" });
     await new Promise(() => {});`,
    "memory",
    /took \d+ bytes/,
  ],
  [
    "writes to standard output by a way that was left open",
    'new Worker("data:text/javascript,console.log(\'hello there\')", { type: "module" }); await new Promise(() => {});',
    "protocol",
    /expected a message, got "hello th" \(standard output belongs to Spillway/,
  ],
  [
    "writes to Node's standard output",
    'const { stdout } = await import("node:process"); stdout.write("hello there\\n"); await new Promise(() => {});',
    "protocol",
    /expected a message, got "hello th" \(standard output belongs to Spillway/,
  ],
  [
    "floods standard output",
    'new Worker("data:text/javascript,for (;;) Deno.stdout.writeSync(new Uint8Array(4096))", { type: "module" }); await new Promise(() => {});',
    "protocol",
    /expected a message/,
  ],
  ...forged([
    ["answers before it is asked", [3, 0, 3, 0, 3, 0], /expected no answer, got one of kind 3/],
    ["answers what it was not asked", [2, 0], /expected an answer of kind 3, got one of kind 2/],
    ["sends a message too long", [7, 0xffffffff], /expected 8 to 4088 bytes in .* got 4294967295/],
    ["sends a message too short", [4, 4, 0], /expected 8 to 8 bytes in .* kind 4, got 4/],
    ["sends an error that is none", [6, 4, 0], /expected an error, got other bytes/],
    [
      "mixes up its writes",
      [7, 12, 1, 0, 65, 7, 12, 2, 0, 65],
      /expected a piece of write 1, got one of 2/,
    ],
  ]),
];

/** Messages of 32-bit words, sent from a worker, whose standard output is the real one. */
function forged(
  messages: [what: string, words: number[], says: RegExp][],
): [what: string, code: string, failure: string, says: RegExp][] {
  return messages.map(([what, words, says]) => {
    const worker = `Deno.stdout.writeSync(new Uint8Array(new Uint32Array([${words}]).buffer))`;
    const code = `new Worker("data:text/javascript,${worker}", { type: "module" });
      await new Promise(() => {});`;
    return [what, code, "protocol", says];
  });
}

for (const [what, code, failure, says] of harms) {
  Deno.test(`a handler that ${what} stops the client, with the reason and the frame's offset`, async () => {
    if (Deno.build.os === "windows" && code.includes("SIG")) {
      return console.log("skipped: Windows has no such signals");
    }
    const quick = failure === "timeout" ? { batchTimeoutMs: 500 } : {};
    const outcome = await runProcess(
      harmful(code),
      { memoryLimitBytes: 128 * 1024 * 1024, ...quick },
      { stream: STREAM },
    );
    const error = failureOf(outcome);
    assertEquals([error.failure, says.test(error.message)], [failure, true], error.message);
    const { offset } = outcome.error as unknown as { offset: number };
    // A false answer may be found out at the batch behind.
    if (failure !== "protocol") assert(offset <= 500 * 8, `offset ${offset}`);
    const { framesDelivered, framesDropped } = outcome.client.stats();
    assertEquals(framesDelivered + framesDropped, 1000);
    assertEquals(outcome.stats.failures, 1);
  });
}

Deno.test("a handler that fills the heap is stopped, one way or the other", async () => {
  const outcome = await runProcess(
    harmful(`const all = []; for (;;) all.push(${FILL})`),
    { memoryLimitBytes: 128 * 1024 * 1024 },
    { stream: STREAM },
  );
  assert(["memory", "exit"].includes(failureOf(outcome).failure));
});

Deno.test("a handler that floods the client with writes does not grow it", async () => {
  const before = Deno.memoryUsage().rss;
  const outcome = await runProcess(
    harmful(`const piece = new Uint8Array(4096); const view = new DataView(piece.buffer);
      view.setUint32(0, 7, true); view.setUint32(4, 4088, true); view.setUint32(12, 0, true);
      const code = "const p = new Uint8Array([" + piece.subarray(0, 16) + "]); const all = new Uint8Array(4096); all.set(p); for (;;) Deno.stdout.writeSync(all)";
      new Worker("data:text/javascript," + code, { type: "module" }); await new Promise(() => {});`),
    {},
    { stream: STREAM },
  );
  const error = failureOf(outcome);
  assertEquals(error.failure, "protocol");
  assertStringIncludes(error.message, "expected at most 2097152 bytes in 2048 writes to wait");
  assert(Deno.memoryUsage().rss - before < 200e6);
});

Deno.test("a handler may write as fast as it is allowed to, for as long as it likes", async () => {
  const { said, error } = await runProcess(`
    export default { async batch(batch, { write }) {
      if (batch.u32(batch.count - 1, 0) < 9) return;
      const chain = async () => { for (let i = 0; i < 10; i++) await write("x") };
      await Promise.all(Array.from({ length: 1024 }, chain));
      const thrown = await Promise.all(Array.from({ length: 1025 }, () => write("x")))
        .catch((error) => error);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await write(thrown + "!");
    } };`);
  assertEquals(error, undefined);
  const refused = "expected at most 1024 writes to wait for the server, but 1024 wait and 1 came";
  assertEquals(said, "x".repeat(10 * 1024 + 1024) + `WriteQueueFullError: ${refused}!`);
});

Deno.test("a handler that loops while it has nothing to do is found out", async () => {
  const outcome = await runProcess(
    `export default { batch(batch) {
      if (batch.u32(batch.count - 1, 0) === 9) setTimeout(() => { for (;;); });
    } };`,
    { batchTimeoutMs: 500 },
    // Ten frames, then silence.
    { connect: { idleTimeoutMs: 4000 } },
  );
  assertStringIncludes(failureOf(outcome).message, "did not give a sign of life within 500 ms");
});

Deno.test("a handler that never comes back from loading is stopped", async () => {
  const outcome = await runProcess("for (;;);", { startTimeoutMs: 1000 });
  assertStringIncludes(failureOf(outcome).message, "did not load its module within 1000 ms");
});

Deno.test("a handler whose close() hangs is ended, and the run rejects", async () => {
  const outcome = await runProcess(
    `export default { batch(batch, { write }) { if (batch.u32(batch.count - 1, 0) === 9) write("!") },
      close: () => new Promise(() => {}) };`,
    { closeTimeoutMs: 500 },
  );
  assertStringIncludes(failureOf(outcome).message, "did not close() within 500 ms");
});

Deno.test("a handler that starts a program of its own and hangs is ended all the same", async () => {
  if (Deno.build.os === "windows") return console.log("skipped: Windows has no sleep");
  const started = performance.now();
  const outcome = await runProcess(
    harmful(
      `new Deno.Command("sleep", { args: ["3"], stdin: "inherit", stdout: "inherit" }).spawn();
      for (;;);`,
    ),
    { batchTimeoutMs: 1000, grants: { run: ["sleep"] } },
    { stream: numbered(1000, 4000) },
  );
  assertEquals(failureOf(outcome).failure, "timeout");
  assertGreater(performance.now() - started, 1000);
});
