/**
 * What code in a worker can't do, and what it can do all the same: the latter is
 * documented in docs/isolation_worker.md and needs a process.
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { fileURLToPath } from "node:url";
import { DisconnectError } from "../../../mod.ts";
import { WorkerProtocolError } from "../../../isolation.ts";
import { within } from "../../client/harness.ts";
import { causeOf, scene } from "./harness.ts";

const REFUSED = [
  "net",
  "fetch",
  "read",
  "readNode",
  "write",
  "tempFile",
  "env",
  "run",
  "runNode",
  "ffi",
  "sys",
  "import",
  "importRemote",
  "killOther",
  "request",
];

const GONE = [
  "kill",
  "addSignalListener",
  "internal",
  "postMessage",
  "close",
  "Worker",
  "BroadcastChannel",
  "caches",
  "prompt",
  "confirm",
];

Deno.test("a handler without grants is refused everything that needs a right", async () => {
  await using it = await scene("escapes");
  it.say("go");
  const lines = await it.heard(REFUSED.length + GONE.length + 1);
  const outcomes = Object.fromEntries(lines.map((line) => line.split(" ")));
  for (const name of REFUSED) {
    assert(
      /^(NotCapable|NotGranted|TypeError|Error)$/.test(outcomes[name]),
      `${name}: ${outcomes[name]}`,
    );
    assert(outcomes[name] !== "done", name);
  }
  for (const name of GONE) assertEquals(outcomes[name], "gone", name);
});

Deno.test("a handler may do what it was granted, and no more", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const [mine, other] = [`${dir}/mine`, `${dir}/other`];
    await using it = await scene("granted", { grants: { write: [mine] } });
    it.say(mine, other);
    assertEquals(await it.heard(2), ["written", "NotCapable"]);
    assertEquals(await Deno.readTextFile(mine), "granted");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a handler is granted nothing that this side may not do itself", async () => {
  await using it = await scene("commands", { grants: { sys: true } });
  const cause = causeOf(await it.ended) as Error;
  assertEquals(cause.name, "NotCapable");
});

Deno.test("a flood of writes ends at the worker's own bound", async () => {
  await using it = await scene("commands");
  it.say("flood 20000", "say on");
  const lines = await it.heard(3);
  assertEquals(lines.at(-1), "on");
  const { bytesWritten } = it.client.stats();
  assert(bytesWritten < 4 * 1024 * 1024, `${bytesWritten} bytes`);
});

Deno.test("a worker that forges answers ends the client with a typed error", async () => {
  await using it = await scene("forger");
  it.say("a", "b");
  const cause = causeOf(await it.ended);
  assertInstanceOf(cause, WorkerProtocolError);
  assert(cause.message.includes("got one to -1"), cause.message);
});

/** Runs the handler `module` on one line in a process of its own. */
async function inProcess(module: string, line: string, ...flags: string[]) {
  const args = ["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-read", ...flags];
  const program = fileURLToPath(import.meta.resolve("./programs/run_module.ts"));
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args, program, module, line],
    stdout: "piped",
    stderr: "piped",
  });
  const { code, signal, stdout, stderr } = await within(command.output(), "end of the process");
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, signal, stdout: text(stdout), stderr: text(stderr) };
}

const UNSTABLE = "--unstable-worker-options";

Deno.test("a worker with rights of its own needs the flag: Deno ends the process and names it", async () => {
  const { code, stderr } = await inProcess("commands", "say x");
  assertEquals(code, 70);
  assert(stderr.includes(UNSTABLE), stderr);
  assertEquals((await inProcess("commands", "say x", UNSTABLE)).stdout, "ended\n");
});

Deno.test("not contained: node:process can kill the process", async () => {
  const { signal } = await inProcess("hostile", "kill", UNSTABLE);
  assertEquals(signal, Deno.build.os === "windows" ? null : "SIGKILL");
});

Deno.test("not contained: memory without bound ends the process", async () => {
  const limit = "--v8-flags=--max-old-space-size=64";
  const { code, stdout, stderr } = await inProcess("hostile", "memory", UNSTABLE, limit);
  assert(code > 1, `exit code ${code}`);
  assertEquals(stdout, "");
  assert(stderr.includes("heap"), stderr);
});

Deno.test("not contained: node:worker_threads starts workers", async () => {
  const { stdout } = await inProcess("hostile", "nested", UNSTABLE);
  assertEquals(stdout, "nested NotCapable\nended\n");
});

Deno.test("Deno.exit() in a handler does not end the process", async () => {
  const { code, stdout } = await inProcess("commands", "exit", UNSTABLE);
  assertEquals([code, stdout], [0, "HandlerError UnresponsiveHandlerError\n"]);
});

for (const command of ["fill 255", "fill 0", "fill 1", "fillForever 1500"]) {
  Deno.test(`a handler that overwrites the shared memory can neither crash nor hang the client (${command})`, async () => {
    await using it = await scene("commands", {
      connect: { framing: { type: "lines", onInvalid: "skip" }, whenFull: "drop_oldest" },
    });
    it.say(command);
    const lines = Array.from({ length: 2000 }, (_, i) => `nothing ${i}`);
    for (let i = 0; i < 300; i++) {
      it.say(...lines);
      if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    it.transport.give(null);
    const error = await it.ended;
    const end = await it.client.closed;
    // Whatever it made of the bytes: it ended in order, and its own sums hold.
    if (error !== undefined) {
      const cause = error instanceof DisconnectError ? error : causeOf(error);
      assertInstanceOf(cause, Error);
    }
    assert(["eof", "eof_in_frame", "corrupt_memory", "handler"].includes(end.reason), end.message);
  });
}
