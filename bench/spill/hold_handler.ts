/** A handler that stands still for `holdMs` with its first batch; prints what it got: `JOB`, as JSON. */
import type { Handler } from "../../mod.ts";
import type { SpillJob, SpillRun } from "./client.ts";

/** What only the handler knows of a run. */
export type HeldCount = Pick<SpillRun, "frames" | "sum" | "heldMs">;

const { holdMs = 0 }: SpillJob = JSON.parse(Deno.args[0]);
let frames = 0;
let sum = 0n;
let heldMs = 0;

const handler: Handler = {
  async batch(batch) {
    if (frames === 0) {
      const began = performance.now();
      await new Promise((resolve) => setTimeout(resolve, holdMs));
      heldMs = performance.now() - began;
    }
    frames += batch.count;
    let fields = 0;
    for (let i = 0; i < batch.count; i++) fields += batch.u32(i, 0);
    sum += BigInt(fields);
  },
  close() {
    const count: HeldCount = { frames, sum: String(sum), heldMs };
    console.log(JSON.stringify(count));
  },
};

export default handler;
