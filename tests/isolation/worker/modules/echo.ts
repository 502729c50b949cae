/** Answers each batch with a line that says what it saw. */
import type { Handler } from "../../../../mod.ts";

export default {
  open: (context) => context.write("open\n"),
  async batch(batch, context) {
    for (let i = 0; i < batch.count; i++) await context.write(`${batch.text(i)}\n`);
  },
  close() {},
} satisfies Handler;
