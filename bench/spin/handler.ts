/** A handler that computes for `spinMs` in its first batch, then takes what comes. */
import type { Handler } from "../../mod.ts";
import type { HandlerSchema } from "../../isolation.ts";

export const schema: HandlerSchema = { spinMs: { type: "number" } };

let spun = false;

const handler: Handler = {
  batch(_batch, { options }) {
    if (spun) return;
    spun = true;
    const end = performance.now() + Number(options.spinMs);
    while (performance.now() < end);
  },
};

export default handler;
