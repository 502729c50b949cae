/** The pcapng format, through `diagnose()`. */
import { assertEquals, assertRejects } from "@std/assert";
import { CaptureFormatError, diagnose, type DoctorReport } from "../../../doctor/mod.ts";
import { type ByteOrder, concat, u16, u32 } from "../support/bytes.ts";
import { type PcapngOptions, writePcapng } from "../support/capture.ts";
import type { Packet } from "../support/packet.ts";
import { pieces } from "../support/pieces.ts";
import { captureOf, Scene } from "../support/scene.ts";

const SCENE = new Scene().handshake().wait(5).feed(400).close("server");
const SECTION_BYTES = 28;

/** What is said of the packets, whatever they lie in. */
async function connectionsOf(file: Uint8Array): Promise<DoctorReport["connections"]> {
  return (await diagnose(file)).connections;
}

/** That `packets`, written so, are read as they are. */
async function assertReads(options: PcapngOptions, packets: Packet[] = SCENE.packets) {
  const { capture, connections } = await diagnose(writePcapng(packets, options));
  const what = JSON.stringify(
    options,
    (_, value) => typeof value === "bigint" ? `${value}` : value,
  );
  assertEquals([capture.broken, capture.format], [undefined, "pcapng"], what);
  const [one] = await connectionsOf(captureOf(SCENE));
  assertEquals(connections.length, 1, what);
  assertEquals(connections[0].server.bytes, one.server.bytes, what);
  assertEquals(Math.round(connections[0].toMs), Math.round(one.toMs), what);
  assertEquals(connections[0].verdicts[0].kind, one.verdicts[0].kind, what);
}

for (const tsresol of [3, 6, 7, 9, 12, 0x8a, 0x94, 0xa0]) {
  Deno.test(`diagnose() reads times of pcapng with resolution 0x${tsresol.toString(16)}`, async () => {
    await assertReads({ tsresol });
    await assertReads({ tsresol, tsoffset: 1_600_000_000n, byteOrder: "big" });
    await assertReads({ tsresol, tsoffset: -5n });
  });
}

Deno.test("diagnose() reads times of more than 32 bits, and of picoseconds since 1970", async () => {
  const { packets } = new Scene().say("client", {}).wait(1.25).say("server", {});
  for (const tsresol of [6, 9, 0x9e]) {
    const { capture } = await diagnose(writePcapng(packets, { tsresol }));
    assertEquals(Math.round(capture.startedAt!), 1_700_000_000_000, `${tsresol}`);
    assertEquals(capture.durationMs.toFixed(3), "1.250", `${tsresol}`);
  }
  // The high half changes between the two.
  const timeNs = (2n ** 32n * 500n - 1n) * 1000n;
  const [packet] = packets;
  const later = { ...packet, timeNs: timeNs + 2000n };
  const { capture } = await diagnose(writePcapng([{ ...packet, timeNs }, later]));
  assertEquals(capture.durationMs, 0.002);
});

Deno.test("diagnose() reads interfaces that count time otherwise, and several sections", async () => {
  await assertReads({ tsresol: [6, 9, 12], interfaces: 3 });
  for (const byteOrder of ["little", "big"] as const) {
    await assertReads({ sections: 2, byteOrder });
    await assertReads({ sections: 5, byteOrder, interfaces: 2, tsresol: [9, 6], options: true });
  }
});

Deno.test("diagnose() passes over blocks it does not know, and too long ones", async () => {
  await assertReads({ blocks: ["unknown", "custom", "names", "statistics"], options: true });
  const file = writePcapng(SCENE.packets, { blocks: ["oversize"] });
  for (const source of [file, pieces(file, 300_000)]) {
    const { capture, connections } = await diagnose(source);
    assertEquals([capture.packets, capture.broken], [SCENE.packets.length, undefined]);
    assertEquals(capture.notes, ["passed over, as too long: 1 of the file's blocks"]);
    assertEquals(connections, await connectionsOf(writePcapng(SCENE.packets)));
  }
});

Deno.test("diagnose() reads obsolete packet blocks as it does enhanced ones", async () => {
  await assertReads({ blockOf: () => "obsolete" });
  await assertReads({ blockOf: (_, index) => index % 2 === 0 ? "obsolete" : "enhanced" });
});

Deno.test("diagnose() reads simple packet blocks, which have no times", async () => {
  const whole = SCENE.packets.map((packet) => ({
    ...packet,
    originalLength: packet.bytes.length,
  }));
  const { capture, connections } = await diagnose(writePcapng(whole, { blockOf: () => "simple" }));
  assertEquals(capture.tcpPackets, whole.length);
  assertEquals([capture.startedAt, capture.durationMs], [undefined, 0]);
  assertEquals(connections[0].verdicts[0].kind, "unknown");
});

Deno.test("diagnose() cuts what simple packet blocks hold at the interface's snapshot length", async () => {
  const file = writePcapng(SCENE.packets, { snaplen: 96, blockOf: () => "simple" });
  const { capture, connections } = await diagnose(file);
  assertEquals(capture.tcpPackets, SCENE.packets.length);
  assertEquals(connections[0].server.bytes, 8 * 500);
});

Deno.test("diagnose() reports the same of a pcapng in pieces of any size", async () => {
  const file = writePcapng(SCENE.packets.slice(0, 9), { sections: 3, tsresol: 9, options: true });
  const whole = await diagnose(file);
  for (let size = 1; size <= file.length; size += size < 130 ? 1 : 61) {
    assertEquals(await diagnose(pieces(file, size)), whole, `pieces of ${size}`);
  }
});

/** Where blocks begin, by the length each says. */
function blocksOf(file: Uint8Array, order: ByteOrder): number[] {
  const view = new DataView(file.buffer);
  const begins: number[] = [];
  for (let at = 0; at < file.length; at += view.getUint32(at + 4, order === "little")) {
    begins.push(at);
  }
  return begins;
}

Deno.test("diagnose() gives for each prefix of a pcapng a report or a CaptureFormatError", async () => {
  for (const byteOrder of ["little", "big"] as const) {
    const file = writePcapng(SCENE.packets.slice(0, 5), { byteOrder, tsresol: 9 });
    const begins = [...blocksOf(file, byteOrder), file.length];
    for (let length = 0; length < file.length; length++) {
      const prefix = file.subarray(0, length);
      if (length < 24) {
        await assertRejects(() => diagnose(prefix), CaptureFormatError);
        continue;
      }
      const { capture } = await diagnose(prefix);
      const last = begins.findLast((begin) => begin <= length)!;
      assertEquals(capture.broken?.offset, last === length ? undefined : last, `${length}`);
      // Two blocks before packets: section and interface.
      assertEquals(capture.packets, Math.max(0, begins.indexOf(last) - 2), `${length}`);
    }
  }
});

/** A section header of `bytes`, filled up by a comment. */
function section(order: ByteOrder, bytes: number): Uint8Array {
  const comment = bytes - SECTION_BYTES - 8;
  return concat([
    u32(0x0a0d0d0a, order),
    u32(bytes, order),
    u32(0x1a2b3c4d, order),
    u16(1, order),
    u16(0, order),
    u32(0xffffffff),
    u32(0xffffffff),
    u16(1, order),
    u16(comment, order),
    new Uint8Array(comment).fill(32),
    u32(0),
    u32(bytes, order),
  ]);
}

Deno.test("diagnose() reads a section whose length makes sense in either byte order", async () => {
  const { packets } = SCENE;
  const half = Math.floor(packets.length / 2);
  const rest = (order: ByteOrder, some: Packet[]) =>
    writePcapng(some, { byteOrder: order, tsresol: 9 }).subarray(SECTION_BYTES);
  // 0x00000100 read the other way round is 0x00010000, and 0x00010000 is 0x00000100.
  for (const bytes of [0x100, 0x104, 0xfffc]) {
    for (const [a, b] of [["little", "big"], ["big", "little"]] as const) {
      const file = concat([
        section(a, bytes),
        rest(a, packets.slice(0, half)),
        section(b, bytes),
        rest(b, packets.slice(half)),
      ]);
      for (const source of [file, pieces(file, 1000), pieces(file, 37)]) {
        const { capture, connections } = await diagnose(source);
        assertEquals(
          [capture.packets, capture.broken],
          [packets.length, undefined],
          `${bytes} ${a}`,
        );
        assertEquals(connections[0].server.bytes, 8 * 500, `${bytes} ${a}`);
      }
    }
  }
});
