/** Who ended a connection and how, and what only looks like it. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { examined, Scene, type SceneOptions, verdictsOf } from "../support/scene.ts";

function begun(options: SceneOptions = {}): Scene {
  return new Scene(options).handshake().wait(5).feed(1300);
}

Deno.test("diagnose() sees who closes in the ordinary way", async () => {
  for (const side of ["client", "server"] as const) {
    const scene = begun();
    const frame = scene.packets.length + 1;
    const report = await examined(scene.close(side));
    assertEquals(verdictsOf(report), [`${side}_closed certain`]);
    assertEquals([report.end.by, report.end.how, report.end.frame], [side, "fin", frame]);
    assertEquals(report.verdicts[0].side, side);
  }
});

Deno.test("diagnose() sees an ordinary end though the server goes on after the client's FIN", async () => {
  const scene = begun().fin("client").wait(1).feed(1000).fin("server").wait(1).ack("client");
  assertEquals(verdictsOf(await examined(scene)), ["client_closed certain"]);
});

Deno.test("diagnose() sees a client that vanishes while data comes", async () => {
  const killed = begun().fin("client").wait(1).data("server", 500).wait(0.1).bareRst("client");
  const report = await examined(killed);
  assertEquals(verdictsOf(report), ["client_killed likely"]);
  assertEquals([report.end.by, report.end.how], ["client", "fin"]);
  assertEquals(verdictsOf(await examined(begun().rst("client"))), ["client_killed likely"]);
  const crashed = await examined(begun().data("server", 500).wait(1).bareRst("client"));
  assertEquals(verdictsOf(crashed), ["client_killed likely"]);
  assertEquals(crashed.end.how, "reset_no_socket");
});

Deno.test("diagnose() takes an RST behind both FINs for no killed client", async () => {
  const scene = begun().fin("client").wait(10).fin("server").wait(1).rst("client");
  assertEquals(verdictsOf(await examined(scene)), ["client_closed certain"]);
});

Deno.test("diagnose() sees a server that resets, and one that no longer knows", async () => {
  const reset = await examined(begun().wait(30).rst("server"));
  assertEquals(verdictsOf(reset), ["server_reset likely"]);
  assertEquals([reset.end.by, reset.end.how], ["server", "reset"]);
  const crashed = await examined(begun().wait(300).data("client", 10).wait(10).bareRst("server"));
  assertEquals(verdictsOf(crashed), ["server_crashed likely"]);
  assertEquals([crashed.end.by, crashed.end.how], ["server", "reset_no_socket"]);
});

Deno.test("diagnose() is less sure of an RST if the handshake is not there", async () => {
  const report = await examined(new Scene().feed(1000).wait(30).rst("server"));
  assertEquals(verdictsOf(report), ["server_reset possible", "unknown certain"]);
  assert(!report.rolesKnown);
  assertEquals(report.server.port, 7000);
});

Deno.test("diagnose() sees that a third party sent an RST by its time to live", async () => {
  const scene = begun();
  const frame = scene.packets.length + 1;
  const report = await examined(scene.rst("server", { ttl: 44 }));
  assertEquals(verdictsOf(report), ["third_party likely"]);
  assertEquals([report.end.by, report.end.frame], ["third_party", frame]);
  assertEquals(report.verdicts[0].evidence[0].frame, frame);
});

Deno.test("diagnose() sees that a third party sent an RST by a server that goes on", async () => {
  for (const ttl of [57, 44]) {
    const scene = begun().rst("server", { ttl });
    for (let i = 0; i < 10; i++) scene.wait(200).data("server", 500);
    assertEquals(verdictsOf(await examined(scene)), ["third_party certain"], `ttl ${ttl}`);
  }
});

Deno.test("diagnose() takes an RST one hop off for the server's", async () => {
  assertEquals(verdictsOf(await examined(begun().rst("server", { ttl: 56 }))), [
    "server_reset likely",
  ]);
});

Deno.test("diagnose() says of an RST neither side heeds that it ended nothing", async () => {
  for (const ttl of [57, 44]) {
    const scene = begun().rst("server", { seq: 5, ttl });
    const frame = scene.packets.length;
    const report = await examined(scene.feed(5000).close("server"));
    assertEquals(verdictsOf(report)[0].split(" ")[0].replace("idle_", ""), "server_closed");
    assertEquals(report.end.how, "fin");
    assertStringIncludes(report.notes.join(), `frame ${frame} is an RST that neither side heeded`);
  }
});

Deno.test("diagnose() says of what was still open that nothing was wrong so far", async () => {
  const report = await examined(begun());
  assertEquals(verdictsOf(report), ["nothing_wrong possible"]);
  assertEquals([report.end.by, report.end.how], ["capture", "open"]);
});

Deno.test("diagnose() does not judge by one direction, nor by a packet or two", async () => {
  for (const side of [0, 1]) {
    const scene = begun();
    scene.packets.splice(0, 3);
    const some = scene.packets.filter((_, index) => index % 2 === side);
    scene.packets.splice(0, scene.packets.length, ...some);
    const report = await examined(scene);
    assertEquals(verdictsOf(report), ["unknown certain"]);
    assertStringIncludes(report.notes.join(), "only one direction");
  }
  const few = await examined(new Scene().data("server", 10).wait(1).ack("client"));
  assertEquals(verdictsOf(few), ["unknown certain"]);
});

Deno.test("diagnose() keeps to the connection when numbers pass 2^32", async () => {
  const scene = begun({ serverIsn: 2 ** 32 - 3000, clientIsn: 2 ** 32 - 1 });
  const report = await examined(scene.data("client", 100).wait(10).ack("server").close("client"));
  assertEquals(verdictsOf(report), ["client_closed certain"]);
  assertEquals([report.server.bytes, report.client.bytes], [26 * 500, 100]);
  assertEquals([report.server.retransmissions, report.notes], [0, []]);
});
