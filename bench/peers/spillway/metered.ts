/** The handler that all Spillway clients share: counts frames, sums a field, answers in echo mode. */
import type { Batch, Column, Handler } from "../../../mod.ts";
import { type Job, Meter } from "../deno/meter.ts";

/** Sums field 0 of a batch; below 2^53 for any batch. */
export type Sum<C extends readonly Column[]> = (batch: Batch<C>) => number;

/** Does `job`, and prints what the runner reads when it closes. */
export function metered<const C extends readonly Column[]>(
  job: Job,
  sumOf: Sum<C>,
): Handler<C> {
  const meter = new Meter();
  let frames = 0;
  let sum = 0n;
  return {
    batch(batch, context) {
      if (frames === 0) meter.add(context.stats().bytesRead);
      frames += batch.count;
      sum += BigInt(sumOf(batch));
      if (job.mode === "echo") return context.write(replies(batch));
    },
    close(context) {
      meter.bytes = context.stats().bytesRead;
      meter.report(frames, sum);
    },
  };
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
