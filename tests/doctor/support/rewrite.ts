/** Headers exchanged, what they carry kept. */
import { concat, edited, u16, u8, viewOf } from "./bytes.ts";
import { withChecksum } from "./build.ts";
import { ETHER, type IpPart, ipPartOf, LINK } from "./link.ts";
import { tcpOf, toServer } from "./network.ts";
import type { Packet } from "./packet.ts";

/** What a link layer's header may say. */
export interface Link {
  family: 4 | 6;
  source: Uint8Array;
  destination: Uint8Array;
  /** Sent by the client, on whose host the capture is said to be. */
  outgoing: boolean;
  /** Of the IP packet. */
  length: number;
}

const UNKNOWN_STATION = u8(2, 0, 0, 0, 0, 1);

function linkOf(packet: Packet, part: IpPart): Link {
  const { bytes, linkType } = packet;
  const tcp = tcpOf(packet);
  const stations = linkType === LINK.ethernet
    ? { source: bytes.slice(6, 12), destination: bytes.slice(0, 6) }
    : { source: UNKNOWN_STATION, destination: UNKNOWN_STATION };
  if (linkType === LINK.sll2) stations.source = bytes.slice(12, 18);
  return {
    family: part.bytes[0] >> 4 === 6 ? 6 : 4,
    ...stations,
    outgoing: tcp !== undefined && toServer(tcp),
    length: part.originalLength,
  };
}

/** `packets` with another link layer; those without IP in them can't have it and go. */
export function relinked(
  packets: Packet[],
  linkType: number,
  header: (link: Link) => Uint8Array,
): Packet[] {
  return packets.flatMap((packet) => {
    const part = ipPartOf(packet);
    if (part === undefined) return [];
    const head = header(linkOf(packet, part));
    return [{
      timeNs: packet.timeNs,
      bytes: concat([head, part.bytes]),
      originalLength: head.length + part.originalLength,
      linkType,
    }];
  });
}

/** The type field for a family. */
export function etherType(family: 4 | 6): Uint8Array {
  return u16(family === 4 ? ETHER.ipv4 : ETHER.ipv6);
}

/** `packets` as on Ethernet. Those that are stay the same, whatever is in them. */
export function asEthernet(packets: Packet[]): Packet[] {
  return packets.flatMap((packet) => {
    if (packet.linkType === LINK.ethernet) return [packet];
    return relinked(
      [packet],
      LINK.ethernet,
      ({ destination, source, family }) => concat([destination, source, etherType(family)]),
    );
  });
}

/** `packet` with another IP packet behind its link layer's header. */
export function withIp(
  packet: Packet,
  part: IpPart,
  bytes: Uint8Array,
  originalLength: number,
): Packet {
  return {
    ...packet,
    bytes: concat([packet.bytes.slice(0, part.offset), bytes]),
    originalLength: part.offset + originalLength,
  };
}

/** A change of the IP header in place; the lengths stay. */
export function editIp(packet: Packet, edit: (view: DataView, family: 4 | 6) => void): Packet {
  const part = ipPartOf(packet);
  if (part === undefined) return packet;
  const family = part.bytes[0] >> 4 === 6 ? 6 : 4;
  const changed = edited(part.bytes, (view) => edit(view, family));
  return withIp(packet, part, family === 4 ? rechecked(changed) : changed, part.originalLength);
}

/** IPv4 `bytes`, the header's check sum right. */
export function rechecked(bytes: Uint8Array): Uint8Array {
  const headerBytes = (bytes[0] & 15) * 4;
  return concat([withChecksum(bytes.slice(0, headerBytes)), bytes.slice(headerBytes)]);
}

/** Says in the header that IP header and payload are `length` long; 0 says nothing. */
export function setIpLength(view: DataView, family: 4 | 6, length: number): void {
  if (family === 4) view.setUint16(2, length);
  else view.setUint16(4, Math.max(0, length - 40));
}

/** A change of the TCP header in place. */
export function editTcp(packet: Packet, edit: (view: DataView) => void): Packet {
  const tcp = tcpOf(packet);
  if (tcp === undefined) return packet;
  const { part, ip } = tcp;
  const changed = edited(
    part.bytes,
    (view) => edit(viewOf(new Uint8Array(view.buffer, ip.headerBytes))),
  );
  return withIp(packet, part, changed, part.originalLength);
}
