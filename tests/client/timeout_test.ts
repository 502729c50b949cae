/** The connect timeout, behind the connection. */
import { assertEquals } from "@std/assert";
import { collectNumbers, connected, delay, numbered, send, serve } from "./harness.ts";

Deno.test("connectTimeoutMs is over once the connection stands", async () => {
  await using server = serve(async (conn) => {
    await delay(60);
    await send(conn, numbered(1));
  });
  await using client = await connected(server.target, { connectTimeoutMs: 50 });
  assertEquals(await collectNumbers(client), [0]);
});
