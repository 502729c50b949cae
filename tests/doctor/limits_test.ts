/** Captures with very much of something: time and memory stay within bounds. */
import { assert, assertEquals } from "@std/assert";
import { diagnose, type DoctorReport } from "../../doctor/mod.ts";
import { clientsOf, flood } from "./support/flood.ts";
import { FLAG } from "./support/network.ts";
import { pieces } from "./support/pieces.ts";
import { writePcap } from "./support/pcap.ts";
import { captureOf, examined, Scene, verdictsOf, WINDOW } from "./support/scene.ts";

const CONNECTIONS_MAX = 32_768;
const MIB = 2 ** 20;
const FILE_HEADER_BYTES = 24;
const LONG_BYTES = 64 * 1024;
const ETHERNET = 1;
/** Each has taken a tenth of this. */
const PATIENCE_MS = 60_000;

interface Measured extends DoctorReport {
  ms: number;
  /** By how much the process grew, at most. */
  grownBytes: number;
}

async function measured(
  file: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<Measured> {
  const before = Deno.memoryUsage().rss;
  const begin = performance.now();
  let most = 0;
  const onProgress = () => {
    most = Math.max(most, Deno.memoryUsage().rss - before);
  };
  const report = await diagnose(file, { onProgress, signal });
  onProgress();
  return { ...report, ms: performance.now() - begin, grownBytes: most };
}

/** A capture of long packets, each in memory of its own. */
async function* long(packets: number): AsyncGenerator<Uint8Array> {
  const bytes = new Uint8Array(LONG_BYTES);
  const packet = { timeNs: 0n, bytes, originalLength: LONG_BYTES, linkType: ETHERNET };
  const file = writePcap([packet]);
  yield file.slice(0, FILE_HEADER_BYTES);
  for (let i = 0; i < packets; i++) yield file.slice(FILE_HEADER_BYTES);
}

function healthy(): Scene {
  return new Scene().handshake(1).wait(1).feed(3, 1).close("client");
}

Deno.test("diagnose() keeps some of 50,000 connections of one SYN, and counts the others", async () => {
  const file = flood(new Scene().say("client", { flags: FLAG.syn }), clientsOf(50_000), 1);
  const { connections, moreConnections, ms, grownBytes } = await measured(pieces(file, MIB));
  assertEquals([connections.length, moreConnections], [CONNECTIONS_MAX, 50_000 - CONNECTIONS_MAX]);
  assert(ms < PATIENCE_MS, `${ms} ms`);
  assert(grownBytes < 700 * MIB, `${grownBytes / MIB} MiB`);
});

Deno.test("diagnose() keeps nothing of what it has read of a long capture", async () => {
  for (const signal of [undefined, new AbortController().signal]) {
    const { capture, grownBytes } = await measured(long(16_384), signal);
    assertEquals(capture.packets, 16_384);
    assert(grownBytes < 400 * MIB, `${grownBytes / MIB} MiB`);
  }
});

Deno.test("diagnose() forgets healthy connections for others, and counts them", async () => {
  const file = flood(healthy(), clientsOf(40_000), 1);
  const { connections, moreConnections, ms, grownBytes } = await measured(pieces(file, MIB));
  assertEquals(connections.length + moreConnections, 40_000);
  assert(connections.length <= CONNECTIONS_MAX);
  assert(connections.every((one) => verdictsOf(one)[0] === "client_closed certain"));
  assert(ms < PATIENCE_MS, `${ms} ms`);
  assert(grownBytes < 1600 * MIB, `${grownBytes / MIB} MiB`);
});

Deno.test("diagnose() keeps the one bad connection of 40,000 healthy ones", async () => {
  const bad = new Scene({ clientPort: 60_000 }).handshake().wait(5).fill().wait(3000).rst("server");
  const [good, other] = [flood(healthy(), clientsOf(40_000), 1), captureOf(bad).subarray(24)];
  const file = new Uint8Array(good.length + other.length);
  file.set(good.subarray(0, 24));
  file.set(other, 24);
  file.set(good.subarray(24), 24 + other.length);
  const { connections } = await diagnose(file);
  assertEquals(verdictsOf(connections[0]), ["slow_consumer cut likely"]);
});

Deno.test("diagnose() counts a connection there is no room for once, by its SYN", async () => {
  const handshake = new Scene().handshake(1);
  const file = flood(handshake, clientsOf(34_000), 3);
  const { connections, moreConnections } = await diagnose(file);
  assertEquals([connections.length, moreConnections], [CONNECTIONS_MAX, 34_000 - CONNECTIONS_MAX]);
});

Deno.test("diagnose() finds connections quickly whose ends differ alike", async () => {
  // The server's address changes with the client's, so that both differ by the same bits.
  const file = flood(
    new Scene().handshake(1),
    Array.from({ length: 32_000 }, (_, host) => ({ host, port: 30_000 })),
    3,
  );
  const view = new DataView(file.buffer);
  for (let at = 24; at < file.length; at += 16 + view.getUint32(at + 8, true)) {
    const ip = at + 30;
    const sends = view.getUint16(ip + 20) === 30_000;
    const host = view.getUint16(ip + (sends ? 14 : 18));
    view.setUint16(ip + (sends ? 18 : 14), host ^ 0x7fff);
  }
  const { connections, ms } = await measured(pieces(file, MIB));
  assertEquals(connections.length, 32_000);
  assert(ms < PATIENCE_MS, `${ms} ms`);
});

Deno.test("diagnose() keeps the longest of 100,000 stalls, and the time of all", async () => {
  const scene = new Scene({ mss: 100, scale: undefined });
  scene.client.window = 100;
  scene.handshake();
  for (let i = 0; i < 100_000; i++) {
    scene.data("server", 100).ack("client", 0).wait(1).ack("client", 100).wait(0.1);
  }
  const report = await examined(scene);
  assertEquals(report.client.zeroWindows, 100_000);
  assertEquals([report.stalls.length, report.moreStalls], [64, 99_936]);
  assertEquals(Math.round(report.client.stalledMs / 1000), 100);
  assert(report.timeline!.bytes.length <= 256);
});

Deno.test("diagnose() takes a silence of years, and times of centuries", async () => {
  const year = 365 * 86_400_000;
  const scene = new Scene().handshake().wait(5).feed(300).wait(29 * 60_000);
  const report = await examined(scene.feed(300).close("client"));
  assert(report.timeline!.bytes.length <= 256);
  const long = new Scene().handshake().wait(5).feed(300).wait(50 * year).feed(300);
  const { connections, capture } = await diagnose(captureOf(long));
  assertEquals(connections.length, 2);
  assert(capture.durationMs > 50 * year);
});

Deno.test("diagnose() keeps 1000 connections apart that use the same ports", async () => {
  const scenes = Array.from(
    { length: 1000 },
    (_, i) =>
      new Scene({ fromMs: i * 300, clientIsn: 1000 + 7_777_777 * i }).handshake(1).wait(1).data(
        "server",
        9,
      )
        .ack("client", WINDOW).close("client"),
  );
  const { connections } = await diagnose(captureOf(...scenes));
  assertEquals(connections.length, 1000);
});
