/** Servers that say nothing, and ends for want of a word. */
import { assertEquals } from "@std/assert";
import { examined, Scene, verdictsOf } from "../support/scene.ts";

function begun(): Scene {
  return new Scene().handshake().wait(5);
}

Deno.test("diagnose() sees a server that goes silent though it could speak", async () => {
  const scene = begun().feed(2000);
  const frame = scene.packets.length - 1;
  const report = await examined(scene.wait(6000).feed(2300).wait(100).close("client"));
  assertEquals(verdictsOf(report), ["server_silent likely"]);
  assertEquals(report.verdicts[0].side, "server");
  assertEquals(report.verdicts[0].evidence[0].frame, frame);
  const [gap] = report.gaps;
  assertEquals([gap.kind, gap.side, gap.ended], ["silence", "server", true]);
});

Deno.test("diagnose() sees a server that never says a word", async () => {
  const report = await examined(begun().wait(3400).fin("client").wait(1).fin("server"));
  assertEquals(verdictsOf(report), ["server_silent likely"]);
});

Deno.test("diagnose() takes the pauses of a feed that has them often for no silence", async () => {
  const report = await examined(begun().feed(40_000, 2000).wait(300).close("client"));
  assertEquals([verdictsOf(report), report.gaps], [["client_closed certain"], []]);
});

Deno.test("diagnose() takes the wait for a closed window for no silence of the server", async () => {
  const scene = begun().feed(2000).fill();
  for (let i = 0; i < 6; i++) {
    scene.wait(900).say("server", { at: scene.server.next - 1 }).wait(1).ack("client");
  }
  const report = await examined(scene.ack("client", 65_536).wait(1).feed(2300).close("client"));
  assertEquals(verdictsOf(report), ["slow_consumer recovered certain"]);
  assertEquals(report.gaps, []);
});

Deno.test("diagnose() takes no server for silent that has said goodbye", async () => {
  const scene = begun().feed(1300).fin("server").wait(1).ack("client");
  for (let i = 0; i < 40; i++) scene.data("client", 200).wait(10).ack("server").wait(40);
  const report = await examined(scene.fin("client").wait(1).ack("server"));
  assertEquals([verdictsOf(report), report.gaps], [["server_closed certain"], []]);
});

Deno.test("diagnose() sees an idle timeout, and the client's last word", async () => {
  const scene = begun().data("client", 20);
  const frame = scene.packets.length;
  const report = await examined(scene.wait(10).ack("server").feed(500).wait(4500).close("server"));
  assertEquals(verdictsOf(report)[0], "server_idle_closed possible");
  const { evidence, side } = report.verdicts[0];
  assertEquals(side, "server");
  assertEquals(evidence.map((one) => one.frame), [frame, report.end.frame]);
});

Deno.test("diagnose() names the first packet where the client never said a word", async () => {
  const report = await examined(begun().feed(500).wait(4500).close("server"));
  assertEquals(verdictsOf(report)[0], "server_idle_closed possible");
  const [first] = report.verdicts[0].evidence;
  assertEquals([first.frame, first.atMs, first.what], [1, 0, "the connection's first packet"]);
});

Deno.test("diagnose() takes an end at a time nobody sets for no idle timeout", async () => {
  for (const ms of [2400, 7300, 95_400, 187_000]) {
    const report = await examined(begun().feed(ms, 100).close("server"));
    assertEquals(verdictsOf(report), ["server_closed certain"], `${ms}`);
  }
});
