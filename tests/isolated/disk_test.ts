/** Spills, journals and dead letters of isolated clients: on real disks, by workers that may touch nothing else. */
import { assert, assertEquals, assertGreater, assertInstanceOf, assertRejects } from "@std/assert";
import { OptionError } from "../../mod.ts";
import { connectIsolated, type IsolatedOptions, ReaderError } from "../../isolation.ts";
import { SpillIoError, SpillLockedError, SpillPermissionError } from "../../spill.ts";
import { sharedCoreModule } from "../../src/core/module.ts";
import { planOf } from "../../src/isolated/plan.ts";
import { Supervisor } from "../../src/isolated/supervisor.ts";
import { describeBatch } from "../../src/spill/batch_head.ts";
import { openSpill } from "../../src/spill/open.ts";
import { FRAMING, numbered, send, serve, serveThenWait, until, within } from "../client/harness.ts";
import { inDirectory, readAll } from "../spill/harness.ts";
import { handlerOf, scene } from "./harness.ts";

const RANGES = { module: import.meta.resolve("./modules/ranges.ts") };
const COLUMNS = [{ name: "number", type: "u32", at: 0 }] as const;
const FRAMES = 200_000;

/** Connects to a server of numbered frames; gives the ranges it was told, once they reach `end`, and the client's counters. */
async function ranges(
  options: Partial<IsolatedOptions>,
  { first = 0, end = FRAMES } = {},
): Promise<{ ranges: number[][]; stats: Record<string, number>; events: string[] }> {
  let text = "";
  const all = () => text.split("\n").slice(0, -1).map((line) => line.split(" ").map(Number));
  await using server = serve(async (conn) => {
    const listening = (async () => {
      const bytes = new Uint8Array(65536);
      for (let n = await conn.read(bytes); n !== null; n = await conn.read(bytes)) {
        text += new TextDecoder().decode(bytes.subarray(0, n));
      }
    })();
    if (end > first) await send(conn, numbered(end - first, 60, first));
    await listening;
  });
  const events: string[] = [];
  await using client = await connectIsolated(server.target, {
    ...{ framing: FRAMING, columns: COLUMNS, bufferBytes: 1024 * 1024, handler: RANGES },
    onEvent: ({ type }) => events.push(type),
    ...options,
  });
  await until(() => all().some(([, to]) => to === end - 1), `frame ${end - 1}`);
  await within(client.close(), "end");
  return { ranges: all(), stats: { ...client.stats() }, events };
}

/** Asserts that each range follows the one before, up to the last frame. */
function assertWhole(ranges: number[][], first = 0, end = FRAMES): void {
  let next = first;
  for (const [from, to] of ranges) {
    assertEquals(from, next);
    next = to + 1;
  }
  assertEquals(next, end);
}

Deno.test("a worker of a directory may read and write it, and do nothing else", async () => {
  await inDirectory(async (directory) => {
    const options: IsolatedOptions = {
      framing: { type: "lines" },
      handler: handlerOf("commands"),
      whenFull: { spill: `${directory}/own` },
    };
    const plan = planOf("127.0.0.1:9", options);
    const disk = import.meta.resolve("./programs/curious_disk.ts");
    const starting = Supervisor.start(plan, options, await sharedCoreModule(), { disk }).opened();
    const { message } = await assertRejects(() => starting, SpillIoError);
    const outcomes = message.split(": ")[1].split(", ").map((outcome) => outcome.split(" "));
    assertEquals(outcomes.shift(), ["own", "done"]);
    assertEquals(outcomes.length, 8);
    assertEquals(new Set(outcomes.map(([, how]) => how)), new Set(["NotCapable"]), message);
  });
});

Deno.test("connectIsolated() lets a burst wait on disk, and keeps the order", async () => {
  await inDirectory(async (directory) => {
    const told = await ranges({ whenFull: { spill: directory } });
    assertWhole(told.ranges);
    assertGreater(told.stats.framesSpilled, FRAMES / 2);
    assertEquals(told.stats.framesLostOnDisk, 0);
    assert(told.events.includes("spill_started") && told.events.includes("spill_ended"));
    await using _ = await openSpill(directory);
  });
});

Deno.test("connectIsolated() journals, and the next one goes on behind what was handled", async () => {
  await inDirectory(async (directory) => {
    const whenFull = { journal: directory };
    {
      // Nothing is handled before the first one is closed.
      await using server = serveThenWait(numbered(FRAMES, 60));
      const client = await connectIsolated(server.target, {
        ...{ framing: FRAMING, columns: COLUMNS, handler: handlerOf("witness"), whenFull },
        bufferBytes: 1024 * 1024,
      });
      await until(() => client.stats().frames === FRAMES, "frames");
      await within(client.close(), "end");
      assertGreater(client.stats().framesPending, FRAMES / 2);
    }
    const told = await ranges({ whenFull }, { first: FRAMES, end: FRAMES + 100 });
    const recovered = told.ranges.filter(([from]) => from < FRAMES);
    assertEquals(told.events.includes("spill_recovered"), true);
    assertWhole(told.ranges, recovered[0][0], FRAMES + 100);
    assertEquals(told.stats.framesPending, 0);
  });
});

Deno.test("connectIsolated() gives each of several handlers a directory within", async () => {
  await inDirectory(async (directory) => {
    const told = await ranges({
      handler: undefined,
      handlers: {
        numbers: RANGES,
        letters: { ...handlerOf("spin"), whenFull: { spill: `${directory}/letters` } },
      },
      whenFull: { journal: `${directory}/journal` },
    });
    assertWhole(told.ranges);
    await using _numbers = await openSpill(`${directory}/journal/numbers`);
    await using _letters = await openSpill(`${directory}/letters/letters`);
  });
});

Deno.test("behind a worker that never answers, frames that come back from disk go on as well", async () => {
  await inDirectory(async (directory) => {
    await using it = await scene({
      handler: handlerOf("commands", { batchTimeoutMs: 500 }),
      whenFull: { journal: directory },
      bufferBytes: 8 * 256 * 1024,
    });
    await it.say("hang");
    await it.heard(1);
    await it.say("say on");
    assertEquals(await it.heard(3), ["open", "open", "on"]);
    const unanswered = () => it.client.statsByHandler().handler.framesUnanswered;
    await until(() => it.client.stats().slabsQuarantined === 1 && unanswered() === 1, "counters");
  });
});

Deno.test("connectIsolated() keeps what was skipped in a directory of dead letters", async () => {
  await inDirectory(async (directory) => {
    const deadLetter = `${directory}/dead`;
    {
      await using it = await scene({
        handler: handlerOf("commands", { onFailure: "skip", deadLetter }),
      });
      await it.say("throw away");
      await until(() => it.client.statsByHandler().handler.deadLetterFrames === 1, "dead letter");
    }
    await using store = await openSpill(deadLetter);
    using reader = store.reader();
    const result = await reader.next();
    assert(result.type === "record");
    const { data } = describeBatch(result.payload);
    assertEquals(new TextDecoder().decode(data), "throw away\n");
  });
});

Deno.test("connectIsolated() rejects for a directory it can't have, by the same errors as connect()", async () => {
  await inDirectory(async (directory) => {
    const handler = handlerOf("commands");
    {
      await using _ = await openSpill(directory);
      await assertRejects(
        () => scene({ handler, whenFull: { spill: directory } }),
        SpillLockedError,
        directory,
      );
    }
    await assertRejects(
      () => scene({ handler, whenFull: { journal: directory, syncEveryMs: 0 } }),
      OptionError,
    );
    for (const whenFull of [{ spill: "" }, { journal: 1 }, {}]) {
      await assertRejects(() => scene({ handler, whenFull: whenFull as never }), OptionError);
    }
  });
});

Deno.test({
  name: "connectIsolated() names the flags for a directory it may not use",
  permissions: { net: true, read: true, write: ["/nowhere"] },
  fn: async () => {
    await assertRejects(
      () => scene({ handler: handlerOf("commands"), whenFull: { spill: "/elsewhere" } }),
      SpillPermissionError,
      "--allow-read=/elsewhere --allow-write=/elsewhere",
    );
  },
});

Deno.test("a reader that dies leaves the journal to the next client at once", async () => {
  await inDirectory(async (directory) => {
    const whenFull = { journal: directory };
    await using server = serveThenWait(numbered(FRAMES, 60));
    const options: IsolatedOptions = {
      ...{ framing: FRAMING, columns: COLUMNS, handler: handlerOf("witness"), whenFull },
      bufferBytes: 1024 * 1024,
    };
    const reader = import.meta.resolve("./programs/dying_reader.ts");
    const plan = planOf(server.target, options);
    const client = await Supervisor.start(plan, options, await sharedCoreModule(), { reader })
      .opened();
    await until(() => client.stats().frames > FRAMES / 2, "frames");
    await assertRejects(() => client.write("die"), ReaderError);
    const told = await ranges({ whenFull }, { first: FRAMES, end: FRAMES + 100 });
    assert(told.events.includes("spill_recovered"));
    const recovered = told.ranges.filter(([from]) => from < FRAMES);
    assertWhole(recovered, recovered[0][0], recovered.at(-1)![1] + 1);
    assertGreater(recovered.at(-1)![1], FRAMES / 2 - 20_000);
  });
});

/** What the buffer of the test below holds: no more is being written at a time. */
const WRITING_FRAMES_MAX = 1024 * 1024 / 64;

for (const kind of ["spill", "journal"] as const) {
  Deno.test(`a directory's worker that dies is a disk that refuses, and no end (${kind})`, async () => {
    await inDirectory(async (directory) => {
      await using server = serve(async (conn) => {
        for (let i = 0; i < 50; i++) {
          await send(conn, numbered(1000, 60));
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        while (await conn.read(new Uint8Array(4096)) !== null);
      });
      const refused: unknown[] = [];
      const options: IsolatedOptions = {
        framing: FRAMING,
        handler: handlerOf("spin"),
        bufferBytes: 1024 * 1024,
        whenFull: kind === "spill" ? { spill: directory } : { journal: directory },
        onEvent: (event) => event.type === "spill_failed" && refused.push(event.error),
      };
      const disk = import.meta.resolve("./programs/dying_disk.ts");
      const plan = planOf(server.target, options);
      const client = await Supervisor.start(plan, options, await sharedCoreModule(), { disk })
        .opened();
      await Deno.writeTextFile(`${directory}/die`, "");
      await until(() => refused.length > 0, "event");
      assertInstanceOf(refused[0], SpillIoError);
      assert(refused[0].message.includes("oops"), refused[0].message);
      const ended = await Promise.race([client.closed, Promise.resolve("open")]);
      assertEquals(ended, "open");
      await within(client.close(), "end");
      const { frames, framesDelivered, framesPending, framesDropped } = client.stats();
      assertEquals(frames, framesDelivered + framesPending + framesDropped);
      // What it wrote comes again, and was not dropped; but for what it was writing as it died.
      await using store = await openSpill(directory);
      const { sequence } = await store.registerCursor("handler");
      using reader = store.reader(sequence + 1);
      const { records } = await readAll(reader);
      const left = records.reduce((sum, { header }) => sum + header.frameCount, 0);
      const counts = `${left} are left, ${JSON.stringify(client.stats())}`;
      assert(left >= framesPending, counts);
      const taken = framesPending + framesDelivered;
      assert(left <= taken + Math.min(framesDropped, WRITING_FRAMES_MAX), counts);
    });
  });
}
