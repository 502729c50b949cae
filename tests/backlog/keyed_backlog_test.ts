/** Handlers that share a feed by key, and what they have no room for: counted, or on disk. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { connect, type ConnectOptions, type Framing } from "../../mod.ts";
import { journalTo, spillTo } from "../../spill.ts";
import { describeBatch } from "../../src/spill/batch_head.ts";
import { readSpill } from "../../src/spill/inspect.ts";
import { assertSums, until, within } from "../client/harness.ts";
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
import { inDirectory } from "../spill/harness.ts";
import { ScriptedTransport } from "../transport/scripted.ts";

const SLAB_BYTES = 256 * 1024;
const COUNT = 3;

function connected(
  transport: ScriptedTransport,
  framing: Framing,
  options: Partial<ConnectOptions>,
) {
  return connect(transport, {
    framing: { ...framing, maxFrameLength: 1000 } as Framing,
    columns: [KEY],
    partition: { key: "symbol" },
    handlers: each(COUNT, () => ({})),
    bufferBytes: 4 * SLAB_BYTES,
    ...options,
  });
}

/** Recorders that stand until let. */
function gated(): { recorders: Record<string, Recorder>; open: () => void } {
  const gate = Promise.withResolvers<void>();
  let isOpen = false;
  const recorders = each(COUNT, () => new Recorder(() => isOpen ? undefined : gate.promise));
  const open = () => {
    isOpen = true;
    gate.resolve();
  };
  return { recorders, open };
}

function framesOf(recorders: Record<string, Recorder>, epoch = 1): KeyedFrame[][] {
  return Object.values(recorders).map(({ frames }) => frames.get(epoch) ?? []);
}

for (const framing of FRAMINGS) {
  Deno.test(`frames of ${framing.type} that were spilled by key come back as they were`, () =>
    drawn((draw) =>
      inDirectory(async (directory) => {
        const feed = keyedFeed(draw, framing, 25_000);
        const transport = new ScriptedTransport(...pieces(draw, feed.bytes, 150_000));
        await using client = await connected(transport, framing, {
          whenFull: spillTo(directory, { segmentBytes: SLAB_BYTES }),
        });
        const { recorders, open } = gated();
        const running = client.run(recorders);
        await until(() => transport.starved, "whole feed");
        const { framesSpilled } = client.stats();
        assertGreater(framesSpilled, 1000);
        open();
        transport.give(null);
        await within(running, "end");
        const lists = framesOf(recorders);
        assertShared(lists);
        assertComplete(lists, feed);
        assertEquals(client.stats().framesDropped, 0);
        assertSums(client);
      }), 1));

  Deno.test(`after a restart journals of ${framing.type} have each key at its handler`, () =>
    drawn((draw) =>
      inDirectory(async (directory) => {
        const first = keyedFeed(draw, framing, 6000);
        const second = keyedFeed(draw, framing, 3000);
        const whenFull = journalTo(directory);
        const before = each(COUNT, () => new Recorder());
        const transport = new ScriptedTransport(...pieces(draw, first.bytes, 50_000));
        const stuck = Promise.withResolvers<void>();
        let calls = 0;
        {
          await using client = await connected(transport, framing, { whenFull });
          const handlers = each(COUNT, (i) => ({
            async batch(batch: Parameters<Recorder["batch"]>[0]) {
              if ((calls += 1) > 12) await stuck.promise;
              await before[`h${i}`].batch(batch);
            },
          }));
          const running = client.run(handlers);
          await until(() => transport.starved && calls > 12, "whole feed");
          const closing = client.close();
          stuck.resolve();
          await closing;
          await running;
          assertGreater(client.stats().framesPending, 0);
        }
        const next = new ScriptedTransport(...pieces(draw, second.bytes, 50_000), null);
        await using client = await connected(next, framing, { whenFull });
        const after = each(COUNT, () => new Recorder());
        await within(client.run(after), "end");
        assertGreater(client.stats().framesRecovered, 0);
        const epochs = new Set(Object.values(after).flatMap(({ frames }) => [...frames.keys()]));
        assertEquals(epochs, new Set([1, 2]));
        const handled = framesOf(before);
        const recovered = framesOf(after, 1);
        const news = framesOf(after, 2);
        for (const list of [handled, recovered, news]) assertShared(list);
        // No key has been at two handlers, before and after.
        const all = handled.map((list, i) => [...list, ...recovered[i], ...news[i]]);
        assertShared(all.map((list) => list.map((frame, i) => ({ ...frame, streamOffset: i }))));
        assertComplete(news, second);
        // What was handled and what came again are all there was.
        const once = new Map(
          [...handled, ...recovered].flat().map((frame) => [frame.streamOffset, frame]),
        );
        assertComplete([[...once.values()]], first);
      }), 2));
}

Deno.test("a lane's records have its own frames' bytes, and no others", () =>
  drawn((draw) =>
    inDirectory(async (directory) => {
      const framing = { type: "lines" } as const;
      const feed = keyedFeed(draw, framing, 5000);
      const transport = new ScriptedTransport(feed.bytes, null);
      await using client = await connected(transport, framing, {
        whenFull: journalTo(directory, { segmentBytes: 64 * SLAB_BYTES }),
      });
      const recorders = each(COUNT, () => new Recorder());
      await within(client.run(recorders), "end");
      let written = 0;
      for (const name of names(COUNT)) {
        using reader = await readSpill(`${directory}/${name}`, 1);
        const texts: string[] = [];
        for (
          let result = await reader.next();
          result.type === "record";
          result = await reader.next()
        ) {
          texts.push(new TextDecoder().decode(describeBatch(result.payload).data));
        }
        const lines = texts.join("").split(/\r?\n/).slice(0, -1);
        assertEquals(lines, recorders[name].frames.get(1)!.map(({ text }) => text));
        written += texts.join("").length;
      }
      assertEquals(written, feed.bytes.length);
    }), 3));

for (const whenFull of ["drop_oldest", "drop_newest"] as const) {
  Deno.test(`${whenFull} by key drops no more than it counts, lane by lane`, () =>
    drawn(async (draw) => {
      const framing = { type: "lines" } as const;
      const feed = keyedFeed(draw, framing, 40_000);
      const transport = new ScriptedTransport(...pieces(draw, feed.bytes, 100_000));
      await using client = await connected(transport, framing, { whenFull });
      const { recorders, open } = gated();
      const running = client.run(recorders);
      await until(() => transport.starved, "whole feed");
      open();
      transport.give(null);
      await within(running, "end");
      const lists = framesOf(recorders);
      assertShared(lists);
      const stats = client.stats();
      const [word, other] = whenFull === "drop_oldest"
        ? ["framesDroppedOldest", "framesDroppedNewest"] as const
        : ["framesDroppedNewest", "framesDroppedOldest"] as const;
      assertGreater(stats[word], 1000);
      assertEquals([stats[other], stats.framesPending, stats.pauses], [0, 0, 0]);
      assertEquals(stats.framesDelivered + stats[word], feed.frames.length);
      // What each handler was not given is what its lane has dropped.
      const owner = new Map(lists.flatMap((list, i) => list.map(({ key }) => [key, i])));
      const sent = lists.map((_, i) =>
        feed.frames.filter(({ key }) => owner.get(key) === i).length
      );
      const byHandler = Object.values(client.statsByHandler());
      for (const [i, own] of byHandler.entries()) {
        assertEquals(own.framesDelivered, lists[i].length);
        assertEquals(own.framesDelivered + own[word], sent[i]);
        assert(own[word] > 0);
      }
      const known = new Map(feed.frames.map((frame) => [frame.streamOffset, frame]));
      for (const frame of lists.flat()) assertEquals(frame, known.get(frame.streamOffset));
    }, 4));
}

Deno.test("a lane that drops goes on where another blocks", () =>
  drawn(async (draw) => {
    const framing = { type: "lines" } as const;
    const feed = keyedFeed(draw, framing, 40_000);
    const transport = new ScriptedTransport(...pieces(draw, feed.bytes, 100_000), null);
    await using client = await connected(transport, framing, {
      handlers: { h0: { whenFull: "drop_oldest" }, h1: {}, h2: { whenFull: "drop_newest" } },
    });
    const { recorders, open } = gated();
    const running = client.run(recorders);
    await until(() => client.stats().pauses > 0, "pause for the one that blocks");
    open();
    await within(running, "end");
    assertShared(framesOf(recorders));
    const { h1 } = client.statsByHandler();
    assertEquals([h1.framesDroppedOldest, h1.framesDroppedNewest, h1.framesPending], [0, 0, 0]);
    const stats = client.stats();
    assertEquals(stats.framesDelivered + stats.framesDropped, feed.frames.length);
  }, 5));
