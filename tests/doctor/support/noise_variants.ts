/** The same connections with others, and with what isn't TCP, between their packets. */
import type { Random } from "../../spill/random.ts";
import { healthyConnection } from "./healthy.ts";
import { noisePackets } from "./noise.ts";
import type { Packet } from "./packet.ts";
import { asEthernet } from "./rewrite.ts";
import { inTime, sameTcp, type Variant } from "./variant.ts";

function spanOf(packets: Packet[]): { first: bigint; last: bigint } {
  return { first: packets[0]?.timeNs ?? 0n, last: packets.at(-1)?.timeNs ?? 0n };
}

function withNoise(
  packets: Packet[],
  random: Random,
  ...kinds: ("chatter" | "malformed")[]
): Packet[] {
  const count = Math.max(40, Math.floor(packets.length / 5));
  return inTime([
    ...asEthernet(packets),
    ...kinds.flatMap((kind) => noisePackets(count, spanOf(packets), random, kind)),
  ]);
}

/** A healthy connection from 1 ms after the first packet until the last. */
function withHealthy(packets: Packet[]): Packet[] {
  const { first, last } = spanOf(packets);
  return inTime([...asEthernet(packets), ...healthyConnection(first + 1_000_000n, last)]);
}

export const NOISE_VARIANTS: Variant[] = [
  sameTcp("chatter", (packets, random) => withNoise(packets, random, "chatter")),
  sameTcp("malformed", (packets, random) => withNoise(packets, random, "malformed")),
  sameTcp("healthy_connection", withHealthy),
  sameTcp(
    "healthy_connection_chatter",
    (packets, random) => withNoise(withHealthy(packets), random, "chatter", "malformed"),
  ),
];
