/**
 * What both Spillway clients share: connect, hand batches to a sum, answer in
 * echo mode.
 */
import { type Batch, type Column, connect } from "../../../mod.ts";
import { Meter, parseJob } from "../deno/meter.ts";

/** Sums field 0 of a batch; below 2^53 for any batch. */
export type Sum<C extends readonly Column[]> = (batch: Batch<C>) => number;

/** Runs the job of the command line with `columns` declared. */
export async function feed<const C extends readonly Column[]>(
  columns: C,
  sumOf: Sum<C>,
): Promise<void> {
  const job = parseJob(Deno.args);
  const meter = new Meter();
  let frames = 0;
  let sum = 0n;
  await using client = await connect({ hostname: job.hostname, port: job.port }, {
    framing: job.line ? { type: "lines" } : { type: "length_field", initialBytesToStrip: 4 },
    columns,
  });
  await client.run({
    batch(batch, context) {
      if (frames === 0) meter.add(context.stats().bytesRead);
      frames += batch.count;
      sum += BigInt(sumOf(batch));
      if (job.mode === "echo") return context.write(replies(batch));
    },
  });
  meter.bytes = client.stats().bytesRead;
  meter.report(frames, sum);
}

function replies(batch: Batch): Uint8Array {
  const all = new Uint8Array(4 * batch.count);
  for (let i = 0; i < batch.count; i++) {
    const at = batch.offsets[i];
    all.set(batch.bytes.subarray(at, at + 4), 4 * i);
  }
  return all;
}
