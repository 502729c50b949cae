/** What networks do to connections, and what only looks like it. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { examined, Scene, type SceneOptions, verdictsOf } from "../support/scene.ts";

function begun(options: SceneOptions = {}): Scene {
  return new Scene(options).handshake().wait(5).feed(1000);
}

/** The last `bytes` of the server again and again. */
function again(scene: Scene, waits: number[], bytes = 500): Scene {
  const at = scene.server.next - bytes;
  for (const ms of waits) scene.wait(ms).data("server", bytes, { at });
  return scene;
}

Deno.test("diagnose() counts packets that had to be sent again", async () => {
  const scene = begun();
  let first = 0;
  for (let i = 0; i < 60; i++) {
    scene.data("server", 1000);
    if (i % 6 === 3) again(scene, [220], 1000);
    if (i === 3) first = scene.packets.length;
    scene.wait(10).ack("client").wait(5);
  }
  const report = await examined(scene.wait(200).close("server"));
  assertEquals(verdictsOf(report), ["packet_loss likely"]);
  assertEquals(report.verdicts[0].evidence[0].frame, first);
  assertEquals(report.server.retransmissions, 10);
  assertEquals(report.server.bytes, 20 * 500 + 60_000);
});

Deno.test("diagnose() counts packets that came late because they were lost before", async () => {
  const scene = begun();
  for (let i = 0; i < 30; i++) {
    const at = scene.server.next;
    scene.data("server", 1000, { at: at + 1000 }).wait(1).ack("client", undefined, { ack: at });
    scene.wait(50).data("server", 1000, { at }).wait(1).ack("client").wait(10);
  }
  const report = await examined(scene.wait(400).close("server"));
  assertEquals(verdictsOf(report), ["packet_loss certain"]);
  assertEquals(report.server.retransmissions, 30);
});

Deno.test("diagnose() takes packets that overtake each other for no loss", async () => {
  const scene = begun();
  for (let i = 0; i < 60; i++) {
    const at = scene.server.next;
    scene.data("server", 1000, { at: at + 1000 }).wait(1).data("server", 1000, { at }).wait(5)
      .ack("client").wait(50);
  }
  const report = await examined(scene.wait(300).close("server"));
  assertEquals(verdictsOf(report), ["server_closed certain"]);
  assertEquals(report.server.retransmissions, 0);
});

Deno.test("diagnose() takes one lost packet of many for what every network has", async () => {
  const scene = again(begun().data("server", 500), [250]).wait(1).ack("client").feed(9000, 20);
  assertEquals(verdictsOf(await examined(scene.wait(300).close("server"))), [
    "server_closed certain",
  ]);
});

Deno.test("diagnose() sees an outage, and where it began", async () => {
  const scene = begun().data("server", 500);
  const frame = scene.packets.length;
  const report = await examined(
    again(scene, [200, 400, 800]).wait(5).ack("client").feed(1300).close("server"),
  );
  assertEquals(verdictsOf(report), ["outage likely"]);
  assertEquals(report.verdicts[0].evidence[0].frame, frame);
  const [gap] = report.gaps;
  assertEquals([gap.kind, gap.side, gap.ended, gap.frame], ["outage", "client", true, frame]);
  assertEquals(Math.round(gap.toMs - gap.fromMs), 1405);
});

Deno.test("diagnose() takes a packet that is sent again once for no outage", async () => {
  const scene = again(begun().data("server", 500), [700]).wait(5).ack("client").feed(12_300);
  const report = await examined(scene.close("server"));
  assertEquals([verdictsOf(report), report.gaps], [["server_closed certain"], []]);
});

Deno.test("diagnose() sees that nothing comes any more", async () => {
  const scene = again(begun().data("server", 500), [200, 400, 800, 1600]);
  const report = await examined(scene);
  assertEquals(verdictsOf(report), ["unreachable likely"]);
  assertEquals([report.end.how, report.end.by], ["gave_up", "capture"]);
  assertStringIncludes(report.verdicts[0].sentence, "nothing came from the client any more");
  const said = await examined(scene.icmp(3, 1));
  assertEquals(verdictsOf(said), ["unreachable certain"]);
});

Deno.test("diagnose() calls no side silent that could not be heard, whoever comes first in the capture", async () => {
  for (const scene of [new Scene().handshake(), new Scene()]) {
    scene.feed(2000).data("client", 9);
    const at = scene.client.next - 9;
    for (const ms of [300, 600, 1200, 2400]) scene.wait(ms).data("client", 9, { at });
    const report = await examined(scene.wait(100));
    assertEquals(verdictsOf(report), ["unreachable likely"]);
    assertEquals(report.gaps.map(({ kind }) => kind), ["outage"]);
  }
});

Deno.test("diagnose() does not call a client gone after half a second, nor for a packet too big", async () => {
  const short = await examined(again(begun().data("server", 500), [200, 300]));
  assert(!verdictsOf(short).join().includes("unreachable"));
  assertEquals(short.end.how, "open");
  const big = await examined(begun().data("server", 500).icmp(3, 4).wait(1).ack("client"));
  assertEquals(verdictsOf(big), ["nothing_wrong possible"]);
});

Deno.test("diagnose() sees keep-alives without an answer", async () => {
  const scene = begun();
  for (let i = 0; i < 5; i++) scene.wait(1000).say("client", { at: scene.client.next - 1 });
  const report = await examined(scene);
  assertEquals(verdictsOf(report), ["unreachable likely"]);
  assertStringIncludes(report.verdicts[0].sentence, "from the server any more");
});

Deno.test("diagnose() sees a FIN without an answer", async () => {
  const scene = begun().wait(300).fin("server");
  for (const ms of [300, 600, 1200, 2400]) {
    scene.wait(ms).say("server", { flags: 17, at: scene.server.next - 1 });
  }
  assertEquals(verdictsOf(await examined(scene)), ["unreachable likely"]);
});

Deno.test("diagnose() takes answered keep-alives for neither data nor loss", async () => {
  const scene = begun();
  for (let i = 0; i < 5; i++) {
    scene.wait(100).say("client", { at: -1 }).wait(10).ack("server");
  }
  const report = await examined(scene.feed(1000).wait(400).close("server"));
  assertEquals(verdictsOf(report), ["server_closed certain"]);
  assertEquals([report.client.bytes, report.client.retransmissions], [0, 0]);
});

/** Messages whose acknowledgements, or time stamps, say that they took `delay` beyond the way. */
function queued(scene: Scene, delays: number[]): Scene {
  for (const delay of delays) {
    scene.data("server", 1000).wait(20 + delay).ack("client").wait(5);
  }
  return scene;
}

/** Seen at the server: the client is far. */
function atServer(options: SceneOptions = {}): Scene {
  return new Scene(options).handshake(0.1, 20).wait(5);
}

Deno.test("diagnose() sees packets wait in a queue", async () => {
  const delays = Array.from({ length: 60 }, (_, i) => Math.min(400, i * 12));
  const report = await examined(queued(atServer(), delays).rst("server"));
  assertEquals(report.vantage, "server");
  assertEquals(verdictsOf(report), ["path_bottleneck likely"]);
  assertStringIncludes(report.verdicts[0].sentence, "cut it off");
});

Deno.test("diagnose() takes a few late answers for no queue", async () => {
  const delays = Array.from({ length: 60 }, (_, i) => i % 20 === 0 ? 100 : 2);
  const report = await examined(queued(atServer(), delays).wait(250).close("server"));
  assertEquals(verdictsOf(report), ["server_closed certain"]);
});

Deno.test("diagnose() sees a queue by time stamps, where the handshake was not captured too", async () => {
  let queueMs = 0;
  for (const whole of [true, false]) {
    const scene = new Scene({ stampMs: (now) => now - queueMs });
    if (whole) scene.handshake(20, 0.1);
    for (let i = 0; i < 100; i++) {
      queueMs = Math.min(500, i * 10);
      scene.wait(30).data("server", 1000).ack("client");
    }
    const { verdicts: [first] } = await examined(scene);
    assertEquals(first.kind, "path_bottleneck", `${whole}`);
    assert(!first.sentence.includes("0 µs"), first.sentence);
  }
});

for (const drift of [50e-6, -50e-6, 300e-6]) {
  Deno.test(`diagnose() takes clocks that drift apart by ${drift} for no queue`, async () => {
    const scene = new Scene({ stampMs: (now) => 1e6 + now * (1 + drift) }).handshake();
    const report = await examined(scene.wait(5).feed(7_200_000, 2000));
    assertEquals(verdictsOf(report), ["nothing_wrong possible"]);
  });
}
