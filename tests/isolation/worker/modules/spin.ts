/** Computes for four seconds with its first batch, then takes what comes. */
import type { Handler } from "../../../../mod.ts";

const SPIN_MS = 4000;
let spun = false;

export default {
  batch() {
    if (spun) return;
    spun = true;
    const end = performance.now() + SPIN_MS;
    while (performance.now() < end);
  },
} satisfies Handler;
