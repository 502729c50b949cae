/**
 * The reader may connect to one server, the journal may use one directory, the
 * handler may do nothing but print; each in a worker of its own. Kill it and start
 * it again: it goes on with the first line that was not printed.
 *
 *     deno run --unstable-worker-options --no-prompt --allow-net=localhost:9000 \
 *       --allow-write=feed --allow-read=feed,src,examples/isolated \
 *       examples/isolated/client.ts localhost:9000 feed
 *
 * Here Spillway is loaded from files, which the workers' modules are read from
 * with the rights of this program: that is why `src` is among them.
 *
 * @module
 */

import { connectIsolated } from "@spillway/spillway/isolation";

const [address = "localhost:9000", directory = "feed"] = Deno.args;

await using client = await connectIsolated(address, {
  framing: { type: "lines" },
  whenFull: { journal: directory },
  handler: { module: import.meta.resolve("./print.ts") },
});
// This isolate is free for other things; nothing here can hold up the feed.
const end = await client.closed;
const { framesRecovered, framesDelivered } = client.stats();
console.error(end.message);
console.error(`${framesDelivered} lines, ${framesRecovered} of them from an earlier run`);
