/** The pcap format, through `diagnose()`. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CaptureFormatError, diagnose } from "../../../doctor/mod.ts";
import { concat, edited, u32, viewOf } from "../support/bytes.ts";
import { writePcap } from "../support/capture.ts";
import { pieces, reusing } from "../support/pieces.ts";
import { captureOf, Scene } from "../support/scene.ts";

const HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;

function scene(): Scene {
  return new Scene().handshake().wait(5).feed(120).close("server");
}

for (const byteOrder of ["little", "big"] as const) {
  for (const resolution of ["us", "ns"] as const) {
    Deno.test(`diagnose() reads times of pcap in ${resolution}, ${byteOrder}-endian`, async () => {
      const { packets } = new Scene().say("client", {}).wait(1.5).say("server", {});
      const { capture } = await diagnose(writePcap(packets, { byteOrder, resolution }));
      assertEquals(capture.startedAt, 1_700_000_000_000);
      assertEquals(capture.durationMs, 1.5);
      assertEquals([capture.format, capture.packets, capture.tcpPackets], ["pcap", 2, 2]);
    });
  }
}

Deno.test("diagnose() reads nanoseconds of pcap exactly, and seconds up to 2106", async () => {
  const [packet] = new Scene().say("client", {}).packets;
  const timeNs = 4_294_967_294_999_999_999n;
  const file = writePcap([{ ...packet, timeNs }, { ...packet, timeNs: timeNs + 1001n }], {
    resolution: "ns",
  });
  const { capture } = await diagnose(file);
  assertEquals(capture.startedAt, 4_294_967_294_999.999);
  assertEquals(Math.round(capture.durationMs * 1e6), 1001);
});

Deno.test("diagnose() gives for each prefix of a pcap a report or a CaptureFormatError", async () => {
  const file = captureOf(new Scene().handshake().wait(5).data("server", 40).ack("client"));
  const whole = (await diagnose(file)).capture;
  let at = HEADER_BYTES;
  let packets = 0;
  for (let length = 0; length < file.length; length++) {
    const prefix = file.subarray(0, length);
    if (length < HEADER_BYTES) {
      await assertRejects(() => diagnose(prefix), CaptureFormatError, `only ${length} bytes came`);
      continue;
    }
    const captured = viewOf(file).getUint32(at + 8, true);
    if (length === at + RECORD_HEADER_BYTES + captured) {
      at = length;
      packets++;
    }
    const { capture } = await diagnose(prefix);
    assertEquals(capture.packets, packets, `${length}`);
    assertEquals(capture.broken?.offset, length === at ? undefined : at, `${length}`);
  }
  assertEquals([packets + 1, whole.broken], [whole.packets, undefined]);
});

Deno.test("diagnose() reports the same of a pcap in pieces of any size", async () => {
  const file = captureOf(scene());
  const whole = await diagnose(file);
  for (let size = 1; size <= file.length; size += size < 150 ? 1 : 97) {
    assertEquals(await diagnose(pieces(file, size)), whole, `pieces of ${size}`);
  }
});

Deno.test("diagnose() takes a source that reads into one buffer again and again", async () => {
  const file = captureOf(scene());
  const whole = await diagnose(file);
  for (const size of [1, 7, 100]) {
    assertEquals(await diagnose(reusing(file, size)), whole, `pieces of ${size}`);
  }
});

Deno.test("diagnose() takes records of no bytes, and captures without any", async () => {
  const [packet] = new Scene().say("client", {}).packets;
  const empty = { ...packet, bytes: new Uint8Array(0) };
  const { capture, connections } = await diagnose(writePcap([empty, packet, empty]));
  assertEquals([capture.packets, capture.tcpPackets, capture.broken], [3, 1, undefined]);
  assertEquals(connections[0].firstFrame, 2);
  const none = await diagnose(writePcap([]));
  assertEquals([none.capture.packets, none.connections, none.capture.startedAt], [
    0,
    [],
    undefined,
  ]);
});

Deno.test("diagnose() takes a record that says it was shorter than what is there", async () => {
  const { packets } = new Scene().handshake();
  const shorter = packets.map((packet) => ({ ...packet, originalLength: 1 }));
  assertEquals(
    (await diagnose(writePcap(shorter))).connections,
    (await diagnose(writePcap(packets))).connections,
  );
});

Deno.test("diagnose() reads the longest packets tcpdump writes, and stops at what no packet is", async () => {
  const { packets } = new Scene().handshake();
  const long = { ...packets[0], bytes: concat([packets[0].bytes, new Uint8Array(262_144 - 80)]) };
  const file = writePcap([long, ...packets.slice(1)]);
  assertEquals((await diagnose(file)).capture.tcpPackets, 3);
  const lying = edited(file, (view) => view.setUint32(HEADER_BYTES + 8, 0xffff_ff00, true));
  const { capture } = await diagnose(lying);
  assertEquals([capture.packets, capture.broken?.offset], [0, HEADER_BYTES]);
  assertStringIncludes(capture.broken!.sentence, `${0xffff_ff00 + 16} is announced`);
});

Deno.test("diagnose() loses none of many long packets behind late ones", async () => {
  const [packet] = new Scene().data("server", 1000).packets;
  const bytes = concat([packet.bytes, new Uint8Array(60_000)]);
  const packets = Array.from({ length: 200 }, (_, i) => ({
    ...packet,
    bytes,
    timeNs: packet.timeNs + BigInt(i % 2 === 0 ? i : i - 2) * 1_000_000n,
  }));
  const { capture } = await diagnose(pieces(writePcap(packets.slice(2)), 100_000));
  assertEquals(capture.tcpPackets, 198);
});

Deno.test("diagnose() takes no bits of the frame check sequence for the link type", async () => {
  const { packets } = scene();
  const file = writePcap(packets, { linkType: 0x1400_0001 });
  assertEquals((await diagnose(file)).capture.tcpPackets, packets.length);
});

Deno.test("diagnose() says what begins a file that is no capture", async () => {
  const file = concat([u32(0xcafebabe), new Uint8Array(40)]);
  await assertRejects(() => diagnose(file), CaptureFormatError, "ca fe ba be");
  await assertRejects(() => diagnose(new Uint8Array(0)), CaptureFormatError, "only 0 bytes came");
});
