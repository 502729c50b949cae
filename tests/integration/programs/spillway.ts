/** Spillway with the same handler and nothing but its defaults. */
import { connect, DisconnectError } from "../../../mod.ts";
import { prepare } from "./client.ts";
import { tell } from "./messages.ts";

/** Runs until the connection ends. */
async function main(): Promise<void> {
  const { wire, port, handler, stopped } = await prepare();
  using _ = handler;
  const { framing, hello, respond } = wire;
  await using client = await connect(`127.0.0.1:${port}`, { framing, hello, respond });
  stopped.then(() => client.close());
  const feeding = client.run({
    batch(batch) {
      for (const frame of batch) handler.handle(frame);
    },
  });
  await feeding.catch((error) => {
    // A cut is what `closed` tells of.
    if (!(error instanceof DisconnectError)) throw error;
  });
  const { code, reason } = await client.closed;
  const stats = client.stats();
  const how = reason === "aborted" ? "closed" : code ?? reason;
  tell({ ...handler.ending(how, stats.bytesRead), stats });
}

if (import.meta.main) await main();
