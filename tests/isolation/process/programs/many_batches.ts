/** A handler process that gets very many batches. Prints the bytes of heap each of them has left behind. */
import { processHandler } from "../../../../isolation.ts";
import { connect } from "../../../../mod.ts";

const WARM_UP = 1000;
const BATCHES = 10_000;

/** Bytes in use; `gc` is there by a flag of V8's. */
function heapBytes(): number {
  (globalThis as unknown as { gc(): void }).gc();
  return Deno.memoryUsage().heapUsed;
}

using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
await using client = await connect(`127.0.0.1:${listener.addr.port}`, {
  framing: { type: "lines" },
});
using conn = await listener.accept();
await conn.write(new TextEncoder().encode("line\n"));
const handler = processHandler("data:text/javascript,export default { batch() {} }", {
  startTimeoutMs: 120_000,
  batchTimeoutMs: 120_000,
});
const context = {
  signal: new AbortController().signal,
  write: () => Promise.resolve(),
  stats: () => client.stats(),
  options: {},
};
for await (const batch of client) {
  await handler.open!(context);
  for (let i = 0; i < WARM_UP; i++) await handler.batch(batch, context);
  const before = heapBytes();
  for (let i = 0; i < BATCHES; i++) await handler.batch(batch, context);
  console.log((heapBytes() - before) / BATCHES);
  await handler.close!(context);
  break;
}
