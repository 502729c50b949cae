/** Two clients with a handler process each: one that waits and one that spins. Prints their ids and stays. */
import { processHandler } from "../../../../isolation.ts";
import { connect } from "../../../../mod.ts";

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
for (const body of ["return new Promise(() => {})", "for (;;);"]) {
  const client = await connect(`127.0.0.1:${listener.addr.port}`, { framing: { type: "lines" } });
  const conn = await listener.accept();
  await conn.write(new TextEncoder().encode("line\n"));
  const source = `export default { async batch(batch, { write }) { await write("x"); ${body} } };`;
  const handler = processHandler(`data:text/javascript,${encodeURIComponent(source)}`, {
    startTimeoutMs: 120_000,
    batchTimeoutMs: 120_000,
  });
  void client.run(handler);
  // The handler has the batch.
  await conn.read(new Uint8Array(1));
  console.log(handler.stats().pid);
}
