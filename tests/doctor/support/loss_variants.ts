/** Captures that have less of the same connections. */
import { chance } from "../../simulation/chance.ts";
import type { Random } from "../../spill/random.ts";
import { tcpOf, toServer } from "./network.ts";
import type { Packet } from "./packet.ts";
import { asEthernet } from "./rewrite.ts";
import { less, sameTcp, type Variant } from "./variant.ts";

/** `undefined` for what isn't TCP. */
function directionOf(packet: Packet): "to_server" | "from_server" | undefined {
  const tcp = tcpOf(packet);
  if (tcp === undefined) return undefined;
  return toServer(tcp) ? "to_server" : "from_server";
}

/** A capture that lost packets the network had: what tcpdump counts as dropped by the kernel. */
function dropped(packets: Packet[], share: number, random: Random): Packet[] {
  return packets.filter(() => !chance(random, share));
}

/** Ethernet frames cut at `length`. */
function snapped(packets: Packet[], length: number): Packet[] {
  return asEthernet(packets).map((packet) => ({
    ...packet,
    bytes: packet.bytes.slice(0, length),
  }));
}

/** `packets` from the one behind the first `count` of TCP on. */
function startedLate(packets: Packet[], count: number): Packet[] {
  const starts = packets.flatMap((packet, index) => tcpOf(packet) === undefined ? [] : [index]);
  return packets.slice(starts[count] ?? packets.length);
}

export const LOSS_VARIANTS: Variant[] = [
  ...[3, 10, 30].map((percent) =>
    less(`drops_${percent}`, (packets, random) => dropped(packets, percent / 100, random))
  ),
  ...(["to_server", "from_server"] as const).flatMap((direction) => [
    less(
      `drops_30_${direction}`,
      (packets, random) =>
        packets.filter((packet) => directionOf(packet) !== direction || !chance(random, 0.3)),
    ),
    less(
      `only_${direction}`,
      (packets) => packets.filter((packet) => directionOf(packet) === direction),
    ),
  ]),
  ...[10, 100].map((count) =>
    less(`starts_${count}_late`, (packets) => startedLate(packets, count))
  ),
  less("ends_early", (packets) => packets.slice(0, Math.ceil(packets.length * 0.6))),
  // IPv4, and TCP up to its flags: no window.
  less("snaplen_48", (packets) => snapped(packets, 48)),
  // IPv4 and TCP without options; of IPv6 there is no TCP header left.
  less("snaplen_54", (packets) => snapped(packets, 54)),
  // The time stamps of IPv4, but of a handshake not the window scale that comes after them.
  less("snaplen_66", (packets) => snapped(packets, 66)),
  // All headers, even with three ranges of SACK and time stamps.
  sameTcp("snaplen_96", (packets) => snapped(packets, 96)),
];
