/** Packets that lie out of order, and clocks that are set, through `diagnose()`. */
import { assert, assertEquals } from "@std/assert";
import { diagnose } from "../../../doctor/mod.ts";
import { random } from "../../spill/random.ts";
import { SEED } from "../../spill/seed.ts";
import { writePcap } from "../support/capture.ts";
import { pieces } from "../support/pieces.ts";
import { Scene, verdictsOf } from "../support/scene.ts";

function feed(ms = 3300): Scene {
  return new Scene().handshake().wait(5).feed(ms, 7).close("server");
}

Deno.test("diagnose() puts late packets in order, wherever chunks end", async () => {
  const { packets } = feed();
  const order = packets.map((_, i) => i);
  const draw = random(SEED);
  for (let i = 8; i < order.length - 40; i += 40) {
    const by = 1 + Math.floor(draw() * 30);
    order.splice(i + by, 0, ...order.splice(i, 1));
  }
  const file = writePcap(order.map((i) => packets[i]), { resolution: "ns" });
  const [straight] = (await diagnose(writePcap(packets, { resolution: "ns" }))).connections;
  const mixed = await diagnose(file);
  const [connection] = mixed.connections;
  assertEquals(verdictsOf(connection), verdictsOf(straight), `seed ${SEED}`);
  assertEquals(connection.server, straight.server, `seed ${SEED}`);
  assert(mixed.capture.notes.some((note) => note.includes("put in order")), `seed ${SEED}`);
  for (const size of [1, 13, 111, 112, 113, 1000, 4096, 20_000]) {
    assertEquals(await diagnose(pieces(file, size)), mixed, `pieces of ${size}, seed ${SEED}`);
  }
});

Deno.test("diagnose() lets time go on where the clock was set back", async () => {
  const scene = new Scene().handshake().wait(5).feed(1000).wait(-3_600_000).feed(1000)
    .close("server");
  const { capture, connections: [connection] } = await diagnose(writePcap(scene.packets));
  assert(capture.notes.some((note) => note.includes("set back")));
  assertEquals(verdictsOf(connection), ["server_closed certain"]);
  assert(connection.toMs > 1900 && connection.toMs < 2100, `${connection.toMs}`);
  assertEquals(capture.durationMs, connection.toMs);
});

Deno.test("diagnose() is not misled by one packet with a time long ago", async () => {
  const { packets } = feed();
  packets[100] = { ...packets[100], timeNs: 1_000_000_000n };
  const { capture, connections: [connection] } = await diagnose(writePcap(packets));
  assertEquals(verdictsOf(connection), ["server_closed certain"]);
  assert(capture.durationMs < 3400, `${capture.durationMs}`);
});

Deno.test("diagnose() says of packets that all came at once that their times tell nothing", async () => {
  const { packets } = feed(100);
  const file = writePcap(packets.map((packet) => ({ ...packet, timeNs: 0n })));
  const { capture, connections: [connection] } = await diagnose(file);
  assertEquals([capture.startedAt, capture.durationMs], [0, 0]);
  assertEquals(verdictsOf(connection), ["unknown certain"]);
});

Deno.test("diagnose() reads 100,000 packets, and reports progress that only grows", async () => {
  const { packets } = new Scene().handshake();
  const [packet] = new Scene().say("client", {}).packets;
  for (let i = 0; i < 100_000; i++) {
    packets.push({ ...packet, timeNs: packet.timeNs + BigInt(i) * 1_000_000n + 20_000_000n });
  }
  const seen: number[] = [];
  const { capture } = await diagnose(pieces(writePcap(packets), 65_536), {
    onProgress: (progress) => seen.push(progress.packets),
  });
  assertEquals(capture.packets, 100_003);
  assert(seen.every((count, i) => i === 0 || count >= seen[i - 1]));
  assertEquals(seen[seen.length - 1], 100_003);
});
