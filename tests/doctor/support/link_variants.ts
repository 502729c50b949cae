/** The same packets behind other link layers. */
import { concat, stretched, u16, u32, u8 } from "./bytes.ts";
import { ETHER, LINK } from "./link.ts";
import type { Packet } from "./packet.ts";
import { asEthernet, etherType, type Link, relinked } from "./rewrite.ts";
import { sameTcp, type Variant } from "./variant.ts";
import { writePcapng } from "./capture.ts";

/** What systems call IPv6 in the family word; IPv4 is 2 everywhere. */
const FAMILY6 = { netbsd: 24, freebsd: 28, macos: 30 };

function link(name: string, linkType: number, header: (link: Link) => Uint8Array): Variant {
  return sameTcp(name, (packets) => relinked(packets, linkType, header));
}

/** Ethernet with `tags`, each the type and the number of a VLAN. */
function tagged(name: string, ...tags: [number, number][]): Variant {
  return link(name, LINK.ethernet, ({ source, destination, family }) =>
    concat([
      destination,
      source,
      ...tags.map(([type, number]) => concat([u16(type), u16(number)])),
      etherType(family),
    ]));
}

/** Ethernet with a PPPoE session. */
function pppoe({ source, destination, family, length }: Link): Uint8Array {
  return concat([
    destination,
    source,
    u16(ETHER.pppoe),
    u8(0x11, 0),
    u16(0x1234),
    u16(length + 2),
    u16(family === 4 ? 0x0021 : 0x0057),
  ]);
}

/** What `any` gave on Linux before SLL2. */
export function sll({ source, family, outgoing }: Link): Uint8Array {
  return concat([u16(outgoing ? 4 : 0), u16(1), u16(6), stretched(source, 8), etherType(family)]);
}

/** What `any` gives on Linux, of the interface with number `number`. */
export function sll2({ source, family, outgoing }: Link, number = 2): Uint8Array {
  return concat([
    etherType(family),
    u16(0),
    u32(number),
    u16(1),
    u8(outgoing ? 4 : 0, 6),
    stretched(source, 8),
  ]);
}

function families(name: string, linkType: number, family6: number): Variant[] {
  return (["little", "big"] as const).map((order) =>
    link(
      `${name}_${order}_endian`,
      linkType,
      ({ family }) => u32(family === 4 ? 2 : family6, order),
    )
  );
}

/** The link type that says the family itself; a file has one, so the first packet decides. */
function oneFamily(packets: Packet[]): Packet[] {
  const each = perFamily(packets);
  return each.filter(({ linkType }) => linkType === each[0].linkType);
}

function perFamily(packets: Packet[]): Packet[] {
  return packets.flatMap((packet) => {
    const [bare] = relinked([packet], LINK.raw, () => u8());
    if (bare === undefined) return [];
    return [{ ...bare, linkType: bare.bytes[0] >> 4 === 6 ? LINK.ipv6 : LINK.ipv4 }];
  });
}

/** Several interfaces of different link types, as one capture of a host has them. */
function severalLinkTypes(packets: Packet[]): Uint8Array {
  const turns = [
    (packet: Packet) => asEthernet([packet]),
    (packet: Packet) => relinked([packet], LINK.sll2, sll2),
    (packet: Packet) => perFamily([packet]),
    (packet: Packet) => relinked([packet], LINK.sll, sll),
  ];
  const mixed = packets.flatMap((packet, index) => turns[index % turns.length](packet));
  return writePcapng(mixed, { tsresol: 9 });
}

export const LINK_VARIANTS: Variant[] = [
  sameTcp("ethernet", asEthernet),
  tagged("vlan", [ETHER.vlan, 0x2064]),
  tagged("vlan_priority_only", [ETHER.vlan, 0xe000]),
  tagged("qinq", [ETHER.vlan, 7], [ETHER.vlan, 8]),
  tagged("qinq_old", [ETHER.oldQinq, 7], [ETHER.vlan, 8]),
  tagged("vlan_802_1ad", [ETHER.serviceVlan, 7], [ETHER.vlan, 8]),
  tagged("vlan_three", [ETHER.serviceVlan, 7], [ETHER.vlan, 8], [ETHER.vlan, 9]),
  link("pppoe", LINK.ethernet, pppoe),
  link("sll", LINK.sll, sll),
  link("sll2", LINK.sll2, sll2),
  ...[LINK.raw12, LINK.raw14, LINK.raw].map((type) => link(`raw_${type}`, type, () => u8())),
  sameTcp("raw_one_family", oneFamily),
  ...families("null", LINK.null, FAMILY6.macos),
  ...families("loop", LINK.loop, FAMILY6.netbsd),
  link(
    "null_freebsd",
    LINK.null,
    ({ family }) => u32(family === 4 ? 2 : FAMILY6.freebsd, "little"),
  ),
  {
    ...sameTcp("pcapng_link_types", asEthernet),
    derive: severalLinkTypes,
  },
];
