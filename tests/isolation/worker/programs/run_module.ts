/** Runs the handler module MODULE in a worker on one LINE; says how that ended. */
import { connect, type HandlerError } from "../../../../mod.ts";
import { workerHandler } from "../../../../isolation.ts";

const [module, line] = Deno.args;
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const { port } = listener.addr as Deno.NetAddr;
const client = await connect(`127.0.0.1:${port}`, {
  framing: { type: "lines" },
  sharedMemory: true,
  bufferBytes: 1024 * 1024,
});
const conn = await listener.accept();
await conn.write(new TextEncoder().encode(`${line}\n`));
await conn.closeWrite();
const handler = workerHandler(import.meta.resolve(`../modules/${module}.ts`), {
  heartbeatTimeoutMs: 1500,
});
try {
  await client.run(handler);
  console.log("ended");
} catch (error) {
  const { name, cause } = error as HandlerError;
  console.log(name, (cause as Error | undefined)?.name);
}
conn.close();
listener.close();
