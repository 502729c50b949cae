/** Several changes at once, as captures from the field have them. */
import type { Random } from "../../spill/random.ts";
import { gzip, parseCapture, writePcapng } from "./capture.ts";
import { FORMAT_VARIANTS } from "./format_variants.ts";
import { IP_VARIANTS } from "./ip_variants.ts";
import { LINK_VARIANTS } from "./link_variants.ts";
import { LOSS_VARIANTS } from "./loss_variants.ts";
import { NOISE_VARIANTS } from "./noise_variants.ts";
import { ORDER_VARIANTS } from "./order_variants.ts";
import type { Packet } from "./packet.ts";
import type { Variant } from "./variant.ts";

const PARTS = [
  ...FORMAT_VARIANTS,
  ...LINK_VARIANTS,
  ...IP_VARIANTS,
  ...ORDER_VARIANTS,
  ...NOISE_VARIANTS,
  ...LOSS_VARIANTS,
];

/** The variants of these names one on the other, the whole as packed pcapng. */
function stacked(...names: string[]): Variant {
  const parts = names.map((name) => {
    const part = PARTS.find((variant) => variant.name === name);
    if (part === undefined) throw new Error(`there is no variant ${name}`);
    return part;
  });
  return {
    name: names.join("+"),
    keepsVerdict: parts.every(({ keepsVerdict }) => keepsVerdict === "same")
      ? "same"
      : "same_or_unknown",
    sameTcp: parts.every((part) => part.sameTcp),
    derive(packets: Packet[], random: Random): Uint8Array {
      const last = parts.reduce((now, part) => parseCapture(part.derive(now, random)), packets);
      return gzip(writePcapng(last, { tsresol: 9, sections: 2, blocks: ["unknown", "names"] }));
    },
  };
}

export const STACKED_VARIANTS: Variant[] = [
  stacked("ipv4_options", "chatter", "vlan"),
  stacked("sequence_wrap", "twice_on_any", "neighbours_shuffled"),
  stacked("giants_length_zero", "healthy_connection", "qinq"),
  stacked("ipv6_hop_by_hop", "frames_with_trailers", "twice_routed"),
  stacked("ip_length_zero", "checksums_zero", "sll", "some_twice"),
  stacked("drops_10", "neighbours_shuffled", "malformed", "pppoe"),
];
