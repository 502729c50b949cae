/**
 * What a handler module can rely on, wherever it runs. Each test gives the
 * module as source, and judges by what the server hears and how the run ends.
 */
import { assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import { type ConnectOptions, type Handler, HandlerError, type OptionValues } from "../../mod.ts";
import { HandlerModuleError } from "../../src/isolation/contract.ts";
import { delay, numbered } from "../client/harness.ts";
import { optionsSuite } from "./options_suite.ts";
import { moduleOf, type Outcome, run as runWith, type RunOptions } from "./runs.ts";

/** Makes a handler of a module, named by a whole URL, with values of its options. */
export type MakeHandler = (
  specifier: string,
  options: OptionValues | undefined,
) => Handler | Promise<Handler>;

/** What the documents say of one mode, where that is not what they say of all. */
export interface ModeRules {
  /** Options that every client must have. */
  connect?: Partial<ConnectOptions>;
  /** How what the module threw is told. Default: as an error is. */
  shown?: (cause: Error) => { name: string; stack?: string };
  /** Views lie in shared memory, which some APIs refuse. */
  sharedViews?: boolean;
  /** How much older than its batch `stats()` may be, in milliseconds. */
  statsLagMs?: number;
}

/** Within `batch()` of a handler: goes on at the last batch only, and when the client has ended. */
const BEHIND_THE_END = `
  if (batch.u32(batch.count - 1, 0) < 9) return;
  await write("?");
  while (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 1));`;

/** The tests, under the name of a mode. */
export function contractSuite(mode: string, make: MakeHandler, rules: ModeRules = {}): void {
  const { shown = (cause) => cause, sharedViews = false, statsLagMs = 0 } = rules;
  const run = (handler: Handler, options: RunOptions = {}): Promise<Outcome> =>
    runWith(handler, { ...options, connect: { ...rules.connect, ...options.connect } });
  const test = (what: string, body: () => Promise<void>) => Deno.test(`${mode}: ${what}`, body);
  const handler = (source: string) => make(moduleOf(source), undefined);

  test("batch() sees every frame in order, calls never overlap", async () => {
    const { said, error, client } = await run(
      await handler(`
        let next = 0, inside = 0, calls = 0;
        export default { async batch(batch, { write }) {
          if (inside++ > 0) throw new Error("overlap");
          for (let i = 0; i < batch.count; i++) {
            if (batch.u32(i, 0) !== next++) throw new Error("expected " + (next - 1));
          }
          if (++calls < 5) await new Promise((resolve) => setTimeout(resolve, 1));
          inside--;
          if (next === 50000) await write(next + "!");
        } };`),
      { stream: numbered(50_000, 60) },
    );
    assertEquals([said, error], ["50000!", undefined]);
    assertEquals(client.stats().framesDelivered, 50_000);
  });

  test("batch() may be synchronous", async () => {
    const { said } = await run(
      await handler(`
        let sum = 0, seen = 0;
        export default { batch(batch, { write }) {
          for (const view of batch) sum += view[3];
          seen += batch.count;
          if (seen === 10) void write(sum + "!");
        } };`),
    );
    assertEquals(said, "45!");
  });

  test("a batch shows what the framing and the columns say", async () => {
    const { said, error } = await run(
      await handler(`
        const said = [];
        export default { async batch(batch, { write }) {
          for (let i = 0; i < batch.count; i++) {
            said.push([batch.text(i), batch.columns.first[i], String(batch.columns.big[i]),
              batch.streamOffset(i), batch.rawLength(i), batch.epoch, batch.lengths[i],
              String.fromCharCode(batch.bytes[batch.offsets[i]])].join(" "));
          }
          if (said.length === 3) await write(said.join("\\n") + "!");
        } };`),
      {
        stream: new TextEncoder().encode("abcdefghi\r\nxy\nABCDEFGH\n"),
        connect: {
          framing: { type: "lines" },
          columns: [{ name: "first", type: "u8", at: 0 }, { name: "big", type: "u64", at: 0 }],
        },
      },
    );
    assertEquals(error, undefined);
    assertEquals(said.split("\n"), [
      "abcdefghi 97 7017280452245743464 0 11 1 9 a",
      "xy 120 0 11 3 1 2 x",
      "ABCDEFGH 65 4702394921427289928 14 9 1 8 A!",
    ]);
  });

  test("a batch is on loan, and its copy is not", async () => {
    const { said } = await run(
      await handler(`
        let kept, copy;
        export default {
          async batch(batch, { write }) {
            if (kept === undefined) {
              [kept, copy] = [batch, batch.copy()];
              return;
            }
            if (batch.u32(batch.count - 1, 0) < 999) return;
            let thrown = "nothing";
            try { kept.u32(0, 0) } catch (error) { thrown = error.name }
            await write(thrown + " " + copy.u32(0, 0) + "!");
          },
        };`),
      { stream: numbered(1000) },
    );
    assertEquals(said, "RangeError 0!");
  });

  test("open() comes before the first batch, close() behind the last", async () => {
    const { said, error } = await run(
      await handler(`
        const calls = [];
        export default {
          async open({ write, stats }) {
            await write("opened " + stats().epoch + ".");
            calls.push("open");
          },
          batch(batch, { write }) {
            if (calls.length === 1) calls.push("batch");
            if (batch.u32(batch.count - 1, 0) === 9) void write("!");
          },
          close() { throw new Error(calls.join(" ")) },
        };`),
    );
    assertEquals(said, "opened 1.!");
    assertInstanceOf(error, HandlerError);
    assertEquals([(error.cause as Error).message, error.offset], ["open batch", undefined]);
  });

  for (const [how, thrower] of [["throws", "batch(batch)"], ["rejects", "async batch(batch)"]]) {
    test(`batch() that ${how} stops the client, with the frame's offset`, async () => {
      const { error, client } = await run(
        await handler(`
          let calls = 0;
          export default { ${thrower} {
            if (batch.u32(0, 0) > 0) throw new TypeError("out of ink \u2192 stop");
          } };`),
      );
      assertInstanceOf(error, HandlerError);
      // The first batch of a handler nobody knows yet is one frame.
      assertEquals([error.epoch, error.offset], [1, 8]);
      assertStringIncludes(error.message, "out of ink \u2192 stop");
      assertEquals((await client.closed).reason, "handler");
      const { framesDelivered, framesDropped, frames } = client.stats();
      assertEquals(framesDelivered + framesDropped, frames);
    });
  }

  test("what batch() throws keeps its name, its message and its stack", async () => {
    const { error } = await run(
      await handler(`
        function dipPen() { throw new TypeError("out of ink") }
        export default { batch() { dipPen() } };`),
    );
    assertInstanceOf(error, HandlerError);
    const cause = error.cause as Error;
    assertEquals([cause.message, shown(cause).name], ["out of ink", "TypeError"]);
    assertStringIncludes(shown(cause).stack ?? "", "dipPen");
  });

  for (const thrown of ['"out of ink"', "Object.create(null)"]) {
    test(`batch() may throw ${thrown}, which is no error`, async () => {
      const { error, client } = await run(
        await handler(`export default { batch() { throw ${thrown} } };`),
      );
      assertInstanceOf(error, HandlerError);
      if (thrown.startsWith('"')) assertStringIncludes(error.message, "out of ink");
      assertEquals((await client.closed).reason, "handler");
    });
  }

  test("close() sees the counters as they are at the end", async () => {
    const { error, client } = await run(
      await handler(`
        export default {
          batch(batch, { write }) {
            if (batch.u32(batch.count - 1, 0) === 19999) void write("!");
          },
          close({ stats }) { throw new Error(stats().framesDelivered + " " + stats().bytesRead) },
        };`),
      { stream: numbered(20_000) },
    );
    assertInstanceOf(error, HandlerError);
    const { framesDelivered, bytesRead } = client.stats();
    assertEquals((error.cause as Error).message, `${framesDelivered} ${bytesRead}`);
  });

  test("close() is waited for", async () => {
    const { error } = await run(
      await handler(`
        export default {
          batch(batch, { write }) { if (batch.u32(batch.count - 1, 0) === 9) void write("!") },
          async close() {
            await new Promise((resolve) => setTimeout(resolve, 20));
            throw new Error("late");
          },
        };`),
    );
    assertInstanceOf(error, HandlerError);
    assertEquals((error.cause as Error).message, "late");
  });

  test("bytes of a batch go where bytes go", async () => {
    const { said } = await run(
      await handler(`
        export default { async batch(batch, { write }) {
          if (batch.u32(batch.count - 1, 0) < 9) return;
          const digest = (bytes) => crypto.subtle.digest("SHA-256", bytes)
            .then(({ byteLength }) => byteLength, (error) => error.name);
          const own = batch.copy().frame(0);
          await write([await digest(batch.frame(0)), await digest(own)].join() + "!");
        } };`),
    );
    assertEquals(said, sharedViews ? "TypeError,32!" : "32,32!");
  });

  test("open() that throws stops the client", async () => {
    const { error, client } = await run(
      await handler(`
        export default { open() { throw new Error("no disk") }, batch() {} };`),
    );
    assertInstanceOf(error, HandlerError);
    assertEquals([(error.cause as Error).message, error.offset], ["no disk", undefined]);
    assertEquals((await client.closed).reason, "aborted");
  });

  test("write() that can't be done rejects in the handler", async () => {
    const { said, error } = await run(
      await handler(`
        export default { async batch(batch, { write }) {
          if (batch.u32(batch.count - 1, 0) < 9) return;
          const thrown = await write(new Uint8Array(4 << 20)).catch((error) => error);
          await write(/wait/.test(thrown.message) ? "refused!" : thrown.message + "!");
        } };`),
    );
    assertEquals([said, error], ["refused!", undefined]);
  });

  test("write() takes bytes and text, as they are when it is called", async () => {
    const { said } = await run(
      await handler(`
        export default { async batch(batch, { write }) {
          if (batch.u32(batch.count - 1, 0) < 9) return;
          const bytes = new Uint8Array(20000).fill(97);
          const writing = [write(bytes), write("\u00e9")];
          bytes.fill(98);
          await Promise.all(writing);
          await write("!");
        } };`),
    );
    // What is no ASCII is heard byte by byte.
    assertEquals(said, `${"a".repeat(20_000)}\ufffd\ufffd!`);
  });

  test("write() of what is neither bytes nor text rejects with a TypeError", async () => {
    const { said } = await run(
      await handler(`
        export default { async batch(batch, { write }) {
          if (batch.u32(batch.count - 1, 0) < 9) return;
          const thrown = await write(1).catch((error) => error);
          await write(thrown.name + "!");
        } };`),
    );
    assertEquals(said, "TypeError!");
  });

  test("write() behind the end rejects with the client's error, by its name", async () => {
    const { error } = await run(
      await handler(`
        export default { async batch(batch, { write, signal }) {
          ${BEHIND_THE_END}
          const thrown = await write("x").catch((error) => error);
          throw new Error(thrown.name + ": " + thrown.message);
        } };`),
      { onQuestion: (client) => void client.close() },
    );
    assertInstanceOf(error, HandlerError);
    assertStringIncludes((error.cause as Error).message, "DisconnectError: ");
  });

  test("write() that nobody waits for may come too late", async () => {
    const { error } = await run(
      await handler(`
        export default { async batch(batch, { write, signal }) {
          ${BEHIND_THE_END}
          write("x");
          // Behind that one, and time to fail of it.
          await write("y").catch(() => {});
          await new Promise((resolve) => setTimeout(resolve, 0));
        } };`),
      { onQuestion: (client) => void client.close() },
    );
    assertEquals(error, undefined);
  });

  test("stats() counts the batch at hand", async () => {
    const { said } = await run(
      await handler(`
        let seen = 0;
        export default { async batch(batch, { write, stats }) {
          seen += batch.count;
          if (seen === 10) await write("?");
          if (seen === 20) await write(stats().framesDelivered + "!");
        } };`),
      {
        stream: numbered(10),
        onQuestion: async (_, send) => {
          await delay(statsLagMs);
          await send(numbered(1, 4, 10));
          await delay(statsLagMs);
          await send(numbered(9, 4, 11));
        },
      },
    );
    assertEquals(said, "?20!");
  });

  test("signal is aborted when the client closes, and stats() tells how far it is", async () => {
    const { error } = await run(
      await handler(`
        export default { async batch(batch, { write, signal, stats }) {
          if (stats().framesDelivered < 10) return;
          const { promise, resolve } = Promise.withResolvers();
          signal.addEventListener("abort", resolve);
          await write("?");
          await promise;
          throw new Error("seen " + signal.aborted);
        } };`),
      { onQuestion: (client) => void client.close() },
    );
    assertInstanceOf(error, HandlerError);
    assertEquals((error.cause as Error).message, "seen true");
  });

  test("signal is aborted within open(), too", async () => {
    const { said, error } = await run(
      await handler(`
        let seen;
        export default {
          async open({ write, signal }) {
            const { promise, resolve } = Promise.withResolvers();
            signal.addEventListener("abort", resolve);
            await write("?");
            await promise;
            seen = signal.aborted;
          },
          batch() {},
          close() { throw new Error("seen " + seen) },
        };`),
      { onQuestion: (client) => void client.close() },
    );
    assertInstanceOf(error, HandlerError);
    assertEquals([said, (error.cause as Error).message], ["?", "seen true"]);
  });

  const refused: [what: string, specifier: string, message: string][] = [
    ["has no default export", moduleOf("export const a = 1"), "no default export"],
    [
      "exports no handler",
      moduleOf("export default { batch: 1 }"),
      "got one with { batch: number }",
    ],
    ["throws while it loads", moduleOf('throw new Error("bad start")'), "bad start"],
    ["does not parse", moduleOf("export default {{"), "cannot be loaded"],
    ["is not there", import.meta.resolve("./not_there.ts"), "not_there.ts"],
  ];
  for (const [what, specifier, message] of refused) {
    test(`a module that ${what} is a HandlerModuleError`, async () => {
      const error = await assertRejects(async () => {
        const { error } = await run(await make(specifier, undefined));
        throw error instanceof HandlerError ? error.cause : error;
      }, HandlerModuleError);
      assertStringIncludes(error.message, message);
    });
  }

  optionsSuite({ test, run, make });
}
