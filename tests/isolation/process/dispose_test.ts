/** Handlers that are disposed of while a process of theirs is being started. */
import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  HandlerProcessError,
  type ProcessEvent,
  type ProcessHandler,
  processHandler,
  ReloadError,
} from "../../../isolation.ts";
import { HandlerError } from "../../../mod.ts";
import {
  connected,
  delay,
  numbered,
  send,
  serve,
  serveThenWait,
  until,
  within,
} from "../../client/harness.ts";
import { inDirectory } from "../../spill/harness.ts";
import { moduleOf, PATIENCE_MS } from "../runs.ts";
import { assertGone } from "./harness.ts";

/** Far less than the process of a test may take to start. */
const AT_ONCE_MS = 10_000;

/** A handler whose processes say their ids. */
interface Stuck {
  handler: ProcessHandler;
  events: ProcessEvent[];
  /** The id of the next process that says it. */
  nextPid(): Promise<number>;
}

/** Has a handler whose module may `say()` that it is there, and be `stuck()`; `before` is how many have said so. */
async function withStuck(source: string, test: (stuck: Stuck) => Promise<void>): Promise<void> {
  await inDirectory(async (directory) => {
    const file = `${directory}/pids`;
    await Deno.writeTextFile(file, "");
    const prelude = `
      const file = ${JSON.stringify(file)};
      const before = Deno.readTextFileSync(file).split(" ").length - 1;
      const say = () => Deno.writeTextFileSync(file, Deno.pid + " ", { append: true });
      const stuck = () => new Promise((resolve) => setTimeout(resolve, 1e8));`;
    const events: ProcessEvent[] = [];
    await using handler = processHandler(moduleOf(prelude + source), {
      grants: { write: [file], read: [file] },
      startTimeoutMs: PATIENCE_MS,
      batchTimeoutMs: PATIENCE_MS,
      onEvent: (event) => events.push(event),
    });
    let taken = 0;
    const nextPid = async () => {
      for (;; await delay(10)) {
        const pids = (await Deno.readTextFile(file)).split(" ");
        if (pids.length > taken + 1) return Number(pids[taken++]);
      }
    };
    await test({ handler, events, nextPid: () => within(nextPid(), "process", PATIENCE_MS) });
  });
}

async function dispose(handler: ProcessHandler): Promise<void> {
  await within(handler[Symbol.asyncDispose](), "end of the handler", AT_ONCE_MS);
}

const LOADS = `say(); await stuck(); export default { batch() {} };`;
const OPENS = `export default { async open() { say(); await stuck(); }, batch() {} };`;

Deno.test("disposing a handler ends at once the process that loads its module ahead", async () => {
  await withStuck(LOADS, async ({ handler, nextPid }) => {
    const loading = assertRejects(() => handler.load(), HandlerProcessError, "was ended");
    const pid = await nextPid();
    await dispose(handler);
    assertGone(pid);
    await loading;
  });
});

for (const [what, source] of [["loads its module", LOADS], ["is opened", OPENS]]) {
  Deno.test(`disposing a handler ends at once the process that ${what} in a run, and tells of no failure`, async () => {
    await using server = serveThenWait(numbered(1));
    await using client = await connected(server.target);
    await withStuck(source, async ({ handler, events, nextPid }) => {
      const running = client.run(handler).then(() => undefined, (error: Error) => error);
      const pid = await nextPid();
      await dispose(handler);
      assertGone(pid);
      assertInstanceOf(await within(running, "end of the run"), HandlerError);
      assertEquals([events, handler.stats().failures], [[], 0]);
    });
  });
}

Deno.test("disposing a handler ends at once the process that is to take over once its client has ended", async () => {
  await using server = serveThenWait(numbered(1));
  await using client = await connected(server.target);
  const source = `say(); if (before > 0) await stuck(); export default { batch() {} };`;
  await withStuck(source, async ({ handler, nextPid }) => {
    const running = client.run(handler);
    const old = await nextPid();
    const reloading = assertRejects(() => handler.reload(), ReloadError);
    const next = await nextPid();
    await client.close();
    await within(running, "end of the run", AT_ONCE_MS);
    await dispose(handler);
    assertGone(old);
    assertGone(next);
    await reloading;
  });
});

Deno.test("a handler that was disposed starts no process any more", async () => {
  await using server = serveThenWait(numbered(1));
  await using client = await connected(server.target);
  const told: string[] = [];
  const source = moduleOf("export default { batch() {} };");
  const handler = processHandler(source, { onEvent: ({ type }) => told.push(type) });
  await handler.load();
  await dispose(handler);
  await assertRejects(() => handler.load(), HandlerProcessError, "it was disposed");
  const error = await assertRejects(() => client.run(handler), HandlerError);
  assertInstanceOf(error.cause, HandlerProcessError);
  assertEquals([told.includes("started"), handler.stats().pid], [false, undefined]);
});

Deno.test("a handler that is disposed while it runs goes on in no other process", async () => {
  await using server = serve(async (conn) => {
    while (true) await send(conn, numbered(1));
  });
  await using client = await connected(server.target);
  const source = moduleOf("export default { batch() {} };");
  const handler = processHandler(source);
  const running = client.run(handler).then(() => undefined, (error: Error) => error);
  await until(() => client.stats().framesDelivered > 100, "frames");
  await dispose(handler);
  assertInstanceOf(await within(running, "end of the run", AT_ONCE_MS), HandlerError);
  assertEquals(handler.stats().starts, 1);
});
