/** What is counted of each packet of a connection, and what is not, through `diagnose()`. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Packet } from "../support/packet.ts";
import { examined, Scene, type SceneOptions, verdictsOf } from "../support/scene.ts";

function begun(options: SceneOptions = {}): Scene {
  return new Scene(options).handshake().wait(5);
}

/** The same scene, each packet again after `ms`. */
function twice(scene: Scene, ms: number): Scene {
  const later = (packet: Packet) => ({
    ...packet,
    timeNs: packet.timeNs + BigInt(Math.round(ms * 1e6)),
  });
  const all = scene.packets.flatMap((packet) => [packet, later(packet)]);
  all.sort((a, b) => Number(a.timeNs - b.timeNs));
  scene.packets.splice(0, scene.packets.length, ...all);
  return scene;
}

/** A feed whose messages are acknowledged after a while. */
function delayed(options: SceneOptions): Scene {
  const scene = begun(options);
  for (let i = 0; i < 60; i++) scene.data("server", 700).wait(20).ack("client").wait(30);
  return scene.wait(300).close("client");
}

Deno.test("diagnose() counts packets that were captured twice once", async () => {
  for (
    const [name, options, ms] of [
      ["numbered", {}, 5],
      ["stamped IPv6", { v6: true, stampMs: (now: number) => now }, 1],
      ["stamped, not numbered", { numbered: false, stampMs: (now: number) => now }, 1],
      ["neither", { numbered: false }, 0.1],
    ] as const
  ) {
    const report = await examined(twice(delayed(options), ms));
    assertEquals(report.server.bytes, 42_000, name);
    assertEquals(report.server.retransmissions, 0, name);
    assertEquals(verdictsOf(report), ["client_closed certain"], name);
    assertStringIncludes(report.notes.join(), "captured twice", name);
  }
});

Deno.test("diagnose() takes what is sent again for no duplicate", async () => {
  for (const options of [{}, { v6: true, stampMs: (now: number) => now }, { numbered: false }]) {
    const scene = begun(options);
    for (let i = 0; i < 50; i++) {
      const at = scene.server.next;
      scene.data("server", 700).wait(20).data("server", 700, { at }).wait(5).ack("client").wait(30);
    }
    const report = await examined(scene.wait(100));
    assertEquals(report.server.retransmissions, 50);
    assertEquals(verdictsOf(report)[0], "packet_loss likely");
  }
});

Deno.test("diagnose() is not misled by one packet whose number is damaged", async () => {
  for (const seq of [90_000 + 800_000_000, 90_000 + 100_000_000]) {
    const scene = begun().feed(1000).data("server", 500, { seq }).feed(2300);
    const report = await examined(scene.close("server"));
    assertEquals(verdictsOf(report), ["server_closed certain"], `${seq}`);
    assertEquals(report.server.bytes, 66 * 500);
  }
});

Deno.test("diagnose() is not misled by one acknowledgement that is damaged", async () => {
  const scene = begun().feed(1000).say("client", { ack: 900_000_000 }).feed(2300);
  const report = await examined(scene.close("server"));
  assertEquals([verdictsOf(report), report.notes], [["server_closed certain"], []]);
});

Deno.test("diagnose() goes on behind a hole in the capture, of any size", async () => {
  for (const hole of [5000, 2 ** 20, 2 ** 26, 2 ** 30]) {
    const scene = begun().feed(2000, 20);
    scene.server.next += hole;
    const report = await examined(scene.ack("client").feed(2300, 20).close("server"));
    assert(report.server.bytes > 99_000, `${hole}: ${report.server.bytes}`);
    assertEquals(report.server.retransmissions, 0, `${hole}`);
    assertStringIncludes(report.notes.join(), "the capture misses", `${hole}`);
  }
});

Deno.test("diagnose() says how much the capture misses, and of losses then nothing", async () => {
  const scene = begun().feed(3000, 10);
  scene.packets.splice(0, scene.packets.length, ...scene.packets.filter((_, i) => i % 7 !== 3));
  const report = await examined(scene);
  assert(!verdictsOf(report).join().includes("packet_loss"), verdictsOf(report).join());
  assertStringIncludes(report.notes.join(), "the capture misses");
});

Deno.test("diagnose() measures round trips, none by what was sent again", async () => {
  const scene = begun();
  for (let i = 0; i < 20; i++) {
    const at = scene.client.next;
    scene.data("client", 50).wait(12).ack("server").wait(90);
    if (i % 5 === 0) {
      const next = scene.client.next;
      scene.data("client", 50).wait(900).data("client", 50, { at: next }).wait(1).ack("server");
    }
    assert(scene.client.next > at);
  }
  const { roundTrip } = await examined(scene);
  assertEquals(roundTrip?.handshakeMs?.toFixed(1), "10.1");
  assertEquals([roundTrip?.minMs.toFixed(1), roundTrip?.maxMs.toFixed(1)], ["12.0", "12.0"]);
});

Deno.test("diagnose() says where a capture was made", async () => {
  const made = async (serverMs: number, clientMs: number) =>
    (await examined(new Scene().handshake(serverMs, clientMs).feed(300))).vantage;
  assertEquals(await made(20, 0.1), "client");
  assertEquals(await made(0.1, 20), "server");
  assertEquals(await made(10, 12), "between");
  assertEquals(await made(0.1, 0.1), "unknown");
});

Deno.test("diagnose() draws windows and bytes over time, in steps that stay few", async () => {
  for (const ms of [100, 5000, 40_000, 3_000_000]) {
    const scene = begun().feed(ms, ms / 50);
    const { timeline, server } = await examined(scene);
    assert(timeline !== undefined);
    const { bytes, windowMin, windowMax, inFlight, stepMs, fromMs } = timeline;
    const lengths = [bytes, windowMin, windowMax, inFlight].map(({ length }) => length);
    assertEquals(new Set(lengths).size, 1);
    assert(bytes.length <= 256 && bytes.length * stepMs + fromMs >= ms * 0.95, `${ms}`);
    // The first packets are not drawn.
    const drawn = bytes.reduce((sum, each) => sum + each, 0);
    assert(drawn <= server.bytes && drawn >= server.bytes - 3000, `${ms}: ${drawn}`);
    assert(windowMin.every((least, i) => Number.isNaN(least) || least <= windowMax[i]));
  }
});
