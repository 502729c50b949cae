/**
 * Ticks with a 4-byte length: number of ticks, and the highest sequence and the mean price among them.
 *
 *     deno run --allow-net=localhost:9000 examples/ticks.ts localhost:9000
 *
 * @module
 */

import { connect } from "@spillway/spillway";

await using client = await connect(Deno.args[0], {
  framing: { type: "length_field", initialBytesToStrip: 4 },
  // The core gathers these while the bytes are in cache: no accessor call a tick.
  columns: [
    { name: "sequence", type: "u32", at: 0 },
    { name: "price", type: "u16", at: 4 },
  ],
});

let ticks = 0;
let highest = 0;
let total = 0;
for await (const batch of client) {
  ticks += batch.count;
  for (const price of batch.columns.price) total += price;
  for (const sequence of batch.columns.sequence) highest = Math.max(highest, sequence);
}
console.log(`${ticks} ticks up to ${highest}, mean price ${(total / ticks).toFixed(2)}`);
