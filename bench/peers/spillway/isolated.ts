/** Spillway with its reader and its handler in workers of their own. */
import { connectIsolated } from "../../../isolation.ts";
import { parseJob } from "../deno/meter.ts";
import { framingOf } from "./feed.ts";

const job = parseJob(Deno.args);
const { hostname, port } = job;
await using client = await connectIsolated({ hostname, port }, {
  framing: framingOf(job),
  handler: { module: import.meta.resolve("./isolated_handler.ts") },
});
const end = await client.closed;
if ("reason" in end && end.reason !== "eof") throw end;
