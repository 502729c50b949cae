/** The same packets seen twice, or in another order. */
import { chance } from "../../simulation/chance.ts";
import type { Random } from "../../spill/random.ts";
import { LINK } from "./link.ts";
import { sll2 } from "./link_variants.ts";
import type { Packet } from "./packet.ts";
import { asEthernet, editIp, relinked } from "./rewrite.ts";
import { inTime, same, type Variant } from "./variant.ts";

const MILLISECOND = 1_000_000n;

/** Some neighbours within a millisecond the other way round, each with its own time. */
function shuffled(packets: Packet[], random: Random): Packet[] {
  const result = packets.slice();
  for (let at = 0; at + 1 < result.length; at++) {
    const [first, second] = [result[at], result[at + 1]];
    if (second.timeNs - first.timeNs <= MILLISECOND && chance(random, 0.05)) {
      [result[at], result[at + 1]] = [second, first];
      at++; // one swap each
    }
  }
  return result;
}

function later(packet: Packet, ns: bigint): Packet {
  return { ...packet, timeNs: packet.timeNs + ns };
}

/** One router further. */
function routed(packet: Packet): Packet {
  return editIp(packet, (view, family) => {
    const at = family === 4 ? 8 : 7;
    view.setUint8(at, view.getUint8(at) - 1);
  });
}

/** Each packet on both of two interfaces, 10 µs apart, as `any` sees it. */
function anyTwice(packets: Packet[]): Packet[] {
  return inTime(
    [2, 3].flatMap((number) =>
      relinked(packets, LINK.sll2, (link) => sll2(link, number))
        .map((packet) => later(packet, number === 2 ? 0n : 10_000n))
    ),
  );
}

export const ORDER_VARIANTS: Variant[] = [
  same("neighbours_shuffled", shuffled),
  same("twice", (packets) => packets.flatMap((packet) => [packet, packet])),
  same(
    "twice_routed",
    (packets) => inTime(packets.flatMap((packet) => [packet, later(routed(packet), 3000n)])),
  ),
  same(
    "twice_on_bridge",
    (packets) => inTime(packets.flatMap((packet) => [packet, later(packet, 2000n)])),
  ),
  same("twice_on_any", anyTwice),
  same(
    "some_twice",
    (packets, random) =>
      inTime(
        packets.flatMap((packet) =>
          chance(random, 0.05) ? [packet, later(packet, 20_000n)] : [packet]
        ),
      ),
  ),
  same(
    "twice_shuffled",
    (packets, random) =>
      shuffled(asEthernet(packets).flatMap((packet) => [packet, later(packet, 1000n)]), random),
  ),
];
