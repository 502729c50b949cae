/** How long a batch is out: a handler that takes its time for each frame gets fewer of them. */
import { assert, assertGreater, assertLess } from "@std/assert";
import { connect } from "../../mod.ts";
import { processHandler } from "../../isolation.ts";
import { delay, FRAMING, numbered, until, within } from "../client/harness.ts";
import { ScriptedTransport } from "../transport/scripted.ts";

const FRAMES = 20_000;

Deno.test("an asynchronous handler that is slow for each frame gets batches of about a second at the most", async () => {
  const transport = new ScriptedTransport(numbered(FRAMES));
  await using client = await connect(transport, { framing: FRAMING });
  const counts: number[] = [];
  const running = client.run({
    async batch(batch) {
      counts.push(batch.count);
      await delay(batch.count * 20);
    },
  });
  await until(() => counts.length === 9, "calls");
  await client.close();
  await within(running, "end");
  // 50 frames fill a second.
  assertGreater(Math.max(...counts), 20, counts.join());
  assertLess(Math.max(...counts), 100, counts.join());
});

Deno.test("a process that is slow for each frame is not taken for one that hangs", async () => {
  const module = "data:text/javascript," + encodeURIComponent(`export default {
    async batch(batch, { write }) {
      await new Promise((resolve) => setTimeout(resolve, batch.count));
      await write(batch.count + "\\n").catch(() => {});
    },
  };`);
  await using handler = processHandler(module, { batchTimeoutMs: 1000 });
  await handler.load();
  const transport = new ScriptedTransport(numbered(FRAMES));
  await using client = await connect(transport, { framing: FRAMING });
  const running = client.run(handler);
  await until(() => client.stats().framesDelivered > 2000, "frames");
  const counts = transport.written.map((bytes) => new TextDecoder().decode(bytes)).join("").trim()
    .split("\n").map(Number);
  assert(counts.length > 8, counts.join());
  // A quarter of the time it has: 250 frames.
  assertLess(Math.max(...counts), 400, counts.join());
  await client.close();
  await within(running, "end");
});
