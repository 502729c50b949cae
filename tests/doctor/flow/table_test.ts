/** Which packets belong to which connection, through `diagnose()`. */
import { assert, assertEquals } from "@std/assert";
import { diagnose } from "../../../doctor/mod.ts";
import { FLAG } from "../support/network.ts";
import { captureOf, Scene, type SceneOptions, verdictsOf } from "../support/scene.ts";

function short(options: SceneOptions = {}, ms = 1300): Scene {
  return new Scene(options).handshake().wait(5).feed(ms, 100).close("client");
}

const SECOND: SceneOptions = { clientIsn: 777_777, serverIsn: 5555, fromMs: 20_000 };

Deno.test("diagnose() tells connections apart that use the same ports one after the other", async () => {
  const { connections } = await diagnose(captureOf(short(), short(SECOND)));
  assertEquals(connections.map(({ server }) => server.bytes), [6500, 6500]);
  assertEquals(connections.map(verdictsOf), [["client_closed certain"], ["client_closed certain"]]);
  assertEquals(connections.map(({ firstFrame }) => firstFrame).toSorted((a, b) => a - b)[0], 1);
});

Deno.test("diagnose() tells them apart though the end of the first was not captured", async () => {
  const first = new Scene().handshake().wait(5).feed(1000, 100);
  const { connections } = await diagnose(captureOf(first, short(SECOND)));
  assertEquals(connections.length, 2);
  assertEquals(connections.map(({ server }) => server.retransmissions), [0, 0]);
  const second = connections.find(({ fromMs }) => fromMs > 19_000)!;
  assertEquals(verdictsOf(second), ["client_closed certain"]);
});

Deno.test("diagnose() takes a SYN that comes twice for one connection", async () => {
  const scene = new Scene().say("client", { flags: FLAG.syn }).wait(1000).handshake().wait(1);
  // Once more, late, by another way.
  scene.say("client", { flags: FLAG.syn }).wait(1).feed(1300).close("client");
  const { connections } = await diagnose(captureOf(scene));
  assertEquals(connections.map(verdictsOf), [["client_closed certain"]]);
});

Deno.test("diagnose() takes a packet half an hour later for another connection's", async () => {
  const scene = new Scene().handshake().wait(5).feed(2300).wait(31 * 60_000).feed(2300);
  assertEquals((await diagnose(captureOf(scene))).connections.length, 2);
  const sooner = new Scene().handshake().wait(5).feed(2300).wait(29 * 60_000).feed(2300);
  assertEquals((await diagnose(captureOf(sooner))).connections.length, 1);
});

Deno.test("diagnose() keeps mixed connections apart, the worst first", async () => {
  const scenes = Array.from({ length: 20 }, (_, i) => short({ clientPort: 50_000 + i, fromMs: i }));
  scenes[13] = new Scene({ clientPort: 50_013, fromMs: 13 }).handshake().feed(500).fill().wait(3000)
    .rst("server");
  const { connections, moreConnections } = await diagnose(captureOf(...scenes));
  assertEquals([connections.length, moreConnections], [20, 0]);
  assertEquals(connections[0].client.port, 50_013);
  assertEquals(verdictsOf(connections[0]), ["slow_consumer cut likely"]);
  assert(connections.slice(1).every((one) => verdictsOf(one)[0] === "client_closed certain"));
});

Deno.test("diagnose() looks only at connections that are asked for", async () => {
  const scenes = [0, 1, 2].map((i) => short({ clientPort: 50_000 + i, serverPort: 7000 + i % 2 }));
  const file = captureOf(...scenes);
  const counts = async (options: { address?: string; port?: number }) => {
    const { connections, capture } = await diagnose(file, options);
    return [connections.length, capture.notes.length];
  };
  assertEquals(await counts({ port: 7000 }), [2, 1]);
  assertEquals(await counts({ port: 50_001 }), [1, 1]);
  assertEquals(await counts({ port: 0 }), [0, 1]);
  assertEquals(await counts({ address: "10.0.0.9" }), [3, 0]);
  assertEquals(await counts({ address: "::ffff:10.0.0.9", port: 7001 }), [1, 1]);
  // The port is that of the address.
  assertEquals(await counts({ address: "10.0.0.2", port: 7000 }), [0, 1]);
});

Deno.test("diagnose() ends early when it is told to, and reports what it had read", async () => {
  const file = captureOf(short());
  const abort = new AbortController();
  async function* slowly(): AsyncGenerator<Uint8Array> {
    yield file.subarray(0, 1500);
    abort.abort();
    await new Promise<void>((resolve) => setTimeout(resolve, 5));
    yield file.subarray(1500);
  }
  const { capture, connections } = await diagnose(slowly(), { signal: abort.signal });
  assert(capture.packets > 3 && capture.packets < 20, `${capture.packets}`);
  assertEquals(connections.length, 1);
  await new Promise<void>((resolve) => setTimeout(resolve, 10));
});
