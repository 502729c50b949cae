/**
 * Subscribes to a subject of NATS and counts its messages. The server asks PING and drops who does
 * not answer; the reader answers by itself, however long the handler takes.
 *
 *     deno run --allow-net=localhost:4222 examples/nats.ts localhost:4222 ticks
 *
 * @module
 */

import { connect } from "@spillway/spillway";

const [target, subject] = Deno.args;
const MESSAGE = new TextEncoder().encode("M")[0];

await using client = await connect(target, {
  framing: { type: "nats" },
  handshake: async (session) => {
    await session.readLine(); // INFO {…}
    await session.write(`CONNECT {"verbose":false}\r\nSUB ${subject} 1\r\nPING\r\n`);
    const answer = await session.readLine();
    // Told off (-ERR) before the feed begins, not somewhere within it.
    if (answer !== "PONG") throw new Error(`NATS answers ${answer}`);
  },
  respond: [{ match: "PING\r\n", send: "PONG\r\n" }],
});

let messages = 0;
let bytes = 0;
for await (const batch of client) {
  for (let i = 0; i < batch.count; i++) {
    // What was answered is delivered all the same.
    if (batch.u8(i, 0) !== MESSAGE) continue;
    messages++;
    bytes += batch.lengths[i];
  }
}
console.log(`${messages} messages in ${bytes} bytes, ${client.stats().responses} pings answered`);
