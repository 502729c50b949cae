/** Readers that are too slow, and what only looks like it. */
import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { examined, MSS, Scene, type SceneOptions, verdictsOf, WINDOW } from "../support/scene.ts";

function begun(options: SceneOptions = {}): Scene {
  return new Scene(options).handshake().wait(5).feed(500);
}

/** Retries of a stopped sender: the byte before the next one, answered. */
function probe(scene: Scene, count: number, everyMs = 500): Scene {
  for (let i = 0; i < count; i++) {
    scene.wait(everyMs).say("server", { at: scene.server.next - 1 }).wait(0.1).ack("client");
  }
  return scene;
}

Deno.test("diagnose() sees a slow client that is cut off", async () => {
  const scene = begun().fill();
  const closed = scene.packets.length;
  const report = await examined(probe(scene, 6).wait(10).rst("server"));
  assertEquals(verdictsOf(report), ["slow_consumer cut likely"]);
  const [{ side, evidence, consistentWith }] = report.verdicts;
  assertEquals(side, "client");
  assertEquals([report.client.zeroWindows, report.client.probes], [1, 6]);
  assertEquals([report.server.zeroWindows, report.server.probes], [0, 0]);
  const [stall] = report.stalls;
  assertEquals([stall.side, stall.endedBy, stall.proof], ["client", "connection_end", "probes"]);
  assertEquals([stall.smallestWindow, Math.round((stall.toMs - stall.fromMs) / 10)], [0, 301]);
  assertEquals(report.end.how, "reset");
  assertEquals(evidence.map(({ frame }) => frame), [stall.frame, report.end.frame]);
  assert(closed - stall.frame < 6, `frame ${stall.frame} of ${closed}`);
  assert(consistentWith !== undefined);
});

Deno.test("diagnose() sees a slow client that is cut off, though windows have no scale", async () => {
  const scene = begun({ scale: undefined });
  scene.client.window = 60_000;
  const report = await examined(probe(scene.fill(), 4).rst("server"));
  assertEquals(verdictsOf(report), ["slow_consumer cut likely"]);
  assertEquals(report.client.windowScale, 0);
});

Deno.test("diagnose() sees a slow client that a server silently gave up", async () => {
  const scene = probe(begun().fill(), 8).wait(3000).ack("client", WINDOW).wait(1).bareRst("server");
  const report = await examined(scene);
  assertEquals(verdictsOf(report)[0], "slow_consumer cut likely");
  assertEquals(report.end.how, "reset_no_socket");
});

Deno.test("diagnose() sees a slow client that catches up", async () => {
  const scene = probe(begun().fill(), 3).wait(100).ack("client", WINDOW).wait(10).feed(2300);
  const report = await examined(scene.close("server"));
  assertEquals(verdictsOf(report), ["slow_consumer recovered certain"]);
  assertEquals(report.stalls.map(({ endedBy }) => endedBy), ["opened"]);
  assertEquals(Math.round(report.client.zeroWindowMs / 10), 160);
});

Deno.test("diagnose() sees a slow client that is behind to the end", async () => {
  const scene = begun();
  for (let i = 0; i < 8; i++) scene.fill().wait(500).ack("client", WINDOW).wait(5);
  scene.fill().wait(400).ack("client", WINDOW).wait(20).data("server", 500).wait(1).ack("client");
  const report = await examined(scene.wait(20).close("client"));
  assertEquals(verdictsOf(report), ["slow_consumer slow_to_the_end likely"]);
  assertEquals(report.client.zeroWindows, 9);
});

Deno.test("diagnose() sees a slow client that still stalls where the capture ends", async () => {
  const report = await examined(probe(begun().fill(), 5));
  assertEquals(verdictsOf(report), ["slow_consumer still_stalled certain"]);
  assertEquals([report.end.by, report.end.how], ["capture", "open"]);
});

Deno.test("diagnose() sees that the server is the slow one of an upload", async () => {
  const scene = new Scene().handshake().wait(5).feed(500, 50, 500, "client").fill("client");
  for (let i = 0; i < 5; i++) {
    scene.wait(400).say("client", { at: scene.client.next - 1 }).wait(10).ack("server");
  }
  const report = await examined(scene.rst("client"));
  assertEquals(verdictsOf(report)[0], "slow_consumer cut likely");
  assertEquals(report.verdicts[0].side, "server");
  assertEquals([report.server.zeroWindows, report.server.probes], [1, 5]);
  assertStringIncludes(report.verdicts[0].sentence, "the server did not read fast enough");
});

Deno.test("diagnose() sees a server that reads no commands while its feed goes on", async () => {
  const scene = begun().feed(2000, 20).fill("client");
  for (let i = 0; i < 10; i++) {
    scene.wait(500).say("client", { at: scene.client.next - 1 }).wait(1).ack("server");
    scene.data("server", 500).wait(1).ack("client");
  }
  const report = await examined(scene.wait(50));
  assertEquals(verdictsOf(report), ["slow_consumer still_stalled certain"]);
  assertEquals([report.verdicts[0].side, report.server.probes], ["server", 10]);
});

Deno.test("diagnose() sees two sides that both wait for the other to read", async () => {
  const scene = begun().feed(2000, 20).fill("server").fill("client");
  for (let i = 0; i < 10; i++) {
    scene.wait(500).say("client", { at: scene.client.next - 1 }).wait(1).ack("server");
    scene.say("server", { at: scene.server.next - 1 }).wait(1).ack("client");
  }
  const { verdicts, stalls } = await examined(scene);
  assertEquals(verdicts.map(({ kind, side }) => `${kind} ${side}`), [
    "slow_consumer client",
    "slow_consumer server",
  ]);
  assertEquals(stalls.map(({ side }) => side), ["client", "server"]);
});

Deno.test("diagnose() counts probes that carry a byte of their own, as BSD sends them", async () => {
  const scene = begun().fill();
  for (let i = 0; i < 5; i++) {
    const at = scene.server.next;
    scene.wait(500).data("server", 1, { at }).wait(0.1).ack("client", 0, { ack: at });
    scene.server.next = at;
  }
  const report = await examined(scene.wait(1).ack("client", WINDOW).wait(5).feed(2300));
  assertEquals(verdictsOf(report), ["slow_consumer recovered certain"]);
  assertEquals([report.client.probes, report.server.retransmissions], [5, 0]);
});

Deno.test("diagnose() takes single bytes in a small window for data, not for probes", async () => {
  const scene = begun().fill().wait(1).ack("client", 1000);
  for (let i = 0; i < 100; i++) scene.wait(50).data("server", 1).wait(1).ack("client", 1000);
  const report = await examined(scene.ack("client", WINDOW).feed(1000).wait(300).close("server"));
  assertEquals(report.client.probes, 0);
  // It did not read; but nobody had to wait for that.
  assertStringIncludes(report.verdicts[0].sentence, "nobody had to wait");
});

Deno.test("diagnose() claims no wait for a closed window of a sender that has nothing to send", async () => {
  const idle = await examined(begun().fill().wait(10_000).data("client", 10).wait(1).ack("server"));
  assertEquals([idle.client.zeroWindows, idle.client.stalledMs], [1, 0]);
  assertEquals(verdictsOf(idle), ["slow_consumer still_stalled likely"]);
  assertStringIncludes(idle.verdicts[0].sentence, "nobody had to wait; it has not read since");
  const scene = begun().fill().wait(9300).ack("client", WINDOW).wait(3000).feed(500);
  const report = await examined(scene.close("server"));
  assertEquals(report.stalls.map(({ proof }) => proof), [undefined]);
  assertEquals(report.client.stalledMs, 0);
});

Deno.test("diagnose() says nothing of a small window in which all data fits", async () => {
  const scene = begun();
  for (let i = 0; i < 100; i++) scene.wait(400).data("server", 200).wait(1).ack("client", 1200);
  const report = await examined(scene.ack("client", WINDOW).wait(500).close("server"));
  assertEquals(report.client.stalledMs, 0);
  assertNotEquals(report.verdicts[0].kind, "slow_consumer");
});

Deno.test("diagnose() says nothing of a window that closes for a moment", async () => {
  const scene = begun().fill().wait(15).ack("client", WINDOW).wait(1).feed(2300);
  assertEquals(verdictsOf(await examined(scene.close("server"))), ["server_closed certain"]);
});

Deno.test("diagnose() does not acquit a client whose window closed just before an RST", async () => {
  const report = await examined(begun().fill().wait(50).rst("server"));
  assertEquals(verdictsOf(report), ["server_reset possible"]);
  assertStringIncludes(report.verdicts[0].sentence, "window had just closed");
});

Deno.test("diagnose() keeps the last of many stalls, which says how it ended", async () => {
  const scene = begun();
  for (let i = 0; i < 64; i++) scene.fill().wait(400).ack("client", WINDOW);
  for (let i = 0; i < 60; i++) scene.fill().wait(150).ack("client", WINDOW);
  const report = await examined(scene.fill().wait(150).rst("server"));
  assertEquals(verdictsOf(report), ["slow_consumer cut likely"]);
  assertEquals([report.stalls.length, report.moreStalls], [64, 61]);
  assertStringIncludes(report.verdicts[0].sentence, "closed 125 times");
});

Deno.test("diagnose() sees a window that shrinks while a client does not read", async () => {
  const scene = begun();
  for (let window = WINDOW; window > WINDOW / 4; window -= MSS) {
    scene.data("server", MSS).wait(20).ack("client", window - MSS);
  }
  const report = await examined(scene.ack("client", WINDOW).feed(1300).close("server"));
  assertEquals(verdictsOf(report), ["slow_consumer recovered likely"]);
  assertStringIncludes(report.verdicts[0].sentence, "nobody had to wait");
});

/** A round trip's worth of data, each as large as a window allows. */
function windowful(scene: Scene, window: number, rounds: number, roundTripMs: number): Scene {
  for (let round = 0; round < rounds; round++) {
    const begin = scene.server.next;
    for (let sent = 0; sent < window; sent += MSS) scene.data("server", MSS).wait(0.05);
    for (let sent = MSS; sent <= window; sent += MSS) {
      scene.ack("client", window, { ack: begin + sent });
    }
    scene.wait(roundTripMs);
  }
  return scene;
}

Deno.test("diagnose() sees a receive buffer too small for the way", async () => {
  const scene = new Scene();
  scene.client.window = 6 * MSS;
  windowful(scene.handshake(100).wait(5), 6 * MSS, 40, 100);
  const report = await examined(scene.close("client"));
  assertEquals(verdictsOf(report), ["receive_buffer_too_small likely"]);
  assertEquals(report.verdicts[0].side, "client");
  assert(report.client.bufferLimitedShare > 0.9, `${report.client.bufferLimitedShare}`);
  assertEquals(report.client.zeroWindows, 0);
});

Deno.test("diagnose() does not blame a buffer that is never used up", async () => {
  const scene = new Scene();
  scene.client.window = 40 * MSS;
  scene.handshake(100).wait(5);
  for (let i = 0; i < 40; i++) {
    scene.data("server", MSS).data("server", MSS).wait(0.1).ack("client").wait(100);
  }
  const report = await examined(scene.wait(400).close("server"));
  assertEquals(verdictsOf(report), ["server_closed certain"]);
  assertEquals(report.client.bufferLimitedShare, 0);
});
