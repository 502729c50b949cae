/** Tells the server which numbers each batch runs from and to; never returns from the batch with number 50000. */
import type { Handler } from "../../../../mod.ts";

const STUCK_AT = 50_000;

export default {
  async batch(batch, context) {
    const [from, to] = [batch.u32(0, 0), batch.u32(batch.count - 1, 0)];
    if (from <= STUCK_AT && STUCK_AT <= to) await new Promise(() => {});
    await context.write(`${from} ${to}\n`);
  },
} satisfies Handler;
