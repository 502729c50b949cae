/**
 * The demo's server, in a process of its own: pushes to its clients and cuts
 * off who lets its send queue overrun.
 *
 * @module
 */

import { startPushServer } from "../../push/server.ts";
import { demoFeed, QUEUE_LIMIT_BYTES } from "./load.ts";
import { limitLifetime, type ServerTask, tell, TELL_EVERY_MS } from "./messages.ts";

if (import.meta.main) {
  limitLifetime();
  const task: ServerTask = JSON.parse(Deno.args[0]);
  const server = await startPushServer({
    ...task,
    feed: demoFeed(),
    maxQueueBytes: QUEUE_LIMIT_BYTES,
    onEvent: tell,
  });
  tell({ type: "listening", port: server.port });
  setInterval(() => tell({ type: "counters", clients: server.clients() }), TELL_EVERY_MS);
  // Standard input ends with the process that started this one.
  await Promise.race([server.closed, new Response(Deno.stdin.readable).bytes()]);
  Deno.exit(0);
}
