/** The model of a capture: against bytes written by hand, then against itself. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { hex } from "../framing/bytes.ts";
import {
  type ExtraBlock,
  gzip,
  type Packet,
  type PacketBlock,
  parseCapture,
  writePcap,
  writePcapng,
} from "./support/capture.ts";
import { concat } from "./support/bytes.ts";

const PACKETS: Packet[] = [
  { timeNs: 1_000_002_000n, bytes: hex("0a0b0c"), originalLength: 260, linkType: 1 },
];

const PCAP_LITTLE = hex(`
  d4c3b2a1 0200 0400 00000000 00000000 00000400 01000000
  01000000 02000000 03000000 04010000 0a0b0c`);
const PCAP_BIG_NS = hex(`
  a1b23c4d 0002 0004 00000000 00000000 00040000 00000001
  00000001 000007d0 00000003 00000104 0a0b0c`);
/** One interface that counts nanoseconds, one packet, padded. */
const PCAPNG_BIG = hex(`
  0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c
  00000001 00000020 0001 0000 00000000 0009 0001 09000000 0000 0000 00000020
  00000006 00000024 00000000 00000000 3b9ad1d0 00000003 00000104 0a0b0c00 00000024`);
/** 2^-20 of a second, a simple packet, and a block of no known type. */
const PCAPNG_LITTLE = hex(`
  0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000
  01000000 20000000 0100 0000 03000000 0900 0100 94000000 0000 0000 20000000
  ad0b0000 10000000 01020304 10000000
  03000000 14000000 04010000 0a0b0c00 14000000
  06000000 24000000 00000000 00000000 00001800 03000000 04010000 0a0b0c00 24000000`);

Deno.test("writePcap() and parseCapture() agree with bytes written by hand", () => {
  assertEquals(writePcap(PACKETS), PCAP_LITTLE);
  assertEquals(writePcap(PACKETS, { byteOrder: "big", resolution: "ns" }), PCAP_BIG_NS);
  assertEquals(parseCapture(PCAP_LITTLE), PACKETS);
  assertEquals(parseCapture(PCAP_BIG_NS), PACKETS);
});

Deno.test("writePcapng() and parseCapture() agree with bytes written by hand", () => {
  assertEquals(writePcapng(PACKETS, { byteOrder: "big", tsresol: 9 }), PCAPNG_BIG);
  assertEquals(parseCapture(PCAPNG_BIG), PACKETS);
  const [packet] = PACKETS;
  assertEquals(parseCapture(PCAPNG_LITTLE), [
    { ...packet, timeNs: 0n },
    { ...packet, timeNs: 1_500_000_000n },
  ]);
  assertEquals(parseCapture(concat([PCAPNG_BIG, PCAPNG_LITTLE])).length, 3);
});

Deno.test("writePcap() cuts packets at the snaplen and nowhere else", () => {
  const [{ bytes, originalLength }] = parseCapture(writePcap(PACKETS, { snaplen: 2 }));
  assertEquals([bytes, originalLength], [hex("0a0b"), 260]);
  assertThrows(() => writePcap([...PACKETS, { ...PACKETS[0], linkType: 101 }]), Error, "1, 101");
});

Deno.test("parseCapture() throws at what is no capture", () => {
  assertThrows(() => parseCapture(hex("")), Error, "neither");
  assertThrows(() => parseCapture(hex("00".repeat(100))), Error, "neither");
  assertThrows(() => parseCapture(PCAP_LITTLE.slice(0, 23)), Error, "neither");
});

const linkType = fc.constantFrom(1, 113, 276);
/** Times in microseconds, which all ways of writing keep. */
const packet = fc.record({
  timeNs: fc.bigInt({ min: 0n, max: 2n ** 32n * 1_000_000n - 1n }).map((us) => us * 1000n),
  bytes: fc.uint8Array({ maxLength: 70 }),
  originalLength: fc.nat(2 ** 32 - 1),
  linkType,
}, { noNullPrototype: true });
const byteOrder = fc.constantFrom("little" as const, "big" as const);
const ALL_BLOCKS: ExtraBlock[] = ["unknown", "custom", "names", "statistics"];

Deno.test("parseCapture() gives back what writePcap() was given", () => {
  fc.assert(fc.property(
    linkType.chain((type) => fc.array(packet.map((one) => ({ ...one, linkType: type })))),
    byteOrder,
    fc.constantFrom("us" as const, "ns" as const),
    fc.boolean(),
    (packets, byteOrder, resolution, packed) => {
      const file = writePcap(packets, { byteOrder, resolution });
      assertEquals(parseCapture(packed ? gzip(file, { members: 3 }) : file), packets);
    },
  ));
});

Deno.test("parseCapture() gives back what writePcapng() was given", () => {
  fc.assert(fc.property(
    fc.array(packet),
    fc.record({
      byteOrder,
      tsresol: fc.constantFrom(6, 9, [6, 9, 8]),
      tsoffset: fc.constantFrom(0n, 0n, -5n),
      interfaces: fc.integer({ min: 1, max: 3 }),
      sections: fc.integer({ min: 1, max: 4 }),
      options: fc.boolean(),
      blocks: fc.subarray(ALL_BLOCKS),
    }),
    fc.array(fc.constantFrom<PacketBlock>("enhanced", "obsolete"), { minLength: 1 }),
    (packets, options, kinds) => {
      const file = writePcapng(packets, {
        ...options,
        blockOf: (_, index) => kinds[index % kinds.length],
      });
      assertEquals(parseCapture(gzip(file, { fields: true })), packets);
    },
  ));
});

Deno.test("parseCapture() gives the whole packets of a file cut anywhere", () => {
  const packets = [PACKETS[0], PACKETS[0]];
  for (const file of [writePcap(packets), writePcapng(packets)]) {
    const counts = Array.from(
      { length: file.length + 1 },
      (_, length) => length < 28 ? 0 : parseCapture(file.slice(0, length)).length,
    );
    assertEquals(counts, counts.toSorted());
    assertEquals([counts[0], counts[file.length - 1], counts[file.length]], [0, 1, 2]);
  }
});
