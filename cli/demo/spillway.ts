/**
 * Spillway with the same handler.
 *
 * @module
 */

import { connect, DisconnectError } from "../../mod.ts";
import { prepare, Reporter } from "./client.ts";
import { DUTY_CYCLE_MS, FRAMING } from "./load.ts";
import { tell } from "./messages.ts";

/** Runs until the connection ends. */
async function main(): Promise<void> {
  const { task, handler } = await prepare();
  let paused = false;
  await using client = await connect(`127.0.0.1:${task.port}`, {
    framing: FRAMING,
    bufferBytes: task.bufferBytes,
    dutyCycleMs: DUTY_CYCLE_MS,
    onEvent: (event) => {
      if (event.type === "paused" || event.type === "resumed") paused = event.type === "paused";
    },
  });
  const progress = () => {
    const { bytesRead, framesPending: waiting } = client.stats();
    return { bytesRead, handled: handler.frames, waiting, paused };
  };
  using reporter = new Reporter(progress);

  const feeding = client.run({
    batch(batch) {
      for (const frame of batch) handler.handle(frame);
      reporter.tick(performance.now());
    },
  });
  await feeding.catch((error) => {
    // A cut is what `closed` tells of.
    if (!(error instanceof DisconnectError)) throw error;
  });

  const { code, report } = await client.closed;
  const { heldMs, pauses, framesDelivered } = client.stats();
  tell({
    type: "end",
    ...progress(),
    code,
    checksum: handler.checksum,
    pauses,
    costUs: heldMs * 1000 / Math.max(1, framesDelivered),
    report,
  });
}

if (import.meta.main) await main();
