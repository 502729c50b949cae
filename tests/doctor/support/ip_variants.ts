/** The same connections in packets that the network, the card or the kernel made another way. */
import { between, noise } from "../../spill/random.ts";
import { concat, edited } from "./bytes.ts";
import { giants } from "./giants.ts";
import { asIpv6, type Extension } from "./ipv6_rewrite.ts";
import { tcpOf, toServer } from "./network.ts";
import type { Packet } from "./packet.ts";
import { asEthernet, editIp, editTcp, rechecked, setIpLength, withIp } from "./rewrite.ts";
import { wrapped } from "./sequences.ts";
import { same, sameTcp, type Variant } from "./variant.ts";

const FRAME_MIN = 60;
const LARGE = 200;

/** Length 0 in the IP header of what is larger than `LARGE`: its card has yet to split it. */
function withoutLength(packet: Packet): Packet {
  const tcp = tcpOf(packet);
  if (tcp === undefined || tcp.ip.totalLength <= LARGE) return packet;
  return editIp(packet, (view, family) => setIpLength(view, family, 0));
}

/** `bytes` behind the frame, of which a capture has something only if it has the frame whole. */
function withTrailer(packet: Packet, trailer: Uint8Array): Packet {
  const whole = packet.bytes.length === packet.originalLength;
  return {
    ...packet,
    bytes: whole ? concat([packet.bytes, trailer]) : packet.bytes,
    originalLength: packet.originalLength + trailer.length,
  };
}

/** IPv4 options that say nothing, `count` times four bytes. */
function withOptions(packet: Packet, count: number): Packet {
  const tcp = tcpOf(packet);
  if (tcp === undefined || tcp.ip.family !== 4) return packet;
  const { part, ip } = tcp;
  const options = new Uint8Array(4 * count).fill(1);
  const bytes = concat([part.bytes.slice(0, 20), options, part.bytes.slice(ip.headerBytes)]);
  const longer = edited(bytes, (view) => {
    view.setUint8(0, 0x45 + count);
    view.setUint16(2, ip.totalLength + options.length);
  });
  return withIp(packet, part, rechecked(longer), part.originalLength + options.length);
}

/** `bytes` in the place of the TCP check sum. */
function withTcpChecksum(packet: Packet, value: number): Packet {
  return editTcp(packet, (view) => {
    if (view.byteLength >= 18) view.setUint16(16, value);
  });
}

/** 0 in the place of the IP check sum, as where the card fills it in. */
function withoutIpChecksum(packet: Packet): Packet {
  const tcp = tcpOf(packet);
  if (tcp === undefined || tcp.ip.family !== 4) return packet;
  const bytes = edited(tcp.part.bytes, (view) => view.setUint16(10, 0));
  return withIp(packet, tcp.part, bytes, tcp.part.originalLength);
}

/** The same at another time: the first packet at `second`. */
function startingAt(packets: Packet[], second: bigint): Packet[] {
  const shift = second * 1_000_000_000n - (packets[0]?.timeNs ?? 0n) / 1000n * 1000n;
  return packets.map((packet) => ({ ...packet, timeNs: packet.timeNs + shift }));
}

const EXTENSIONS: Extension[][] = [
  [],
  ["hop_by_hop"],
  ["destination"],
  ["atomic_fragment"],
  ["hop_by_hop", "destination", "atomic_fragment", "last_destination"],
];

export const IP_VARIANTS: Variant[] = [
  sameTcp("ip_length_zero", (packets) => packets.map(withoutLength)),
  same("giants", (packets) => giants(packets, "correct")),
  same("giants_length_zero", (packets) => giants(packets, "zero")),
  sameTcp(
    "checksums_zero",
    (packets) => packets.map((packet) => withoutIpChecksum(withTcpChecksum(packet, 0))),
  ),
  // What one host sends has been captured before its card wrote the sums.
  sameTcp("checksums_offloaded", (packets, random) =>
    packets.map((packet) => {
      const tcp = tcpOf(packet);
      if (tcp === undefined || !toServer(tcp)) return packet;
      return withTcpChecksum(packet, between(random, 0, 0xffff));
    })),
  sameTcp(
    "frames_padded",
    (packets) =>
      asEthernet(packets).map((packet) =>
        withTrailer(packet, new Uint8Array(Math.max(0, FRAME_MIN - packet.originalLength)))
      ),
  ),
  sameTcp(
    "frames_with_trailers",
    (packets, random) =>
      asEthernet(packets).map((packet) =>
        withTrailer(packet, noise(random, between(random, 1, 12)))
      ),
  ),
  sameTcp(
    "ipv4_options",
    (packets, random) => packets.map((packet) => withOptions(packet, between(random, 0, 10))),
  ),
  ...EXTENSIONS.map((extensions) =>
    sameTcp(
      ["ipv6", ...extensions].join("_"),
      (packets) => asIpv6(packets, extensions),
    )
  ),
  same("sequence_wrap", wrapped),
  // Past 2038, where signed seconds end, and long before there was anything to capture.
  same("time_2100", (packets) => startingAt(packets, 4_102_444_800n)),
  same("time_1970", (packets) => startingAt(packets, 0n)),
];
