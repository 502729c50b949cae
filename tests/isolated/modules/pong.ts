/** Answers each PING itself: nothing else would. */
import type { Handler } from "../../../mod.ts";

export default {
  async batch(batch, context) {
    for (let i = 0; i < batch.count; i++) {
      if (batch.lengths[i] === 4 && batch.text(i) === "PING") await context.write("PONG\n");
    }
  },
} satisfies Handler;
