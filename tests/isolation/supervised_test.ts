/** What becomes of batches a handler throws at, wherever it runs. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  DeadLetterError,
  type FailureEvent,
  type FailureOptions,
  supervised,
  type SupervisedHandler,
} from "../../isolation.ts";
import { type Batch, type Handler, HandlerError, OptionError } from "../../mod.ts";
import { openSpill } from "../../src/spill/open.ts";
import { SpillIoError, SpillLockedError } from "../../src/spill/errors.ts";
import { run as runCli } from "../cli/spillway.ts";
import {
  assertSums,
  connected,
  delay,
  numbered,
  numbersOf,
  serveBytes,
  upTo,
  within,
} from "../client/harness.ts";
import { inDirectory } from "../spill/harness.ts";

const FRAMES = 1000;
const FRAME_BYTES = 8;
/** Lets a delay be no part of what a test waits for. */
const QUICK = { initialDelayMs: 1, maxDelayMs: 5 };

/** A run, and what was heard of it. */
interface Run {
  error: Error | undefined;
  events: FailureEvent[];
  stats: ReturnType<SupervisedHandler["stats"]>;
}

/** Gives all frames to a supervised handler. */
async function supervise(
  handler: Handler,
  options: FailureOptions<FailureEvent> = {},
): Promise<Run> {
  await using server = serveBytes(numbered(FRAMES));
  const events: FailureEvent[] = [];
  await using client = await connected(server.target);
  await using watched = supervised(handler, {
    restart: QUICK,
    onEvent: (event) => events.push(event),
    ...options,
  });
  const running = client.run(watched).then(() => undefined, (error: Error) => error);
  const error = await within(running, "end of the run");
  assertSums(client);
  return { error, events, stats: watched.stats() };
}

/** Keeps the numbers of frames it has handled; `harm` is asked about batches that hold 500. */
function keeping(harm: () => void): Handler & { numbers: number[] } {
  const numbers: number[] = [];
  return {
    numbers,
    batch(batch) {
      const own = numbersOf(batch);
      if (own.includes(500)) harm();
      numbers.push(...own);
    },
  };
}

/** The same, but its calls settle later. */
function later(handler: Handler & { numbers: number[] }): Handler & { numbers: number[] } {
  return {
    numbers: handler.numbers,
    async batch(batch, context) {
      await delay(1);
      await handler.batch(batch, context);
    },
  };
}

/** The same, by what is no promise and whose then() gives none back. */
function foreign(handler: Handler & { numbers: number[] }): Handler & { numbers: number[] } {
  const inner = later(handler);
  return {
    numbers: handler.numbers,
    batch(batch, context) {
      const then = (resolve: () => void, reject: (error: unknown) => void) => {
        Promise.resolve(inner.batch(batch, context)).then(resolve, reject);
      };
      return { then } as unknown as Promise<void>;
    },
  };
}

function refuse(): never {
  throw new RangeError("no");
}

const KINDS: [string, typeof later][] = [
  ["synchronous", (handler) => handler],
  ["asynchronous", later],
  ["by a thenable", foreign],
];

for (const [kind, make] of KINDS) {
  Deno.test(`supervised() stops the client with the place of the batch, ${kind}`, async () => {
    const { error, events, stats } = await supervise(make(keeping(refuse)));
    assertInstanceOf(error, HandlerError);
    assertInstanceOf(error.cause, RangeError);
    assertEquals([error.epoch, error.offset! % FRAME_BYTES], [1, 0]);
    assert(error.offset! <= 500 * FRAME_BYTES, `${error.offset}`);
    assertEquals([events, stats.skippedBatches, stats.retries], [[], 0, 0]);
  });

  Deno.test(`supervised() skips a batch, counts it and says where it was, ${kind}`, async () => {
    const handler = make(keeping(refuse));
    const { error, events, stats } = await supervise(handler, { onFailure: "skip" });
    assertEquals(error, undefined);
    assertEquals(events.length, 1);
    const [skipped] = events;
    assert(skipped.type === "skipped");
    assertEquals([skipped.epoch, skipped.error.message], [1, "no"]);
    const first = skipped.offset / FRAME_BYTES;
    const gap = upTo(skipped.frames).map((i) => first + i);
    assert(gap.includes(500));
    assertEquals(handler.numbers, upTo(FRAMES).filter((number) => !gap.includes(number)));
    assertEquals([stats.skippedBatches, stats.skippedFrames], [1, gap.length]);
    assertEquals(stats.frames, FRAMES - gap.length);
  });

  Deno.test(`supervised() has a batch handled again, nothing is lost or twice, ${kind}`, async () => {
    let harms = 0;
    const handler = make(keeping(() => {
      if (harms++ < 2) refuse();
    }));
    const { error, events, stats } = await supervise(handler, { onFailure: "retry" });
    assertEquals([error, handler.numbers], [undefined, upTo(FRAMES)]);
    assertEquals(events.map(({ type }) => type), ["retrying", "retrying"]);
    assertEquals([stats.retries, stats.frames], [2, FRAMES]);
  });
}

Deno.test("supervised() tries again so many times, then stops with the last error", async () => {
  let calls = 0;
  const { error, stats } = await supervise(
    keeping(() => {
      throw new Error(`call ${++calls}`);
    }),
    { onFailure: "retry", restart: { ...QUICK, maxAttempts: 3 } },
  );
  assertInstanceOf(error, HandlerError);
  assertEquals([(error.cause as Error).message, stats.retries], ["call 4", 3]);
});

Deno.test("supervised() leaves a synchronous handler synchronous", () => {
  const handler = supervised({ batch: () => {} });
  const context = {
    signal: new AbortController().signal,
    write: () => Promise.resolve(),
    options: {},
    stats: () => {
      throw new Error("not asked for");
    },
  };
  assertEquals(handler.batch({ count: 3 } as Batch, context), undefined);
  assertEquals(handler.stats().frames, 3);
});

Deno.test("supervised() ends a wait for the next attempt when the client closes", async () => {
  await using server = serveBytes(numbered(FRAMES));
  await using client = await connected(server.target);
  const retrying = Promise.withResolvers<void>();
  const handler = supervised({ batch: refuse }, {
    onFailure: "retry",
    restart: { initialDelayMs: 2 ** 31 - 1, maxDelayMs: 2 ** 31 - 1 },
    onEvent: (event) => event.type === "retrying" && retrying.resolve(),
  });
  const running = client.run(handler).then(() => undefined, (error: Error) => error);
  await within(retrying.promise, "attempt");
  await within(client.close(), "end of the client");
  assertInstanceOf(await within(running, "end of the run"), HandlerError);
});

Deno.test("supervised() passes open() and close() on, and what they throw stops the client", async () => {
  const calls: string[] = [];
  const { error } = await supervise({
    open: () => void calls.push("open"),
    batch: () => {},
    close: () => {
      calls.push("close");
      refuse();
    },
  }, { onFailure: "skip" });
  assertInstanceOf(error, HandlerError);
  assertEquals([calls, (error.cause as Error).message], [["open", "close"], "no"]);
  const unopened = await supervise({ open: refuse, batch: () => {} }, { onFailure: "skip" });
  assertInstanceOf(unopened.error, HandlerError);
});

Deno.test("supervised() brings skipped batches to a directory that spill dump shows", async () => {
  await inDirectory(async (parent) => {
    const directory = `${parent}/dead`;
    const { error, stats, events } = await supervise(keeping(refuse), {
      onFailure: "skip",
      deadLetter: directory,
    });
    assertEquals([error, stats.deadLetterFrames], [undefined, stats.skippedFrames]);
    const [skipped] = events;
    assert(skipped.type === "skipped");
    const rights = [`--allow-read=${directory}`];
    const listed = await runCli(rights, ["spill", "dump", directory, "--json"]);
    assertEquals([listed.code, listed.stderr], [0, ""]);
    const { epoch, streamOffset, frames, kind, time } = JSON.parse(listed.stdout);
    assertEquals(
      { epoch, streamOffset, frames, kind },
      { epoch: 1, streamOffset: skipped.offset, frames: skipped.frames, kind: "batch" },
    );
    assert(Math.abs(Date.parse(time) - Date.now()) < 600_000, time);
    const raw = await runCli(rights, ["spill", "dump", directory, "--raw"]);
    const lost = numbered(skipped.frames, 4, skipped.offset / FRAME_BYTES);
    assertEquals(raw.stdout, new TextDecoder().decode(lost));
    // A later run, whose connections count from 1 again, goes on behind them.
    await supervise(keeping(refuse), { onFailure: "skip", deadLetter: directory });
    const again = await runCli(rights, ["spill", "dump", directory, "--json"]);
    assertEquals(again.stdout.trim().split("\n").length, 2);
  });
});

Deno.test("supervised() tells of a dead-letter disk that refuses, and goes on until it works again", async () => {
  await inDirectory(async (parent) => {
    const directory = `${parent}/dead`;
    await Deno.writeTextFile(directory, "a file is in the way");
    const batches: number[][] = [];
    const { error, events, stats } = await supervise({
      batch(batch) {
        batches.push(numbersOf(batch));
        // Gone before the second batch is given up.
        if (batches.length === 2) Deno.removeSync(directory);
        refuse();
      },
    }, { onFailure: "skip", deadLetter: directory });
    assertEquals(error, undefined);
    assert(batches.length >= 2, "one batch only");
    const types = events.map(({ type }) => type);
    assertEquals(types.slice(0, 3), ["skipped", "dead_letter_failed", "skipped"]);
    assertEquals(types.filter((type) => type === "dead_letter_failed").length, 1);
    const [, failed] = events;
    assert(failed.type === "dead_letter_failed");
    assertInstanceOf(failed.error, SpillIoError);
    assertEquals([failed.frames, failed.offset], [batches[0].length, 0]);
    assertEquals(stats.skippedFrames, FRAMES);
    assertEquals(stats.deadLetterFrames, FRAMES - batches[0].length);
  });
});

Deno.test("supervised() does not begin with a dead-letter directory that another has", async () => {
  await inDirectory(async (directory) => {
    await using _store = await openSpill(directory);
    const handler = keeping(refuse);
    const { error } = await supervise(handler, { onFailure: "skip", deadLetter: directory });
    assertInstanceOf(error, HandlerError);
    assertInstanceOf(error.cause, DeadLetterError);
    assertInstanceOf(error.cause.cause, SpillLockedError);
    assertEquals([error.cause.directory, handler.numbers], [directory, []]);
  });
});

Deno.test("supervised() tells of a batch that takes longer than its budget, and lets it go on", async () => {
  const slow = () => {
    for (const end = performance.now() + 30; performance.now() < end;);
  };
  const { error, events, stats } = await supervise(keeping(slow), { budgetMs: 20 });
  assertEquals([error, stats.frames], [undefined, FRAMES]);
  assert(stats.overBudget >= 1);
  assert(events.every((event) => event.type === "over_budget" && event.budgetMs === 20));
  assertEquals(events.length, stats.overBudget);
});

Deno.test("supervised() tells of a budget that is over while the batch still waits", async () => {
  await using server = serveBytes(numbered(FRAMES));
  await using client = await connected(server.target);
  const told = Promise.withResolvers<FailureEvent>();
  const handler = supervised({
    // Settles when the event has come, so the run ends only by that.
    async batch() {
      await told.promise;
    },
  }, { budgetMs: 10, onEvent: told.resolve });
  await within(client.run(handler), "end of the run");
  const event = await told.promise;
  assert(event.type === "over_budget" && event.offset === 0, JSON.stringify(event));
});

Deno.test("supervised() takes the time of what is no promise, and asks it once", async () => {
  let asked = 0;
  const then = (resolve: () => void) => {
    asked += 1;
    setTimeout(resolve, 30);
  };
  const slow: Handler = { batch: () => ({ then }) as unknown as Promise<void> };
  const { error, events, stats } = await supervise(slow, { budgetMs: 10 });
  assertEquals([error, stats.frames, asked], [undefined, FRAMES, stats.batches]);
  assertEquals([events.length, stats.overBudget], [stats.batches, stats.batches]);
});

Deno.test("options that are undefined are as if they were not given", async () => {
  const { error } = await supervise({ batch() {} }, {
    onFailure: "retry",
    restart: { initialDelayMs: undefined, maxDelayMs: undefined, maxAttempts: undefined },
  });
  assertEquals(error, undefined);
});

Deno.test("supervised() throws an OptionError for what can't work", () => {
  const handler = { batch: () => {} };
  const cases: [string, unknown, unknown][] = [
    ["handler", {}, {}],
    ["onFailure", handler, { onFailure: "ignore" }],
    ["restart.maxAttempts", handler, { restart: { maxAttempts: -1 } }],
    ["restart", handler, { restart: 5 }],
    ["restart", handler, { restart: null }],
    ["budgetMs", handler, { budgetMs: 0 }],
    ["deadLetter", handler, { onFailure: "skip", deadLetter: "" }],
    ["deadLetter", handler, { deadLetter: "dead" }],
    ["onEvent", handler, { onEvent: 1 }],
  ];
  for (const [option, given, options] of cases) {
    const error = assertThrows(
      () => supervised(given as Handler, options as FailureOptions<FailureEvent>),
      OptionError,
    );
    assertStringIncludes((error as OptionError).option, option);
  }
});
