/**
 * Where frames wait that memory has no room for, of the data that says so.
 *
 * @module
 */

import type { WhenFull } from "../backlog/backlog.ts";
import { journalBy, spillBy } from "../backlog/spill_to.ts";
import type { OpenStore } from "../spill/record_store.ts";
import type { IsolatedWhenFull } from "./options.ts";

/** What `connect()` takes; directories are opened by `openStore`. */
export function overflowOf(
  whenFull: IsolatedWhenFull | undefined,
  openStore: OpenStore,
): WhenFull | undefined {
  if (typeof whenFull !== "object") return whenFull;
  if ("journal" in whenFull) {
    const { journal, ...options } = whenFull;
    return journalBy(openStore, journal, options);
  }
  const { spill, ...options } = whenFull;
  return spillBy(openStore, spill, options);
}
