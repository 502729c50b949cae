/** A program with a feed in isolated mode that computes for a while itself: `HOST:PORT MODULE MS`. */
import { connectIsolated } from "../../../isolation.ts";

const [target, module, ms] = Deno.args;
const client = await connectIsolated(target, { framing: { type: "lines" }, handler: { module } });
const until = performance.now() + Number(ms);
while (performance.now() < until);
const { message } = await client.closed;
console.log(JSON.stringify({ end: message, stats: client.stats() }));
