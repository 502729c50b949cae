/** Notes batches by a write at a time, counts those and the ticks of a timer, and throws what came of both. */
import type { Handler } from "../../../../mod.ts";

const TICK_MS = 10;
const DURATION_MS = 1500;

let began: number | undefined;
let writing = false;
const counts = { batches: 0, ticks: 0, written: 0 };
setInterval(() => counts.ticks += 1, TICK_MS);

const handler: Handler = {
  batch(_batch, context) {
    const now = performance.now();
    began ??= now;
    counts.batches += 1;
    if (now - began >= DURATION_MS) throw new Error(JSON.stringify(counts));
    if (writing) return;
    writing = true;
    const written = () => {
      writing = false;
      counts.written += 1;
    };
    // The last one may find the client ended.
    context.write("noted\n").then(written, () => {});
  },
};

export default handler;
