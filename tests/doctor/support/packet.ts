/** A packet as a capture holds it. */

export interface Packet {
  /** Since 1970; 0 where the capture says no time. */
  timeNs: bigint;
  /** What was captured, from the link layer's header on. */
  bytes: Uint8Array;
  /** How long it was on the wire. */
  originalLength: number;
  /** The number of tcpdump.org's list: 1 is Ethernet. */
  linkType: number;
}

/** A link type that all packets have in common, as a file with one header needs. */
export function linkTypeOf(packets: Packet[]): number {
  const types = new Set(packets.map((packet) => packet.linkType));
  if (types.size > 1) throw new Error(`packets of several link types: ${[...types].join(", ")}`);
  return packets[0]?.linkType ?? 1;
}
