/** Tells the server which numbers each batch runs from and to, after a while for the first one; throws at what says so. */
import type { Handler } from "../../../mod.ts";

const FIRST_MS = 500;
let first = true;

export default {
  async batch(batch, context) {
    if (first) await new Promise((resolve) => setTimeout(resolve, FIRST_MS));
    first = false;
    const [from, to] = [batch.u32(0, 0), batch.u32(batch.count - 1, 0)];
    for (let i = 0; i < batch.count; i++) {
      if (batch.u32(i, 0) !== from + i) throw new Error(`${from + i} is ${batch.u32(i, 0)}`);
      if (batch.columns.number[i] !== from + i) throw new Error(`column ${from + i}`);
    }
    await context.write(`${from} ${to}\n`);
  },
} satisfies Handler<readonly [{ name: "number"; type: "u32"; at: 0 }]>;
