/** From socket to handler: what is there is dispatched, whole and at once. */
import { assert, assertEquals } from "@std/assert";
import {
  assertEnds,
  collect,
  collectNumbers,
  connected,
  frame,
  FRAMING,
  numbered,
  numbersOf,
  send,
  serve,
  serveBytes,
  serveThenWait,
  upTo,
} from "./harness.ts";

Deno.test("connect() delivers every frame in order, then ends with eof", async () => {
  await using server = serveBytes(numbered(100_000));
  await using client = await connected(server.target);
  assertEquals(await collectNumbers(client), upTo(100_000));
  await assertEnds(client, "eof");
});

for (const chunks of [1, 2, 3, 5]) {
  Deno.test(`connect() dispatches ${chunks} × 64 KiB followed by silence`, async () => {
    const count = chunks * 1024;
    await using server = serveThenWait(numbered(count, 60));
    await using client = await connected(server.target);
    const numbers: number[] = [];
    for await (const batch of client) {
      numbers.push(...numbersOf(batch));
      if (numbers.length === count) break;
    }
    assertEquals(numbers, upTo(count));
    assertEquals(client.stats().bytesRead, chunks * 65_536);
  });
}

Deno.test("connect() frames what comes in any pieces", async () => {
  const stream = numbered(200, 7);
  await using server = serve(async (conn) => {
    (conn as Deno.TcpConn).setNoDelay(true);
    for (let at = 0, size = 1; at < stream.length; at += size, size = size % 13 + 1) {
      await send(conn, stream.subarray(at, at + size));
    }
  });
  await using client = await connected(server.target);
  assertEquals(await collectNumbers(client), upTo(200));
});

Deno.test("connect() delivers frames far longer than a chunk", async () => {
  const payloads = [300_000, 0, 1_000_000, 1].map((size) => new Uint8Array(size).fill(size & 0xff));
  await using server = serveBytes(...payloads.map((payload) => frame(payload)));
  await using client = await connected(server.target, {
    framing: { ...FRAMING, maxFrameLength: 1_000_004 },
  });
  const { frames, end } = await collect(client);
  assert(payloads.every((payload, i) => same(payload, frames[i])));
  assertEquals([frames.length, end.reason], [4, "eof"]);
});

/** Byte for byte, without a megabyte of difference printed. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
