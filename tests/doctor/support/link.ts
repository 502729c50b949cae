/** Where the IP packet begins behind each link layer's header. */
import { viewOf } from "./bytes.ts";
import type { Packet } from "./packet.ts";

/** Numbers of tcpdump.org's list. */
export const LINK = {
  null: 0,
  ethernet: 1,
  /** What some systems' own captures say instead of `raw`. */
  raw12: 12,
  raw14: 14,
  raw: 101,
  loop: 108,
  sll: 113,
  ipv4: 228,
  ipv6: 229,
  sll2: 276,
};

/** Values of Ethernet's type field. */
export const ETHER = {
  ipv4: 0x0800,
  arp: 0x0806,
  vlan: 0x8100,
  ipv6: 0x86dd,
  pppoe: 0x8864,
  serviceVlan: 0x88a8,
  lldp: 0x88cc,
  oldQinq: 0x9100,
};

const TAGS = [ETHER.vlan, ETHER.serviceVlan, ETHER.oldQinq];

/** The IP part of a packet. */
export interface IpPart {
  /** Where it begins in the packet. */
  offset: number;
  /** What was captured of it, and of what pads the frame. */
  bytes: Uint8Array;
  /** How long that was on the wire. */
  originalLength: number;
}

/** The offset of what is behind the tags and the PPPoE header from `at` on, where the type is. */
function behindType(view: DataView, at: number): number {
  let type = view.getUint16(at);
  while (TAGS.includes(type)) {
    at += 4;
    type = view.getUint16(at);
  }
  if (type === ETHER.pppoe) return at + 2 + 8;
  return type === ETHER.ipv4 || type === ETHER.ipv6 ? at + 2 : NaN;
}

function offsetOf(view: DataView, linkType: number): number {
  switch (linkType) {
    case LINK.null:
    case LINK.loop:
      return 4;
    case LINK.ethernet:
      return behindType(view, 12);
    case LINK.raw12:
    case LINK.raw14:
    case LINK.raw:
    case LINK.ipv4:
    case LINK.ipv6:
      return 0;
    case LINK.sll:
      return behindType(view, 14);
    case LINK.sll2:
      return view.getUint16(0) === ETHER.ipv4 || view.getUint16(0) === ETHER.ipv6 ? 20 : NaN;
    default:
      return NaN;
  }
}

/** The IP part of `packet`, `undefined` if there is none. */
export function ipPartOf({ bytes, originalLength, linkType }: Packet): IpPart | undefined {
  try {
    const offset = offsetOf(viewOf(bytes), linkType);
    if (Number.isNaN(offset) || offset >= bytes.length) return undefined;
    return { offset, bytes: bytes.slice(offset), originalLength: originalLength - offset };
  } catch (error) {
    if (error instanceof RangeError) return undefined; // cut in the link layer's header
    throw error;
  }
}
