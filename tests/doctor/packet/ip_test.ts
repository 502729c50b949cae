/** IP headers, plain, hostile and in pieces, through `diagnose()`. */
import { assert, assertEquals } from "@std/assert";
import { type ConnectionReport, diagnose } from "../../../doctor/mod.ts";
import { frameOf, ipv4, ipv6, tcp } from "../support/build.ts";
import { concat, edited, u16, u32, u8 } from "../support/bytes.ts";
import { writePcap } from "../support/capture.ts";
import { FLAG, PROTOCOL } from "../support/network.ts";

const V4 = { source: u8(10, 0, 0, 2), destination: u8(10, 0, 0, 9) };
const V6 = {
  source: concat([u32(0x20010db8), new Uint8Array(11), u8(2)]),
  destination: concat([u32(0x20010db8), new Uint8Array(11), u8(9)]),
};
const SAID = { sourcePort: 50_000, destinationPort: 7000, seq: 1, flags: FLAG.ack };
const AT = 14;

function segment(bytes: number, ends = V4): Uint8Array {
  return tcp({ ...SAID, payload: new Uint8Array(bytes) }, ends);
}

async function reportOf(...frames: Uint8Array[]) {
  const packets = frames.map((bytes, i) => ({
    ...{ timeNs: BigInt(i) * 1_000_000n, bytes, originalLength: bytes.length, linkType: 1 },
  }));
  return await diagnose(writePcap(packets));
}

/** What is read of one frame; `undefined` if nothing is. */
async function readOf(frame: Uint8Array): Promise<ConnectionReport | undefined> {
  return (await reportOf(frame)).connections[0];
}

Deno.test("diagnose() reads IPv4 with options, and leaves out what pads the frame", async () => {
  const options = new Uint8Array(40).fill(1);
  const packet = ipv4(PROTOCOL.tcp, concat([options, segment(7)]), V4);
  const longer = edited(packet, (view) => view.setUint8(0, 0x4f));
  assertEquals((await readOf(frameOf(longer)))?.client.bytes, 7);
  const padded = concat([frameOf(ipv4(PROTOCOL.tcp, segment(0), V4)), new Uint8Array(6)]);
  assertEquals((await readOf(padded))?.client.bytes, 0);
});

Deno.test("diagnose() reads IPv4 of length 0, as large segments are before they are split", async () => {
  const packet = ipv4(PROTOCOL.tcp, segment(5000), V4);
  const unsplit = edited(packet, (view) => view.setUint16(2, 0));
  assertEquals((await readOf(frameOf(unsplit)))?.client.bytes, 5000);
});

Deno.test("diagnose() reads the first fragment, and counts the others", async () => {
  const whole = segment(600);
  const first = frameOf(ipv4(PROTOCOL.tcp, whole.subarray(0, 480), { ...V4, fragment: 0x2000 }));
  const rest = frameOf(ipv4(PROTOCOL.tcp, whole.subarray(480), { ...V4, fragment: 60 }));
  const { capture, connections } = await reportOf(first, rest);
  assertEquals(capture.tcpPackets, 1);
  assertEquals(capture.notes, ["1 packet not looked at: later fragments of others"]);
  assertEquals(connections.length, 1);
});

Deno.test("diagnose() reads no IPv4 whose header can't be", async () => {
  const packet = ipv4(PROTOCOL.tcp, segment(7), V4);
  for (const [at, value] of [[0, 0x44], [0, 0x40], [0, 0x55], [0, 0x05], [9, 17]] as const) {
    assertEquals(
      await readOf(frameOf(edited(packet, (view) => view.setUint8(at, value)))),
      undefined,
    );
  }
  const short = edited(packet, (view) => view.setUint16(2, 19));
  assertEquals(await readOf(frameOf(short)), undefined);
});

/** An extension header of `bytes`, `next` behind it. */
function extension(next: number, bytes = 8): Uint8Array {
  return concat([u8(next, (bytes - 8) / 8), new Uint8Array(bytes - 2)]);
}

Deno.test("diagnose() reads IPv6 behind extension headers", async () => {
  const body = segment(9, V6);
  const chains: [number, Uint8Array][] = [
    [6, body],
    [0, concat([extension(6, 16), body])],
    [0, concat([extension(43), extension(60, 24), extension(135), extension(6), body])],
    // Authentication counts in words of four bytes, less two.
    [51, concat([u8(6, 4), new Uint8Array(22), body])],
    // A fragment that is whole.
    [44, concat([u8(6, 0), u16(0), u32(7), body])],
  ];
  for (const [first, payload] of chains) {
    const report = await readOf(frameOf(ipv6(first, payload, V6)));
    assertEquals([report?.client.bytes, report?.client.address], [9, "2001:db8::2"], `${first}`);
  }
});

Deno.test("diagnose() counts later fragments of IPv6", async () => {
  const later = concat([u8(6, 0), u16(80 << 3), u32(7), segment(9, V6)]);
  const { capture } = await reportOf(frameOf(ipv6(44, later, V6)));
  assertEquals([capture.tcpPackets, capture.notes.length], [0, 1]);
});

Deno.test("diagnose() reads IPv6 of length 0 by the length of its frame", async () => {
  const packet = edited(ipv6(6, segment(70_000 - 20, V6), V6), (view) => view.setUint16(4, 0));
  assertEquals((await readOf(frameOf(packet)))?.client.bytes, 69_980);
});

Deno.test("diagnose() soon has enough of extension headers without an end", async () => {
  const endless = concat(Array(8000).fill(extension(0)));
  assertEquals(await readOf(frameOf(ipv6(0, endless, V6))), undefined);
  const lying = concat([u8(60, 255), new Uint8Array(40)]);
  assertEquals(await readOf(frameOf(ipv6(60, lying, V6))), undefined);
});

Deno.test("diagnose() reads what it can of packets cut off anywhere", async () => {
  for (
    const frame of [
      frameOf(ipv4(PROTOCOL.tcp, segment(200), V4)),
      frameOf(ipv6(0, concat([extension(6), segment(200, V6)]), V6)),
    ]
  ) {
    for (let length = 0; length < 90; length++) {
      const packet = {
        ...{ timeNs: 0n, bytes: frame.subarray(0, length), linkType: 1 },
        originalLength: frame.length,
      };
      const { capture, connections } = await diagnose(writePcap([packet]));
      assertEquals(capture.broken, undefined);
      assert(connections.every(({ client }) => client.bytes === 200), `${length}`);
    }
  }
});

Deno.test("diagnose() survives any byte in any place of the headers", async () => {
  for (
    const frame of [
      frameOf(ipv4(PROTOCOL.tcp, segment(20), V4)),
      frameOf(ipv6(0, concat([extension(6), segment(20, V6)]), V6)),
    ]
  ) {
    const frames: Uint8Array[] = [];
    for (let at = AT; at < frame.length; at++) {
      for (const value of [0, 1, 0x40, 0x7f, 0x80, 0xff]) {
        frames.push(edited(frame, (view) => view.setUint8(at, value)));
      }
    }
    const { capture } = await reportOf(...frames);
    assertEquals(capture.packets, frames.length);
  }
});
