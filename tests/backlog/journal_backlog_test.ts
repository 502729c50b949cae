/** A journal: what was read and not handled comes again, whatever ended the process. */
import { assertEquals, assertGreater, assertLess, assertRejects, assertThrows } from "@std/assert";
import { type Client, connect, type ConnectOptions, OptionError } from "../../mod.ts";
import { type JournalOptions, journalTo } from "../../spill.ts";
import { journalBy } from "../../src/backlog/spill_to.ts";
import { DenoDisk } from "../../src/spill/deno_disk.ts";
import { RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES } from "../../src/spill/format.ts";
import { openSpill } from "../../src/spill/open.ts";
import type { OpenStore } from "../../src/spill/record_store.ts";
import { SpillIoError } from "../../src/spill/errors.ts";
import { delay, FRAMING, numbered, numbersOf, until, upTo, within } from "../client/harness.ts";
import { inDirectory } from "../spill/harness.ts";
import { ScriptedTransport } from "../transport/scripted.ts";

const SLAB_BYTES = 256 * 1024;
const FRAMES = 20_000;

async function journaling(directory: string, options: JournalOptions = {}) {
  const transport = new ScriptedTransport();
  const client = await connect(transport, {
    framing: FRAMING,
    bufferBytes: 4 * SLAB_BYTES,
    whenFull: journalTo(directory, options),
  });
  return { transport, client };
}

Deno.test("journalTo() delivers everything in order, and nothing of it twice", async () => {
  await inDirectory(async (directory) => {
    const { transport, client } = await journaling(directory);
    const numbers: number[] = [];
    const running = client.run({ batch: (batch) => void numbers.push(...numbersOf(batch)) });
    transport.give(numbered(FRAMES, 60), null);
    await within(running, "end");
    assertEquals(numbers, upTo(FRAMES));
    const { frames, framesDelivered, framesPending, framesDropped } = client.stats();
    assertEquals([framesDelivered, framesPending, framesDropped], [frames, 0, 0]);
    const next = await journaling(directory);
    const again = next.client.run({ batch: (batch) => void numbers.push(...numbersOf(batch)) });
    next.transport.give(null);
    await within(again, "end");
    assertEquals(numbers.length, FRAMES);
    assertEquals(next.client.stats().framesRecovered, 0);
  });
});

Deno.test("a slow handler gets what was written meanwhile together, however little came at a time", async () => {
  await inDirectory(async (directory) => {
    const { transport, client } = await journaling(directory);
    const held = Promise.withResolvers<void>();
    const numbers: number[] = [];
    let calls = 0;
    const running = client.run({
      async batch(batch) {
        calls += 1;
        numbers.push(...numbersOf(batch));
        await held.promise;
      },
    });
    for (let came = 0; came < 300; came += 3) {
      transport.give(numbered(3, 60, came));
      await until(() => client.stats().framesSpilled === came + 3, "all that came is on disk");
    }
    held.resolve();
    transport.give(null);
    await within(running, "end");
    assertEquals(numbers, upTo(300));
    // Each twice as large as the last, at the most.
    assertLess(calls, 12);
  });
});

Deno.test("behind a loop that close() ended from elsewhere, all it handled is acknowledged and the directory is free", async () => {
  await inDirectory(async (directory) => {
    const { transport, client } = await journaling(directory);
    transport.give(numbered(10));
    const numbers: number[] = [];
    for await (const batch of client) {
      numbers.push(...numbersOf(batch));
      if (numbers.length === 10) await client.close();
    }
    const next = await journaling(directory);
    const again = next.client.run({ batch: (batch) => void numbers.push(...numbersOf(batch)) });
    next.transport.give(null);
    await within(again, "end");
    assertEquals(numbers, upTo(10));
  });
});

Deno.test("what was not handled comes again after close(), behind what was, before what is new", async () => {
  await inDirectory(async (directory) => {
    const { transport, client } = await journaling(directory);
    const first: number[] = [];
    const held = Promise.withResolvers<void>();
    const running = client.run({
      async batch(batch) {
        const waits = first.length > 1000;
        first.push(...numbersOf(batch));
        if (waits) await held.promise;
      },
    });
    transport.give(numbered(FRAMES, 60));
    await until(() => transport.starved && first.length > 1000, "whole stream");
    const closing = client.close();
    held.resolve();
    await closing;
    await running;
    const { frames, framesDelivered, framesPending, framesDropped } = client.stats();
    assertEquals([framesDelivered + framesPending, framesDropped], [frames, 0]);
    assertGreater(framesPending, 0);

    const next = await journaling(directory);
    const second: { number: number; epoch: number }[] = [];
    const again = next.client.run({
      batch(batch) {
        for (const number of numbersOf(batch)) second.push({ number, epoch: batch.epoch });
      },
    });
    next.transport.give(numbered(10, 4, FRAMES), null);
    await within(again, "end");
    const numbers = second.map(({ number }) => number);
    assertEquals(numbers.slice(-10), upTo(10).map((i) => FRAMES + i));
    // Without a gap, and from where the first ended, in the middle of a record.
    assertEquals(numbers, upTo(numbers.length).map((i) => first.length + i));
    assertEquals([second[0].epoch, second.at(-1)?.epoch], [1, 2]);
    assertGreater(next.client.stats().framesRecovered, 0);
  });
});

Deno.test("a batch whose handler threw is not handled", async () => {
  await inDirectory(async (directory) => {
    const { transport, client } = await journaling(directory);
    const running = client.run({
      batch() {
        throw new Error("no");
      },
    });
    transport.give(numbered(1));
    await assertRejects(() => within(running, "end"), Error, "the handler threw");
    const next = await journaling(directory);
    const numbers: number[] = [];
    const again = next.client.run({ batch: (batch) => void numbers.push(...numbersOf(batch)) });
    next.transport.give(null);
    await within(again, "end");
    assertEquals(numbers, upTo(1));
  });
});

Deno.test("a journal whose disk refuses is told of, asks it again once a second, and lets the client end", async () => {
  await inDirectory(async (directory) => {
    let asked = 0;
    const openStore: OpenStore = (path, options) => {
      const disk = new DenoDisk(path);
      const open = disk.open.bind(disk);
      disk.open = async (name, mode) => {
        if (!name.startsWith("segment") || mode !== "create") return await open(name, mode);
        asked += 1;
        throw new SpillIoError("open", name, "no such luck");
      };
      return openSpill(disk, options);
    };
    const transport = new ScriptedTransport();
    const refused: string[] = [];
    const client = await connect(transport, {
      framing: FRAMING,
      whenFull: journalBy(openStore, directory),
      onEvent: (event) => event.type === "spill_failed" && refused.push(event.error.message),
    });
    const running = client.run({ batch: () => {} });
    transport.give(numbered(FRAMES, 60));
    await until(() => refused.length > 0, "event");
    await delay(500);
    assertLess(asked, 5);
    await within(client.close(), "end");
    await running;
    const { frames, framesDelivered, framesPending, framesDropped } = client.stats();
    assertEquals(framesDelivered + framesPending + framesDropped, frames);
  });
});

Deno.test("journalTo() refuses options that can't work by name", () => {
  for (const syncEveryMs of [0, -1, NaN, Infinity]) {
    const error = assertThrows(() => journalTo("x", { syncEveryMs }), OptionError);
    assertEquals(error.option, "syncEveryMs");
  }
});

/** Numbers of all frames the next client of a directory is given. */
async function left(directory: string): Promise<number[]> {
  const { transport, client } = await journaling(directory);
  const numbers: number[] = [];
  const running = client.run({ batch: (batch) => void numbers.push(...numbersOf(batch)) });
  transport.give(null);
  await within(running, "end");
  return numbers;
}

Deno.test("a batch whose loop body threw, or that no iteration took, is not handled", async () => {
  await inDirectory(async (directory) => {
    const { transport, client } = await journaling(directory);
    transport.give(numbered(1));
    const loop = async () => {
      for await (const batch of client) throw new Error(`${batch.count}`);
    };
    await assertRejects(() => within(loop(), "end"), Error, "1");
    assertEquals(await left(directory), [0]);
  });
  await inDirectory(async (directory) => {
    const { transport, client } = await journaling(directory);
    const iterator = client[Symbol.asyncIterator]();
    transport.give(numbered(1));
    await until(() => client.stats().frames === 1, "frame");
    await iterator.return!();
    assertEquals(await left(directory), [0]);
  });
});

Deno.test("a loop that is left while the client reconnects gets no batch behind it", async () => {
  await inDirectory(async (directory) => {
    const transports = [new ScriptedTransport(numbered(FRAMES, 60), null)];
    const never = Promise.withResolvers<null>();
    let reconnecting = false;
    const client = await connect({
      dial: () => transports.length > 0 ? Promise.resolve(transports.shift()!) : never.promise,
    }, {
      framing: FRAMING,
      whenFull: journalTo(directory),
      reconnect: { initialDelayMs: 0, maxDelayMs: 0 },
      onEvent: ({ type }) => reconnecting ||= type === "reconnecting",
    });
    let taken = 0;
    const loop = async () => {
      for await (const batch of client) {
        taken += batch.count;
        if (reconnecting) return;
      }
    };
    await within(loop(), "end");
    const { frames, framesDelivered, framesPending } = client.stats();
    assertEquals([framesDelivered, framesDelivered + framesPending], [taken, frames]);
    assertGreater(framesPending, 0);
  });
});

Deno.test("a batch that is out when the client is closed is handled if its handler finishes", async () => {
  await inDirectory(async (directory) => {
    const { transport, client } = await journaling(directory);
    const held = Promise.withResolvers<void>();
    const running = client.run({ batch: () => held.promise });
    transport.give(numbered(1));
    await until(() => client.stats().batches === 1, "batch");
    await client.close();
    held.resolve();
    await within(running, "end");
    assertEquals(await left(directory), []);
  });
});

Deno.test("close() gives the directory up first when no batch is out", async () => {
  await inDirectory(async (directory) => {
    const { transport, client } = await journaling(directory);
    transport.give(numbered(3));
    await until(() => client.stats().framesSpilled === 3, "journaled frames");
    using lock = Deno.openSync(`${directory}/lock`, { write: true });
    assertEquals(lock.tryLockSync(true), false);
    await client.close();
    assertEquals(lock.tryLockSync(true), true);
  });
});

Deno.test("a journal of other columns is refused, and stays as it is", async () => {
  await inDirectory(async (directory) => {
    const { transport, client } = await journaling(directory);
    transport.give(numbered(3));
    await until(() => client.stats().framesSpilled === 3, "journaled frames");
    await client.close();
    const other = () => withColumns({ whenFull: journalTo(directory) });
    const error = await assertRejects(other, OptionError, "were written with");
    assertEquals(error.option, "framing and columns");
    assertEquals(await left(directory), [0, 1, 2]);
  });
});

Deno.test("a journal of other columns is refused though its oldest record is damaged", async () => {
  await inDirectory(async (directory) => {
    const { transport, client } = await journaling(directory);
    for (let written = 1; written <= 2; written++) {
      transport.give(numbered(1));
      await until(() => client.stats().framesSpilled === written, "journaled frame");
    }
    await client.close();
    const segment = `${directory}/segment-0000000001.spill`;
    const bytes = await Deno.readFile(segment);
    bytes[SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES] ^= 1;
    await Deno.writeFile(segment, bytes);
    await assertRejects(() => withColumns({ whenFull: journalTo(directory) }), OptionError);
    assertEquals(await left(directory), [0]);
  });
});

Deno.test("nothing is at work when one of several journals is refused", async () => {
  await inDirectory(async (directory) => {
    const { transport, client } = await journaling(`${directory}/b`);
    transport.give(numbered(3));
    await until(() => client.stats().framesSpilled === 3, "journaled frames");
    await client.close();
    const handlers = { a: {}, b: {} };
    await assertRejects(
      () => withColumns({ whenFull: journalTo(directory), handlers }),
      OptionError,
    );
  });
});

/** Connects with a column that none of the journals has. */
function withColumns(options: Partial<ConnectOptions>): Promise<Client> {
  const columns = [{ name: "number", type: "u32", at: 0 }] as const;
  return connect(new ScriptedTransport(), { framing: FRAMING, columns, ...options });
}
