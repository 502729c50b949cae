/** Handlers that are exchanged while a server pushes: every frame once, in order, on one connection. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  processHandler,
  reloadable,
  type ReloadableHandler,
  ReloadError,
  supervised,
  workerHandler,
} from "../../isolation.ts";
import { type Handler, HandlerError, OptionError } from "../../mod.ts";
import { handlerOf } from "../../src/isolation/contract.ts";
import { connected, delay, numbersOf, until, upTo, within } from "../client/harness.ts";
import { inDirectory } from "../spill/harness.ts";
import { PATIENCE_MS } from "./runs.ts";
import { assertLog, logging, pushing } from "./reload_harness.ts";

let loads = 0;

/** The modes, and how each makes a handler of the module in a file that may write to another. */
const MODES: [mode: string, make: (url: string, log: string) => ReloadableHandler][] = [
  ["inline", (url) => reloadable(async () => handlerOf(await import(`${url}?${++loads}`), url))],
  ["worker", (url, log) => {
    const grants = { write: [log] };
    return reloadable(() => workerHandler(url, { grants, startTimeoutMs: PATIENCE_MS }));
  }],
  ["process", (url, log) => {
    const grants = { write: [log] };
    return processHandler(url, { grants, startTimeoutMs: PATIENCE_MS });
  }],
];

/** Sources that can't take over, and why not. */
const BROKEN: [source: string, why: RegExp][] = [
  ["export default {", /Unexpected token/],
  ["export const batch = 1;", /no default export/],
  ['export default { open() { throw new Error("no disk") }, batch() {} };', /no disk/],
];

for (const [mode, make] of MODES) {
  Deno.test(`reload() gives every frame to one handler, in order, whatever the new module is (${mode})`, async () => {
    await inDirectory(async (directory) => {
      const [file, log] = [`${directory}/handler.js`, `${directory}/log`];
      await Deno.writeTextFile(file, logging(log, 0));
      await using server = pushing();
      await using client = await connected(server.target, { sharedMemory: mode === "worker" });
      await using handler = make(new URL(`file://${file}`).href, log);
      const running = client.run(handler);
      for (let version = 1; version <= 6; version++) {
        await server.pushes(client, 5000);
        const broken = version % 2 === 0 ? BROKEN[version / 2 - 1] : undefined;
        await Deno.writeTextFile(file, broken?.[0] ?? logging(log, version));
        const reloading = within(handler.reload(), "reload", PATIENCE_MS);
        if (broken === undefined) await reloading;
        else {
          const error = await assertRejects(() => reloading, ReloadError);
          assert(broken[1].test(error.message), error.message);
          assertEquals(error.running, "old");
        }
      }
      await server.pushes(client, 5000);
      const frames = server.end();
      await within(running, "end of the run", PATIENCE_MS);
      assertLog(await Deno.readTextFile(log), await frames, [0, 1, 3, 5]);
      assertEquals([client.stats().epoch, client.stats().framesDropped], [1, 0]);
    });
  });
}

const NUMBER = /^\d+$/;

/** Keeps what it sees; its calls settle later. */
function keeping(kept: string[], name: string, more: Partial<Handler> = {}): Handler {
  return {
    open: () => void kept.push(`open ${name}`),
    async batch(batch) {
      const numbers = numbersOf(batch);
      await 0;
      kept.push(...numbers.map(String));
    },
    close: () => void kept.push(`close ${name}`),
    ...more,
  };
}

Deno.test("a reload opens the new handler, has the old one finish its batch, and closes it before the next", async () => {
  await using server = pushing();
  await using client = await connected(server.target);
  const kept: string[] = [];
  const [begun, finish] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const opened = Promise.withResolvers<void>();
  const handlers = [
    keeping(kept, "old", {
      async batch(batch) {
        kept.push("old begins", ...numbersOf(batch).map(String));
        begun.resolve();
        await finish.promise;
        kept.push("old ends");
      },
      async close() {
        kept.push("old closes");
        await new Promise((resolve) => setTimeout(resolve, 5));
        kept.push("old is closed");
      },
    }),
    keeping(kept, "new", {
      open() {
        kept.push("open new");
        opened.resolve();
      },
    }),
  ];
  await using handler = reloadable(() => handlers.shift()!);
  const running = client.run(handler);
  await within(begun.promise, "first batch");
  const reloading = handler.reload();
  await within(opened.promise, "open()");
  finish.resolve();
  await within(reloading, "reload");
  await server.pushes(client, 1000);
  const frames = server.end();
  await within(running, "end of the run");
  const [ends, closed] = [kept.indexOf("old ends"), kept.indexOf("old is closed")];
  assertEquals(kept.filter((said) => !NUMBER.test(said)), [
    ...["open old", "old begins", "open new", "old ends"],
    ...["old closes", "old is closed", "close new"],
  ]);
  assert(!kept.slice(ends, closed).some((said) => NUMBER.test(said)));
  assertEquals(kept.filter((said) => NUMBER.test(said)).map(Number), upTo(await frames));
});

Deno.test("close() of the old handler may throw: the new one has taken over, and that is told", async () => {
  await using server = pushing();
  await using client = await connected(server.target);
  const kept: string[] = [];
  const close = () => {
    throw new Error("no disk");
  };
  const handlers = [keeping(kept, "old", { close }), keeping(kept, "new")];
  await using handler = reloadable(() => handlers.shift()!);
  const running = client.run(handler);
  await server.pushes(client, 1000);
  const error = await assertRejects(() => within(handler.reload(), "reload"), ReloadError);
  assertEquals(error.running, "new");
  assertEquals(
    error.message,
    "the new handler has taken over, but close() of the old one threw: no disk",
  );
  await server.pushes(client, 1000);
  const frames = server.end();
  await within(running, "end of the run");
  assertEquals(kept.filter((said) => NUMBER.test(said)).map(Number), upTo(await frames));
  assertEquals(kept.at(-1), "close new");
});

Deno.test("a reload mends a handler that throws, while its batch is handled again", async () => {
  await using server = pushing();
  await using client = await connected(server.target);
  const kept: string[] = [];
  const throwing = keeping(kept, "old", {
    batch() {
      throw new Error("not like this");
    },
  });
  const handlers = [throwing, keeping(kept, "new")];
  const retrying = Promise.withResolvers<void>();
  const exchanged = reloadable(() => handlers.shift()!);
  await using handler = supervised(exchanged, {
    onFailure: "retry",
    restart: { initialDelayMs: 5, maxDelayMs: 5, maxAttempts: 1e6 },
    onEvent: (event) => event.type === "retrying" && retrying.resolve(),
  });
  const running = client.run(handler);
  await within(retrying.promise, "second attempt");
  await within(exchanged.reload(), "reload");
  await server.pushes(client, 1000);
  const frames = server.end();
  await within(running, "end of the run");
  assertEquals(kept.filter((said) => NUMBER.test(said)).map(Number), upTo(await frames));
});

Deno.test("supervised() has a worker that was exchanged take one batch at a time, too", async () => {
  await inDirectory(async (directory) => {
    const [file, log] = [`${directory}/handler.js`, `${directory}/log`];
    const url = new URL(`file://${file}`).href;
    await Deno.writeTextFile(file, logging(log, 0, 3));
    const exchanged = reloadable(() => workerHandler(url, { grants: { write: [log] } }));
    let most = 0;
    let out = 0;
    const counting: Handler = {
      open: (context) => exchanged.open!(context),
      async batch(batch, context) {
        most = Math.max(most, ++out);
        await exchanged.batch(batch, context);
        out -= 1;
      },
      close: (context) => exchanged.close!(context),
    };
    await using server = pushing();
    await using client = await connected(server.target, { sharedMemory: true });
    await using handler = supervised(counting, { onFailure: "skip" });
    const running = client.run(handler);
    await server.pushes(client, 5000);
    await Deno.writeTextFile(file, logging(log, 1, 3));
    await within(exchanged.reload(), "reload", PATIENCE_MS);
    await server.pushes(client, 5000);
    const frames = server.end();
    await within(running, "end of the run", PATIENCE_MS);
    assertLog(await Deno.readTextFile(log), await frames, [0, 1]);
    assertEquals(most, 1);
  });
});

Deno.test("counts and dead letters of a processHandler() go on over a reload", async () => {
  await inDirectory(async (directory) => {
    const file = `${directory}/handler.js`;
    const refusing = (version: number) =>
      `let calls = 0;
       export default { batch() { if (++calls === 2) throw new Error("no, says ${version}") } };`;
    await Deno.writeTextFile(file, refusing(1));
    const told: string[] = [];
    await using handler = processHandler(new URL(`file://${file}`), {
      onFailure: "skip",
      deadLetter: `${directory}/dead`,
      startTimeoutMs: PATIENCE_MS,
      onEvent: (event) => event.type === "skipped" && told.push(event.error.message),
    });
    await using server = pushing();
    await using client = await connected(server.target);
    const running = client.run(handler);
    await until(() => told.length === 1, "first batch skipped", PATIENCE_MS);
    await Deno.writeTextFile(file, refusing(2));
    await within(handler.reload(), "reload", PATIENCE_MS);
    await until(() => told.length === 2, "second batch skipped", PATIENCE_MS);
    const frames = server.end();
    await within(running, "end of the run", PATIENCE_MS);
    const { skippedBatches, skippedFrames, deadLetterFrames, starts, failures, frames: handled } =
      handler.stats();
    assertEquals(told, ["no, says 1", "no, says 2"]);
    assertEquals([skippedBatches, starts, failures], [2, 2, 0]);
    assertEquals([deadLetterFrames, skippedFrames + handled], [skippedFrames, await frames]);
  });
});

Deno.test("a client that ends while a handler is opened to take over closes both", async () => {
  await using server = pushing();
  await using client = await connected(server.target);
  const kept: string[] = [];
  const [opening, open] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = keeping(kept, "new", {
    async open() {
      opening.resolve();
      await open.promise;
    },
  });
  const handlers = [keeping(kept, "old"), slow];
  await using handler = reloadable(() => handlers.shift()!);
  const running = client.run(handler);
  const reloading = handler.reload();
  await within(opening.promise, "open()");
  await client.close();
  await within(running, "end of the run");
  assertEquals(kept.at(-1), "close old");
  open.resolve();
  await within(reloading, "reload");
  assertEquals(kept.at(-1), "close new");
  // Nobody is there to be exchanged.
  await handler.reload();
});

Deno.test("behind a reload a synchronous handler is called as one again", async () => {
  await using server = pushing();
  await using client = await connected(server.target);
  const kept: number[] = [];
  const sync = (): Handler => ({ batch: (batch) => void kept.push(...numbersOf(batch)) });
  const exchanged = reloadable(sync);
  const later: boolean[] = [];
  const running = client.run({
    open: (context) => exchanged.open!(context),
    batch(batch, context) {
      const settling = exchanged.batch(batch, context);
      later.push(settling !== undefined);
      return settling;
    },
    close: (context) => exchanged.close!(context),
  });
  for (let i = 0; i < 5; i++) {
    await server.pushes(client, 1000);
    await within(exchanged.reload(), "reload");
  }
  const reloaded = later.length;
  await server.pushes(client, 1000);
  const frames = server.end();
  await within(running, "end of the run");
  assertEquals(later.slice(reloaded).filter(Boolean), []);
  assertEquals(kept, upTo(await frames));
});

Deno.test("a worker that takes over has several batches at a time, as the one before", async () => {
  await inDirectory(async (directory) => {
    const [file, log] = [`${directory}/handler.js`, `${directory}/log`];
    await Deno.writeTextFile(file, logging(log, 0, 3));
    const most: number[] = [];
    const counting = (): Handler => {
      const worker = workerHandler(new URL(`file://${file}`), { grants: { write: [log] } });
      const number = most.push(0) - 1;
      let inside = 0;
      return {
        open: (context) => worker.open!(context),
        async batch(batch, context) {
          most[number] = Math.max(most[number], ++inside);
          await worker.batch(batch, context);
          inside -= 1;
        },
        close: (context) => worker.close!(context),
      };
    };
    await using server = pushing();
    await using client = await connected(server.target, { sharedMemory: true });
    const handler = reloadable(counting);
    const running = client.run(handler);
    await server.pushes(client, 10_000);
    await within(handler.reload(), "reload", PATIENCE_MS);
    await server.pushes(client, 10_000);
    server.end();
    await within(running, "end of the run", PATIENCE_MS);
    assert(most.length === 2 && Math.min(...most) > 1, `${most}`);
  });
});

Deno.test("a handler that takes one batch at a time may take over from a worker, which has several", async () => {
  await inDirectory(async (directory) => {
    const [file, log] = [`${directory}/handler.js`, `${directory}/log`];
    await Deno.writeTextFile(file, logging(log, 0, 3));
    const kept: number[] = [];
    let inside = 0;
    let most = 0;
    const own: Handler = {
      async batch(batch) {
        most = Math.max(most, ++inside);
        kept.push(...numbersOf(batch));
        await delay(1);
        inside -= 1;
      },
    };
    const worker = workerHandler(new URL(`file://${file}`), { grants: { write: [log] } });
    const handlers: Handler[] = [worker, own];
    await using handler = reloadable(() => handlers.shift()!);
    await using server = pushing();
    await using client = await connected(server.target, { sharedMemory: true });
    const running = client.run(handler);
    await server.pushes(client, 10_000);
    await within(handler.reload(), "reload", PATIENCE_MS);
    await server.pushes(client, 10_000);
    const frames = server.end();
    await within(running, "end of the run");
    const logged = (await Deno.readTextFile(log)).trim().split("\n").at(-2)!.split(" ");
    const next = Number(logged[2]) + Number(logged[3]);
    assertEquals(kept, upTo(await frames).slice(next));
    assertEquals(most, 1);
  });
});

Deno.test("reloadable() refuses what makes no fresh handler", async () => {
  const wrong: (() => Handler)[] = [() => ({}) as Handler, () => undefined as never];
  for (const make of wrong) {
    await using server = pushing();
    await using client = await connected(server.target);
    const error = await assertRejects(() => client.run(reloadable(make)), HandlerError);
    assertInstanceOf(error.cause, OptionError);
  }
  const one = keeping([], "one");
  await using server = pushing();
  await using client = await connected(server.target);
  const handler = reloadable(() => one);
  const running = client.run(handler);
  const error = await assertRejects(() => within(handler.reload(), "reload"), ReloadError);
  assert(error.message.includes("a function that gives a new handler each time"), error.message);
  await client.close();
  await running;
});
