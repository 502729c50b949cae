/** Writes each frame to the one file it may write to, and tells the server whether it may do more. */
import type { Handler } from "../../../../mod.ts";

export default {
  async batch(batch, context) {
    for (let i = 0; i < batch.count; i++) {
      const path = batch.text(i);
      const outcome = await Deno.writeTextFile(path, "granted").then(
        () => "written",
        (e) => e.name,
      );
      await context.write(`${outcome}\n`);
    }
  },
} satisfies Handler;
