/** Frames that are no concern of a TCP connection, and some that no reader should trip over. */
import { between, noise, type Random } from "../../spill/random.ts";
import { ascii, hex } from "../../framing/bytes.ts";
import { ethernet, frameOf, type IpFields, ipv4, ipv6, tcp, udp, withChecksum } from "./build.ts";
import { concat, edited, u16, u8 } from "./bytes.ts";
import { ETHER } from "./link.ts";
import { FLAG, PROTOCOL } from "./network.ts";
import type { Packet } from "./packet.ts";

/** For documentation; no capture of ours has them. */
const ENDS: IpFields = { source: u8(192, 0, 2, 1), destination: u8(192, 0, 2, 2) };
const ENDS6: IpFields = {
  source: hex("20010db8000000000000000000000001"),
  destination: hex("20010db8000000000000000000000002"),
};
const MORE_FRAGMENTS = 0x2000;

function segment(options = u8(), payload = ascii("hello")): Uint8Array {
  return tcp(
    { sourcePort: 55_555, destinationPort: 80, seq: 1, ack: 1, flags: FLAG.ack, options, payload },
    ENDS,
  );
}

const SEGMENT = segment();
const PACKET = ipv4(PROTOCOL.tcp, SEGMENT, ENDS);
const PACKET6 = ipv6(PROTOCOL.tcp, SEGMENT, ENDS6);

function broken(packet: Uint8Array, edit: (view: DataView) => void): Uint8Array {
  return frameOf(edited(packet, edit));
}

/** What else is on a network. */
const CHATTER: Uint8Array[] = [
  ethernet(ETHER.arp, hex("0001080006040001 020000000002 c0000201 000000000000 c0000202")),
  frameOf(ipv4(PROTOCOL.udp, udp(53_000, 53, ascii("who is where")), ENDS)),
  frameOf(ipv6(PROTOCOL.udp, udp(546, 547, ascii("an address, please")), ENDS6)),
  // A neighbour solicitation.
  frameOf(
    ipv6(PROTOCOL.icmpv6, concat([hex("8700000000000000"), ENDS6.destination]), {
      ...ENDS6,
      ttl: 255,
    }),
  ),
  // A port can't be reached: with the header of a packet that isn't there.
  frameOf(ipv4(PROTOCOL.icmp, concat([hex("0303000000000000"), PACKET.slice(0, 28)]), ENDS)),
  ethernet(ETHER.lldp, hex("020704020000000001040703020000000001060200780000")),
  // 802.3: a length in the place of the type. A bridge's greeting, then IP behind a SNAP header.
  ethernet(38, concat([hex("424203"), new Uint8Array(35)])),
  ethernet(
    PACKET.length + 8,
    concat([
      hex("aaaa03000000"),
      u16(ETHER.ipv4),
      ipv4(PROTOCOL.udp, udp(1, 2, ascii("snap")), ENDS),
    ]),
  ),
  // In three parts: only the first has the header.
  frameOf(ipv4(PROTOCOL.tcp, SEGMENT.slice(0, 24), { ...ENDS, id: 9, fragment: MORE_FRAGMENTS })),
  frameOf(
    ipv4(PROTOCOL.tcp, noise(() => 0.5, 24), { ...ENDS, id: 9, fragment: MORE_FRAGMENTS | 3 }),
  ),
  frameOf(ipv4(PROTOCOL.tcp, noise(() => 0.5, 24), { ...ENDS, id: 9, fragment: 6 })),
  // The second part of an IPv6 packet.
  frameOf(ipv6(PROTOCOL.fragment, concat([u8(6, 0), u16(24), hex("00000009"), SEGMENT]), ENDS6)),
];

/** Headers that lie. */
const MALFORMED: Uint8Array[] = [
  broken(PACKET, (view) => view.setUint8(0, 0x44)), // header shorter than a header
  broken(PACKET, (view) => view.setUint8(0, 0x4f)), // longer than the packet
  broken(PACKET, (view) => view.setUint8(0, 0x55)), // no such version
  broken(PACKET, (view) => view.setUint16(2, 12)), // shorter than its header
  broken(PACKET, (view) => view.setUint16(2, 30)), // ends within the TCP header
  broken(PACKET, (view) => view.setUint16(2, 60_000)), // longer than captured or sent
  broken(PACKET, (view) => view.setUint8(20 + 12, 0x20)), // data begins within the TCP header
  broken(PACKET, (view) => view.setUint8(20 + 12, 0xf0)), // data begins behind the packet
  broken(PACKET6, (view) => view.setUint16(4, 60_000)),
  frameOf(ipv6(0, u8(0, 255, 0, 0, 0, 0, 0, 0), ENDS6)), // an extension header that never ends
  frameOf(ipv6(0, u8(6), ENDS6)),
  // Options of length 0, of 1, and of more than there is.
  ...["0500010101010101", "0301010101010101", "05ff010101010101"].map((options) =>
    frameOf(ipv4(PROTOCOL.tcp, segment(hex(options)), ENDS))
  ),
  frameOf(withChecksum(PACKET.slice(0, 20))), // nothing behind the header
  frameOf(u8(0x45)),
  ethernet(ETHER.vlan, u8(0)), // cut within a tag
  u8(1, 2, 3, 4, 5, 6),
  u8(),
];

/** `count` frames at any time from `first` to `last`. */
export function noisePackets(
  count: number,
  { first, last }: { first: bigint; last: bigint },
  random: Random,
  kind: "chatter" | "malformed",
): Packet[] {
  const frames = kind === "chatter" ? CHATTER : MALFORMED;
  return Array.from({ length: count }, (_, index) => {
    const bytes = frames[index % frames.length];
    const micros = between(random, 0, Number((last - first) / 1000n));
    return {
      timeNs: first + BigInt(micros) * 1000n,
      bytes,
      originalLength: bytes.length,
      linkType: 1,
    };
  });
}
