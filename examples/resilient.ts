/**
 * Comes back after every disconnect, and writes down whose fault it was.
 *
 *     deno run --allow-net=localhost:9000 examples/resilient.ts localhost:9000
 *
 * @module
 */

import { type ClientEvent, connect, DisconnectError } from "@spillway/spillway";

/** One line an event, on standard error: standard output is for what the feed says. */
function log(event: ClientEvent): void {
  if (event.type === "disconnected") {
    const { reason, code, report } = event.error;
    const { frames, verdict } = report;
    console.error(`${code ?? reason} after ${frames} frames: ${verdict.sentence}`);
  } else if (event.type === "reconnecting") {
    console.error(`attempt ${event.attempt} in ${event.delayMs.toFixed(0)} ms`);
  } else {
    console.error(event.type);
  }
}

await using client = await connect(Deno.args[0], {
  framing: { type: "lines" },
  // Up to 100, 200, 400 … ms: clients that were thrown out together do not come back together.
  reconnect: { initialDelayMs: 100, maxDelayMs: 30_000, maxAttempts: 4 },
  // A server that is gone without a word is noticed, too.
  idleTimeoutMs: 15_000,
  onEvent: log,
});

try {
  for await (const batch of client) {
    // A new epoch means a gap: whatever is kept from frame to frame starts anew.
    console.log(`connection ${batch.epoch}: up to ${batch.text(batch.count - 1)}`);
  }
} catch (error) {
  if (!(error instanceof DisconnectError)) throw error;
  console.error(`given up: ${error.message}`);
}
