/**
 * What happens when the buffer is full, as it was asked for: data, until there is
 * a client.
 *
 * @module
 */

import type { IsolatedHandler } from "../isolation.ts";
import type { ConnectOptions } from "../mod.ts";
import { overflowOf } from "../src/isolated/overflow.ts";
import { openSpill } from "../src/spill/open.ts";

/** What may be said for all handlers, and for each. */
export type LanePlan = Pick<IsolatedHandler, "whenFull" | "highWaterBytes" | "lowWaterBytes">;

/** Options of a client before it has directories. */
export type PlannedOptions =
  & Omit<ConnectOptions, keyof LanePlan | "handlers">
  & LanePlan
  & { handlers?: Record<string, LanePlan> | undefined };

/** Options for `connect()`. */
export function withOverflow({ handlers, ...options }: PlannedOptions): ConnectOptions {
  const lanes = handlers && Object.entries(handlers).map(([name, lane]) => [name, opened(lane)]);
  return { ...opened(options), ...lanes && { handlers: Object.fromEntries(lanes) } };
}

function opened<L extends LanePlan>(
  lane: L,
): Omit<L, "whenFull"> & Pick<ConnectOptions, "whenFull"> {
  return { ...lane, whenFull: overflowOf(lane.whenFull, openSpill) };
}
