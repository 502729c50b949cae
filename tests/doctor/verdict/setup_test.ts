/** Connections that never stood, and what only looks like it. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { FLAG } from "../support/network.ts";
import { examined, Scene, verdictsOf } from "../support/scene.ts";

const SYN = { flags: FLAG.syn };
const SYN_ACK = { flags: FLAG.syn | FLAG.ack };

Deno.test("diagnose() sees a connection that is refused", async () => {
  const report = await examined(new Scene().say("client", SYN).wait(1).rst("server"));
  assertEquals(verdictsOf(report), ["refused certain"]);
  assertEquals([report.end.how, report.end.frame], ["refused", 2]);
  const retried = new Scene().say("client", SYN).wait(1000).say("client", SYN).wait(1).rst(
    "server",
  );
  assertEquals(verdictsOf(await examined(retried)), ["refused certain"]);
  const port = await examined(new Scene().say("client", SYN).wait(1).icmp(3, 3));
  assertEquals(verdictsOf(port), ["refused certain"]);
  assertStringIncludes(port.verdicts[0].sentence, "ICMP");
});

Deno.test("diagnose() sees a connection that a firewall forbids, and one without a way", async () => {
  for (const code of [9, 10, 13]) {
    const report = await examined(new Scene().say("client", SYN).wait(1).icmp(3, code));
    assertEquals(verdictsOf(report), ["filtered certain"]);
    assertEquals([report.end.by, report.end.how, report.end.frame], ["third_party", "icmp", 2]);
  }
  const report = await examined(new Scene().say("client", SYN).wait(1).icmp(3, 1));
  assertEquals(verdictsOf(report), ["unreachable certain"]);
});

Deno.test("diagnose() sees SYNs without an answer", async () => {
  const scene = new Scene();
  for (const ms of [1000, 2000, 4000]) scene.say("client", SYN).wait(ms);
  const report = await examined(scene);
  assertEquals(verdictsOf(report), ["timed_out certain"]);
  assertStringIncludes(report.verdicts[0].sentence, "3 SYNs in 3.0 s");
  assertEquals(report.verdicts[0].evidence.map(({ frame }) => frame), [1, 3]);
});

Deno.test("diagnose() sees a server whose answers do not arrive", async () => {
  const scene = new Scene();
  for (const ms of [1000, 2000]) scene.say("client", SYN).wait(5).say("server", SYN_ACK).wait(ms);
  const report = await examined(scene);
  assertEquals(verdictsOf(report), ["timed_out certain"]);
  assertStringIncludes(report.verdicts[0].sentence, "answered 2 times");
});

Deno.test("diagnose() does not call a SYN lost that the capture ends behind", async () => {
  assertEquals(verdictsOf(await examined(new Scene().say("client", SYN))), ["unknown certain"]);
});

Deno.test("diagnose() takes a handshake with a lost SYN for none that failed", async () => {
  const scene = new Scene().say("client", SYN).wait(1000).handshake().wait(5).feed(2300);
  assertEquals(verdictsOf(await examined(scene.close("client")))[0], "client_closed certain");
});

Deno.test("diagnose() says of a client that answers a SYN with RST that it gave up", async () => {
  const scene = new Scene().say("client", SYN).wait(10).say("server", SYN_ACK).wait(0.1)
    .say("client", { flags: FLAG.rst, at: 0 });
  const report = await examined(scene);
  assertEquals(verdictsOf(report), ["client_killed likely"]);
  assertStringIncludes(report.verdicts[0].consistentWith!, "health check");
});

Deno.test("diagnose() takes an ICMP message on a connection that goes on for nothing", async () => {
  const scene = new Scene().handshake().icmp(3, 13).feed(2300).close("client");
  assertEquals(verdictsOf(await examined(scene)), ["client_closed certain"]);
});
