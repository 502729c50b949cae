/** When a journal syncs, and that it goes on by what has been synced. */
import { assertEquals } from "@std/assert";
import { connect } from "../../mod.ts";
import { type JournalOptions, journalTo } from "../../spill.ts";
import { journalBy } from "../../src/backlog/spill_to.ts";
import { openSpill } from "../../src/spill/open.ts";
import type { OpenStore } from "../../src/spill/record_store.ts";
import { delay, FRAMING, numbered, numbersOf, until, upTo, within } from "../client/harness.ts";
import { FaultDisk } from "../spill/fault_disk.ts";
import { inDirectory } from "../spill/harness.ts";
import { random } from "../spill/random.ts";
import { ScriptedTransport } from "../transport/scripted.ts";

/** Room for one segment, and less than a slab has. */
const SMALL = { segmentBytes: 64 * 1024, maxBytes: 64 * 1024, syncEveryMs: 5 };
const FRAMES = 2000;

/** Numbers of the frames that a journal's client is given, of those that it is sent. */
async function journaled(
  directory: string,
  options: JournalOptions,
  sent: Uint8Array,
): Promise<number[]> {
  const client = await connect(new ScriptedTransport(sent, null), {
    framing: FRAMING,
    whenFull: journalTo(directory, options),
  });
  const numbers: number[] = [];
  const running = client.run({ batch: (batch) => void numbers.push(...numbersOf(batch)) });
  await within(running, "end");
  return numbers;
}

Deno.test("a journal goes on however little room it has beside the buffer's", async () => {
  await inDirectory(async (directory) => {
    assertEquals(await journaled(directory, SMALL, numbered(FRAMES, 60)), upTo(FRAMES));
  });
});

Deno.test("a journal has the room of what was handled before it was opened", async () => {
  await inDirectory(async (directory) => {
    for (let i = 0; i < 3; i++) {
      assertEquals(await journaled(directory, SMALL, numbered(500, 60)), upTo(500));
    }
  });
});

Deno.test("a sync of a journal that failed is tried again though nothing more comes", async () => {
  const disk = new FaultDisk(random(1));
  const transport = new ScriptedTransport();
  const openStore: OpenStore = (_, options) => openSpill(disk, options);
  const failed: string[] = [];
  const client = await connect(transport, {
    framing: FRAMING,
    whenFull: journalBy(openStore, disk.path, { syncEveryMs: 2 }),
    onEvent: ({ type }) => type === "spill_failed" && failed.push(type),
  });
  const running = client.run({ batch() {} });
  disk.fault = ({ operation }) => operation === "rename" ? "error" : undefined;
  transport.give(numbered(1));
  await until(() => failed.length > 0, "refusal");
  const { length } = disk.operations;
  disk.fault = () => undefined;
  const renamed = () =>
    disk.operations.slice(length).some(({ operation }) => operation === "rename");
  await until(renamed, "cursor");
  await client.close();
  await running;
});

Deno.test("what was written and handled while a journal was synced is synced behind that", async () => {
  await inDirectory(async (directory) => {
    const syncs: PromiseWithResolvers<void>[] = [];
    const openStore: OpenStore = async (path, options) => {
      const store = await openSpill(path, options);
      const sync = store.sync.bind(store);
      store.sync = async () => {
        const result = await sync();
        syncs.push(Promise.withResolvers());
        await syncs.at(-1)!.promise;
        return result;
      };
      return store;
    };
    const transport = new ScriptedTransport();
    const client = await connect(transport, {
      framing: FRAMING,
      whenFull: journalBy(openStore, directory, { syncEveryMs: 2 }),
    });
    const running = client.run({ batch() {} });
    for (let given = 1; given <= 2; given++) {
      transport.give(numbered(1));
      await until(() => client.stats().framesDelivered === given, "batch");
      await until(() => syncs.length > 0, "sync");
    }
    await delay(20);
    syncs[0].resolve();
    await until(() => syncs.length === 2, "another sync");
    const closing = client.close();
    const timer = setInterval(() => syncs.forEach(({ resolve }) => resolve()), 1);
    await within(closing, "end");
    clearInterval(timer);
    await running;
  });
});
