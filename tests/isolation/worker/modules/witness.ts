/** Tells the server of each frame what it saw. */
import type { Batch, Handler } from "../../../../mod.ts";

/** Everything that can be seen of frame `i`. */
export function seen(batch: Batch, i: number): string {
  const columns = Object.entries(batch.columns as Record<string, ArrayLike<unknown>>)
    .map(([name, values]) => [name, String(values[i])]);
  const kept = batch.copy();
  return JSON.stringify({
    bytes: [...batch.frame(i)],
    text: batch.text(i),
    offset: batch.streamOffset(i),
    rawLength: batch.rawLength(i),
    epoch: batch.epoch,
    columns,
    copied: [kept.text(i), kept.streamOffset(i), kept.bytes.buffer instanceof ArrayBuffer],
  });
}

export default {
  async batch(batch, context) {
    for (let i = 0; i < batch.count; i++) await context.write(`${seen(batch, i)}\n`);
  },
} satisfies Handler;
