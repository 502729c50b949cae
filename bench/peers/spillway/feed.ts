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

/** Answers of one batch: written at once, so the same memory serves all. */
let answers = new Uint8Array(4096);

function replies(batch: Batch): Uint8Array {
  const { bytes, offsets, count } = batch;
  if (4 * count > answers.length) answers = new Uint8Array(8 * count);
  for (let i = 0; i < count; i++) {
    const at = offsets[i];
    for (let byte = 0; byte < 4; byte++) answers[4 * i + byte] = bytes[at + byte];
  }
  return answers.subarray(0, 4 * count);
}
