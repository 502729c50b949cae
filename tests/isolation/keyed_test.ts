/** Handlers in workers and in processes share a feed by key as those in this thread do. */
import { assertEquals } from "@std/assert";
import type { Handler } from "../../mod.ts";
import { processHandler, supervised, workerHandler } from "../../isolation.ts";
import { describeBatch } from "../../src/spill/batch_head.ts";
import { readSpill } from "../../src/spill/inspect.ts";
import { connected, within } from "../client/harness.ts";
import {
  assertComplete,
  assertShared,
  drawn,
  each,
  FRAMINGS,
  KEY,
  keyedFeed,
  type KeyedFrame,
  names,
  pieces,
  Recorder,
} from "../dispatch/keyed.ts";
import { ScriptedTransport } from "../transport/scripted.ts";
import { moduleOf, PATIENCE_MS } from "./runs.ts";

const COUNT = 3;

/** A module that tells the server of each frame under its name, and of a copy that is no more than its frames. */
const witness = (name: string) =>
  moduleOf(`
    export default {
      async batch(batch, context) {
        const copy = batch.copy();
        let lines = "";
        let raw = 0;
        for (let i = 0; i < batch.count; i++) {
          raw += batch.rawLength(i);
          const text = String.fromCharCode(...copy.frame(i));
          const frame = {
            key: batch.columns.symbol[i],
            streamOffset: batch.streamOffset(i),
            rawLength: copy.rawLength(i),
            text,
          };
          if (copy.streamOffset(i) !== frame.streamOffset) throw new Error("another offset");
          lines += JSON.stringify({ name: "${name}", frame }) + "\\n";
        }
        if (copy.bytes.length > raw) throw new Error("bytes of others in a copy");
        await context.write(lines);
      },
    };
  `);

const KINDS: Record<string, (name: string) => Handler & AsyncDisposable> = {
  worker: (name) => workerHandler(witness(name), { name }),
  process: (name) => processHandler(witness(name), { name, startTimeoutMs: PATIENCE_MS }),
};

for (const [kind, make] of Object.entries(KINDS)) {
  for (const framing of FRAMINGS) {
    Deno.test(`${kind} handlers share ${framing.type} by key`, () =>
      drawn(async (draw) => {
        const feed = keyedFeed(draw, framing, 3000, 80);
        const transport = new ScriptedTransport(...pieces(draw, feed.bytes, 60_000), null);
        await using made = new AsyncDisposableStack();
        const handlers = each(COUNT, (i) => made.use(make(`h${i}`)));
        {
          await using client = await connected(transport, {
            framing,
            columns: [KEY],
            partition: { key: "symbol" },
            handlers: each(COUNT, () => ({})),
            sharedMemory: kind === "worker",
          });
          await within(client.run(handlers), "end of the feed", PATIENCE_MS);
        }
        const decoder = new TextDecoder();
        const told = transport.written.map((bytes) => decoder.decode(bytes, { stream: true }));
        const lines: { name: string; frame: KeyedFrame }[] = told.join("").split("\n").slice(0, -1)
          .map((line) => JSON.parse(line));
        const lists = names(COUNT).map((name) =>
          lines.filter((line) => line.name === name).map(({ frame }) => frame)
        );
        assertShared(lists);
        assertComplete(lists, feed);
      }, 6));
  }
}

Deno.test("a dead letter has the frames of its handler only", () =>
  drawn(async (draw) => {
    const directory = await Deno.makeTempDir();
    const framing = { type: "lines" } as const;
    const feed = keyedFeed(draw, framing, 500);
    const failing = (directory: string) => {
      const seen = new Recorder();
      const handler = supervised({
        batch(batch) {
          seen.batch(batch);
          throw new Error("no");
        },
      }, { onFailure: "skip", deadLetter: directory });
      return { seen, handler };
    };
    const all = each(COUNT, (i) => failing(`${directory}/h${i}`));
    {
      await using client = await connected(new ScriptedTransport(feed.bytes, null), {
        framing,
        columns: [KEY],
        partition: { key: "symbol" },
        handlers: each(COUNT, () => ({})),
      });
      await within(client.run(each(COUNT, (i) => all[`h${i}`].handler)), "end of the feed");
    }
    for (const [name, { seen }] of Object.entries(all)) {
      using reader = await readSpill(`${directory}/${name}`, 1);
      let text = "";
      for (let one = await reader.next(); one.type === "record"; one = await reader.next()) {
        text += new TextDecoder().decode(describeBatch(one.payload).data);
      }
      const sent = seen.frames.get(1)!.map((frame) => frame.text);
      assertEquals(text.split(/\r?\n/).slice(0, -1), sent);
    }
    await Deno.remove(directory, { recursive: true });
  }, 7));
