/** All variants of a capture. */
import { FORMAT_VARIANTS } from "./format_variants.ts";
import { IP_VARIANTS } from "./ip_variants.ts";
import { LINK_VARIANTS } from "./link_variants.ts";
import { LOSS_VARIANTS } from "./loss_variants.ts";
import { NOISE_VARIANTS } from "./noise_variants.ts";
import { ORDER_VARIANTS } from "./order_variants.ts";
import { STACKED_VARIANTS } from "./stacked_variants.ts";
import type { Variant } from "./variant.ts";

export type { Variant } from "./variant.ts";

/** Names differ. */
export const VARIANTS: readonly Variant[] = [
  ...FORMAT_VARIANTS,
  ...LINK_VARIANTS,
  ...IP_VARIANTS,
  ...ORDER_VARIANTS,
  ...NOISE_VARIANTS,
  ...LOSS_VARIANTS,
  ...STACKED_VARIANTS,
];
