/** A handler in a worker sees what one inline sees. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Batch, Column, Framing } from "../../../mod.ts";
import { workerHandler } from "../../../isolation.ts";
import { connected, within } from "../../client/harness.ts";
import { framingsOf, TYPES } from "../../framing/cases.ts";
import { chunkings, cut, streams } from "../../framing/streams.ts";
import { SEED } from "../../spill/seed.ts";
import { ScriptedTransport } from "../../transport/scripted.ts";
import { moduleUrl } from "./harness.ts";
import { seen } from "./modules/witness.ts";

/** Streams a framing type; each starts a worker. */
const RUNS = Number(Deno.env.get("SPILLWAY_WORKER_RUNS") ?? 6);

const COLUMNS: readonly Column[] = [
  { name: "first", type: "u8", at: 0 },
  { name: "__proto__", type: "i16", at: 1, byteOrder: "little" },
  { name: "wide", type: "u64", at: 0 },
  { name: "real", type: "f32", at: 2 },
];

async function inline(framing: Framing, chunks: Uint8Array[]) {
  const frames: string[] = [];
  const transport = new ScriptedTransport(...chunks, null);
  await using client = await connected(transport, { framing, columns: COLUMNS });
  const batch = (batch: Batch) => {
    for (let i = 0; i < batch.count; i++) frames.push(seen(batch, i));
  };
  await within(client.run({ batch }).catch(() => {}), "end of the feed");
  const { reason } = await client.closed;
  return { frames, reason };
}

async function inWorker(framing: Framing, chunks: Uint8Array[]) {
  const transport = new ScriptedTransport(...chunks, null);
  await using client = await connected(transport, {
    framing,
    columns: COLUMNS,
    sharedMemory: true,
  });
  await within(client.run(workerHandler(moduleUrl("witness"))).catch(() => {}), "end of the feed");
  const { reason } = await client.closed;
  const decoder = new TextDecoder();
  const told = transport.written.map((bytes) => decoder.decode(bytes)).join("");
  return { frames: told.split("\n").slice(0, -1), reason };
}

for (const type of TYPES) {
  Deno.test(`a worker sees the frames of ${type} as an inline handler does`, async () => {
    const inputs = fc.constantFrom(...framingsOf(type)).chain((framing) =>
      fc.tuple(fc.constant(framing), streams(framing), chunkings)
    );
    const details = await fc.check(
      fc.asyncProperty(inputs, async ([framing, stream, lengths]) => {
        const chunks = [...cut(stream, lengths)];
        assertEquals(await inWorker(framing, chunks), await inline(framing, chunks));
      }),
      { seed: SEED, numRuns: RUNS, endOnFailure: true },
    );
    if (!details.failed) return;
    throw new Error(`SPILLWAY_SEED=${SEED}: ${fc.defaultReportMessage(details)}`, {
      cause: details.errorInstance,
    });
  });
}
