/**
 * Finds the IP packet in what was captured of a link.
 * Source: the link types of draft-ietf-opsawg-pcaplinktype.
 *
 * @module
 */

/** Link types that are read. */
export const LinkType = {
  NULL: 0,
  ETHERNET: 1,
  RAW_BSD: 12,
  RAW_OPENBSD: 14,
  RAW: 101,
  LOOP: 108,
  LINUX_SLL: 113,
  IPV4: 228,
  IPV6: 229,
  LINUX_SLL2: 276,
} as const;

const EtherType = {
  IPV4: 0x0800,
  IPV6: 0x86dd,
  VLAN: 0x8100,
  QINQ: 0x88a8,
  QINQ_OLD: 0x9100,
  PPPOE: 0x8864,
} as const;

/** What PPP calls IPv4 and IPv6 (RFC 1332, RFC 5072). */
const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;

/** Packet type "sent by us" of the Linux cooked formats. */
const SLL_OUTGOING = 4;

/** Values of `locate` that are no position. */
export const NOT_IP = -1;
/** Of a link type that is not read. */
export const NOT_READ = -2;

/** Where the IP packet begins between `at` and `end`, or one of the constants above. */
export function locate(view: DataView, at: number, end: number, linkType: number): number {
  switch (linkType) {
    case LinkType.ETHERNET:
      return at + 14 <= end ? afterEtherType(view, at + 12, end) : NOT_IP;
    case LinkType.RAW:
    case LinkType.RAW_BSD:
    case LinkType.RAW_OPENBSD:
    case LinkType.IPV4:
    case LinkType.IPV6:
      return at;
    case LinkType.NULL:
    case LinkType.LOOP:
      // The address family says no more than the packet's first four bits do.
      return at + 4;
    case LinkType.LINUX_SLL:
      return at + 16 <= end ? afterEtherType(view, at + 14, end) : NOT_IP;
    case LinkType.LINUX_SLL2:
      return at + 20 <= end ? ofEtherType(view, view.getUint16(at), at + 20, end) : NOT_IP;
    default:
      return NOT_READ;
  }
}

/** 1 if the machine that captured sent the packet, 0 if it came to it, -1 if the link does not say. */
export function outgoing(view: DataView, at: number, end: number, linkType: number): number {
  if (linkType === LinkType.LINUX_SLL && at + 16 <= end) {
    return view.getUint16(at) === SLL_OUTGOING ? 1 : 0;
  }
  if (linkType === LinkType.LINUX_SLL2 && at + 20 <= end) {
    return view.getUint8(at + 10) === SLL_OUTGOING ? 1 : 0;
  }
  return -1;
}

function afterEtherType(view: DataView, at: number, end: number): number {
  return ofEtherType(view, view.getUint16(at), at + 2, end);
}

/** Goes on behind an EtherType; VLAN tags may follow each other. */
function ofEtherType(view: DataView, first: number, from: number, end: number): number {
  let type = first;
  let at = from;
  while (type === EtherType.VLAN || type === EtherType.QINQ || type === EtherType.QINQ_OLD) {
    if (at + 4 > end) return NOT_IP;
    type = view.getUint16(at + 2);
    at += 4;
  }
  if (type === EtherType.IPV4 || type === EtherType.IPV6) return at;
  if (type !== EtherType.PPPOE || at + 8 > end) return NOT_IP;
  const protocol = view.getUint16(at + 6);
  return protocol === PPP_IPV4 || protocol === PPP_IPV6 ? at + 8 : NOT_IP;
}
