/** The same TCP packets in IPv6, with headers between that say nothing of the connection. */
import { concat, u16, u32, u8 } from "./bytes.ts";
import { ipPartOf, LINK } from "./link.ts";
import { PROTOCOL, tcpOf } from "./network.ts";
import type { Packet } from "./packet.ts";
import { asEthernet, etherType, relinked } from "./rewrite.ts";

/** The place of each is the one that the standard asks for. */
export type Extension = "hop_by_hop" | "destination" | "atomic_fragment" | "last_destination";

const NUMBER: Record<Extension, number> = {
  hop_by_hop: 0,
  destination: 60,
  atomic_fragment: 44,
  last_destination: 60,
};

/** Of the options with which eight or sixteen bytes are filled: type, length, zeros. */
const PAD = [u8(1, 4, 0, 0, 0, 0), u8(1, 12, ...new Uint8Array(12))];

function extensionHeader(extension: Extension, next: number): Uint8Array {
  switch (extension) {
    case "hop_by_hop":
    case "destination":
      return concat([u8(next, 0), PAD[0]]);
    case "last_destination":
      return concat([u8(next, 1), PAD[1]]);
    case "atomic_fragment": // a fragment that is the whole
      return concat([u8(next, 0), u16(0), u32(0x12345678)]);
  }
}

function extensionHeaders(extensions: Extension[]): Uint8Array {
  return concat(extensions.map((extension, index) => {
    const following = extensions[index + 1];
    return extensionHeader(extension, following === undefined ? PROTOCOL.tcp : NUMBER[following]);
  }));
}

/** An address of IPv6 for one of IPv4. */
function address(bytes: Uint8Array): Uint8Array {
  return bytes.length === 16 ? bytes : concat([u8(0xfd, ...new Uint8Array(11)), bytes]);
}

function rewritten(packet: Packet, extensions: Extension[]): Packet {
  const part = ipPartOf(packet);
  const tcp = tcpOf(packet);
  if (part === undefined || tcp === undefined) return packet;
  const { ip } = tcp;
  const [hopLimit, addresses, width] = ip.family === 4
    ? [part.bytes[8], 12, 4]
    : [part.bytes[7], 8, 16];
  const inserted = extensionHeaders(extensions);
  const header = concat([
    u32(0x6000_0000),
    u16(inserted.length + ip.totalLength - ip.headerBytes),
    u8(extensions.length === 0 ? PROTOCOL.tcp : NUMBER[extensions[0]], hopLimit),
    address(part.bytes.slice(addresses, addresses + width)),
    address(part.bytes.slice(addresses + width, addresses + 2 * width)),
    inserted,
  ]);
  // Through a bare packet, for the link layer's header names the family.
  const bare: Packet = {
    timeNs: packet.timeNs,
    bytes: concat([header, part.bytes.slice(ip.headerBytes)]),
    originalLength: header.length + part.originalLength - ip.headerBytes,
    linkType: LINK.raw,
  };
  const stations = packet.bytes.slice(0, 12);
  return relinked(
    [bare],
    LINK.ethernet,
    ({ family }) => concat([stations, etherType(family)]),
  )[0];
}

/** `packets` in IPv6 on Ethernet; what isn't TCP stays as it is. */
export function asIpv6(packets: Packet[], extensions: Extension[]): Packet[] {
  return asEthernet(packets).map((packet) => rewritten(packet, extensions));
}
