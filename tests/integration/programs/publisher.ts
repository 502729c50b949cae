/** Publishes numbered messages in bursts, as it is told on standard input. */
import { concat } from "../../../push/encode.ts";
import { linesOf } from "../../servers/lines.ts";
import { WIRES } from "../wires/mod.ts";
import type { Wire } from "../wires/wire.ts";
import { type Burst, limitLifetime, type PublisherTask, tell } from "./messages.ts";

const TICK_MS = 5;
/** What is late by more is not made up for: a burst gets longer on a busy machine, not denser. */
const CATCH_UP_MS = 20;

/** Writes all of `bytes`. */
async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

/** Reads away what the server says, and answers what has to be; ends with the connection. */
async function listen(conn: Deno.Conn, { respond }: Wire): Promise<void> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(16_384);
  for (let n = await conn.read(buffer); n !== null; n = await conn.read(buffer)) {
    const said = decoder.decode(buffer.subarray(0, n));
    for (const { match, send } of respond) {
      if (said.includes(`${match}`)) await writeAll(conn, new TextEncoder().encode(`${send}`));
    }
  }
  throw new Error("the server closed the publisher's connection");
}

/** Pushes one burst. */
async function push(conn: Deno.Conn, wire: Wire, burst: Burst): Promise<void> {
  const { first, count, overMs } = burst;
  const messages = Array.from({ length: count }, (_, i) => wire.publication(first + i));
  let before = performance.now();
  for (let next = 0, due = 0; next < count; next = Math.floor(due)) {
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    const now = performance.now();
    due = Math.min(count, due + count / overMs * Math.min(now - before, CATCH_UP_MS));
    before = now;
    await writeAll(conn, concat(...messages.slice(next, Math.floor(due))));
  }
}

/** Runs until standard input ends. */
async function main(): Promise<void> {
  limitLifetime();
  const { wire: name, port }: PublisherTask = JSON.parse(Deno.args[0]);
  const wire = WIRES[name];
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  if (wire.publisherHello !== undefined) {
    await writeAll(conn, new TextEncoder().encode(wire.publisherHello));
  }
  listen(conn, wire);
  tell({ type: "ready" });
  for await (const line of linesOf(Deno.stdin.readable)) {
    const burst: Burst = JSON.parse(line);
    await push(conn, wire, burst);
    tell({ type: "published", ...burst });
  }
  Deno.exit(0);
}

if (import.meta.main) await main();
