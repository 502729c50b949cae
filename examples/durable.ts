/**
 * Nothing that was read is lost with the process. Kill it and start it again: it
 * goes on with the first line that was not printed.
 *
 *     deno run --allow-net=localhost:9000 --allow-read=feed --allow-write=feed \
 *       examples/durable.ts localhost:9000 feed
 *
 * @module
 */

import { connect } from "@spillway/spillway";
import { journalTo } from "@spillway/spillway/spill";

const [address = "localhost:9000", directory = "feed"] = Deno.args;

await using client = await connect(address, {
  framing: { type: "lines" },
  whenFull: journalTo(directory),
});
await client.run({
  async batch(batch) {
    for (let i = 0; i < batch.count; i++) console.log(batch.text(i));
    // Something that takes its time, and is done only when this promise settles.
    await new Promise((resolve) => setTimeout(resolve, 5));
  },
});
const { framesRecovered, framesDelivered } = client.stats();
console.error(`${framesDelivered} lines, ${framesRecovered} of them from an earlier run`);
