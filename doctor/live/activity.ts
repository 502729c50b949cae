/**
 * What a process does while it does not read, from looks at `/proc/PID/stat`.
 *
 * @module
 */

import type { ProcessStat } from "./process_stat.ts";

/** In a word; `sleeps` is anything that is waited for, `computes` takes a core or nearly. */
export type Doing = "computes" | "sleeps" | "waits_for_disk" | "stopped" | "dead";

/** What a process does. */
export interface Activity {
  /** In a word. */
  doing: Doing;
  /** Cores its threads take: 1 is one of them in full; `undefined`: not known yet. */
  cores: number | undefined;
}

/** Times come in hundredths of a second; in less than this they say too little. */
const CORES_OVER_MS = 500;
const COMPUTES_CORES = 0.7;

const DOING: Readonly<Record<string, Doing>> = {
  D: "waits_for_disk",
  T: "stopped",
  t: "stopped",
  Z: "dead",
  X: "dead",
};

/** Follows one process. */
export class ActivityMeter {
  #from: { atMs: number; cpuMs: number } | undefined;
  #cores: number | undefined;

  /** Takes what a look at `atMs` shows. */
  look(atMs: number, { state, cpuMs }: ProcessStat): Activity {
    const from = this.#from ??= { atMs, cpuMs };
    if (atMs - from.atMs >= CORES_OVER_MS) {
      this.#cores = Math.max(0, cpuMs - from.cpuMs) / (atMs - from.atMs);
      this.#from = { atMs, cpuMs };
    }
    // The letter is the main thread's and of an instant; time is all threads'.
    const busy = this.#cores === undefined ? state === "R" : this.#cores >= COMPUTES_CORES;
    return { doing: DOING[state] ?? (busy ? "computes" : "sleeps"), cores: this.#cores };
  }
}

/** What a process does, for people. */
export function activityText({ doing, cores }: Activity): string {
  const share = cores === undefined ? "" : ` (${Math.round(cores * 100)} % of a core)`;
  switch (doing) {
    case "computes":
      return `it computes${share}`;
    case "sleeps":
      return `it waits for something else${share}`;
    case "waits_for_disk":
      return "it waits for a disk or a network file system";
    case "stopped":
      return "it is stopped by a signal or a debugger";
    case "dead":
      return "it is dead, and its parent has not noticed";
  }
}
