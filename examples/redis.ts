/**
 * Subscribes to a channel of Redis and prints its messages. Redis throws out subscribers that read
 * too slowly (client-output-buffer-limit pubsub): the very thing Spillway is for.
 *
 *     deno run --allow-net=localhost:6379 examples/redis.ts localhost:6379 ticks
 *
 * @module
 */

import { connect } from "@spillway/spillway";

const [target, channel] = Deno.args;

/** A command as Redis reads it: an array of bulk strings. */
function command(...words: string[]): string {
  const bulks = words.map((word) => `$${new TextEncoder().encode(word).length}\r\n${word}\r\n`);
  return `*${words.length}\r\n${bulks.join("")}`;
}

await using client = await connect(target, {
  framing: { type: "resp" },
  // The answer is a frame like the messages behind it.
  hello: command("SUBSCRIBE", channel),
  // Redis closes idle clients where `timeout` says so; its pong is a frame, too.
  heartbeat: { everyMs: 30_000, bytes: command("PING") },
});

for await (const batch of client) {
  for (let i = 0; i < batch.count; i++) {
    // *3 $7 message $5 ticks $4 12.5
    const [, , kind, , , , payload] = batch.text(i).split("\r\n");
    if (kind === "message") console.log(payload);
  }
}
