/** Does what a worker does not contain: `kill`, `memory` or `nested`, as the frame says. */
import type { Handler } from "../../../../mod.ts";

const DEEDS: Record<string, () => Promise<void>> = {
  async kill() {
    const { kill } = await import("node:process");
    kill(Deno.pid, "SIGKILL");
  },
  memory() {
    const kept: number[][] = [];
    while (true) kept.push(new Array(100_000).fill(Math.random()));
  },
  async nested() {
    const { Worker } = await import("node:worker_threads");
    const code = `
      import { parentPort } from "node:worker_threads";
      try { Deno.hostname(); parentPort.postMessage("done"); }
      catch (error) { parentPort.postMessage(error.name); }
    `;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
    const said = await new Promise((resolve) => worker.once("message", resolve));
    await worker.terminate();
    console.log("nested", said);
  },
};

export default {
  batch: (batch) => DEEDS[batch.text(0)](),
} satisfies Handler;
