/** The same packets in other files. */
import { concat, u32 } from "./bytes.ts";
import { gzip, type PcapngOptions, writePcap, writePcapng } from "./capture.ts";
import { frameOf, ipv4, udp } from "./build.ts";
import { LINK } from "./link.ts";
import { linkTypeOf, type Packet } from "./packet.ts";
import { asEthernet } from "./rewrite.ts";
import { plainFile, type Variant } from "./variant.ts";

const NANOS = 9;
/** 2^-20 seconds, a little less than a microsecond. */
const BINARY = 0x80 | 20;

function file(name: string, derive: (packets: Packet[]) => Uint8Array): Variant {
  return { name, keepsVerdict: "same", sameTcp: true, derive };
}

function cut(name: string, derive: (packets: Packet[]) => Uint8Array): Variant {
  return { name, keepsVerdict: "same_or_unknown", sameTcp: false, derive };
}

function pcapng(name: string, options: PcapngOptions): Variant {
  return file(name, (packets) => writePcapng(packets, { tsresol: NANOS, ...options }));
}

/** Ethernet frames with their check sums, of which the file's header tells (4 bytes, thus 2 words). */
function withFrameChecks(packets: Packet[]): Uint8Array {
  const framed = asEthernet(packets).map((packet): Packet => {
    const whole = packet.bytes.length === packet.originalLength;
    const bytes = whole ? concat([packet.bytes, u32(0xdeadbeef)]) : packet.bytes;
    return { ...packet, bytes, originalLength: packet.originalLength + 4 };
  });
  return writePcap(framed, { resolution: "ns", linkType: LINK.ethernet | 0x2400_0000 });
}

/** A packet of another protocol, for the blocks that say no time. */
function chatter(linkType: number): Packet[] {
  if (linkType !== LINK.ethernet) return [];
  const source = Uint8Array.of(192, 0, 2, 1);
  const bytes = frameOf(
    ipv4(17, udp(5353, 5353, new Uint8Array(8)), { source, destination: source }),
  );
  return [{ timeNs: 0n, bytes, originalLength: bytes.length, linkType }];
}

/** Simple blocks for what isn't TCP, after every fifth packet. */
function withSimpleChatter(packets: Packet[]): Uint8Array {
  const mixed = packets.flatMap((packet, index) =>
    index % 5 === 4 ? [packet, ...chatter(packet.linkType)] : [packet]
  );
  return writePcapng(mixed, {
    tsresol: NANOS,
    blockOf: ({ timeNs }) => timeNs === 0n ? "simple" : "enhanced",
  });
}

/** Simple blocks, none of which says a time, for all that was cut at the snaplen or not at all. */
function allSimple(packets: Packet[]): Uint8Array {
  const snaplen = Math.max(...packets.map(({ bytes }) => bytes.length));
  return writePcapng(packets, { snaplen, tsresol: NANOS, blockOf: () => "simple" });
}

/** A file that ends `bytes` into what is written of the packet after the first `share`. */
function cutInPacket(
  packets: Packet[],
  share: number,
  bytes: number,
  write: (packets: Packet[]) => Uint8Array,
): Uint8Array {
  const count = Math.floor((packets.length - 1) * share);
  const length = write(packets.slice(0, count)).length + bytes;
  return write(packets).slice(0, length);
}

/** Classic, nanoseconds. */
function pcapNs(packets: Packet[]): Uint8Array {
  return writePcap(packets, { resolution: "ns", linkType: linkTypeOf(packets) });
}

function pcapngNs(packets: Packet[]): Uint8Array {
  return writePcapng(packets, { tsresol: NANOS, interfaces: 1 });
}

/** Cuts in the header of a packet, between header and packet, and in the packet. */
const CUTS: [string, number, number][] = [
  ["first_header", 0, 7],
  ["quarter", 0.25, 16],
  ["half", 0.5, 40],
  ["nine_tenths", 0.9, 12],
  ["last", 1, 30],
];

export const FORMAT_VARIANTS: Variant[] = [
  file("as_is", plainFile),
  file("pcap_big_endian", (packets) => writePcap(packets, { byteOrder: "big" })),
  file("pcap_us", (packets) => writePcap(packets)),
  file("pcap_ns", pcapNs),
  file(
    "pcap_ns_big_endian",
    (packets) => writePcap(packets, { byteOrder: "big", resolution: "ns" }),
  ),
  file("pcap_frame_checks", withFrameChecks),
  pcapng("pcapng_us", { tsresol: 6 }),
  pcapng("pcapng_ns", {}),
  pcapng("pcapng_big_endian", { byteOrder: "big" }),
  pcapng("pcapng_binary_time", { tsresol: BINARY }),
  pcapng("pcapng_time_offset", { tsoffset: 1_600_000_000n, byteOrder: "big" }),
  pcapng("pcapng_sections", { sections: 5 }),
  pcapng("pcapng_sections_big_endian_first", {
    sections: 4,
    byteOrder: "big",
    tsresol: [NANOS, BINARY],
    interfaces: 2,
  }),
  pcapng("pcapng_interfaces", { interfaces: 3, tsresol: [6, NANOS, BINARY] }),
  pcapng("pcapng_extra_blocks", { blocks: ["unknown", "custom", "names", "statistics"] }),
  pcapng("pcapng_oversize_block", { blocks: ["oversize"] }),
  pcapng("pcapng_options", { options: true, blocks: ["names"] }),
  pcapng("pcapng_options_big_endian", { options: true, byteOrder: "big", sections: 2 }),
  pcapng("pcapng_obsolete_blocks", { blockOf: (_, i) => i % 2 === 0 ? "obsolete" : "enhanced" }),
  file("pcapng_simple_chatter", withSimpleChatter),
  { ...file("pcapng_all_simple", allSimple), keepsVerdict: "same_or_unknown" },
  file("gzip_pcap", (packets) => gzip(plainFile(packets))),
  file("gzip_members", (packets) => gzip(plainFile(packets), { members: 4 })),
  file("gzip_fields", (packets) => gzip(plainFile(packets), { fields: true })),
  file("gzip_pcapng", (packets) => gzip(pcapngNs(packets), { members: 2, fields: true })),
  ...CUTS.map(([where, share, bytes]) =>
    cut(`cut_pcap_${where}`, (packets) => cutInPacket(packets, share, bytes, pcapNs))
  ),
  ...CUTS.map(([where, share, bytes]) =>
    cut(`cut_pcapng_${where}`, (packets) => cutInPacket(packets, share, bytes, pcapngNs))
  ),
  cut("cut_gzip", (packets) => {
    const packed = gzip(plainFile(packets));
    return packed.slice(0, Math.floor(packed.length * 0.6));
  }),
  cut("cut_header", (packets) => plainFile(packets).slice(0, 24)),
];
