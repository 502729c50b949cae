/** Looks at a socket that are made up, one each 100 ms. */
import type { Sample } from "../../../doctor/live/sample.ts";
import { SocketWatch, type WatchOptions, type WatchTotals } from "../../../doctor/live/watch.ts";
import type { LiveStatus } from "../../../doctor/live/status.ts";

/** Time from look to look. */
export const EVERY_MS = 100;

/** What a watch said of samples. */
export interface Played {
  watch: SocketWatch;
  statuses: LiveStatus[];
  /** The states, each once as long as it lasts. */
  states: string[];
  last: LiveStatus;
  totals: WatchTotals;
}

/** Shows samples to a watch; what they leave out is an open connection on which nothing came. */
export function play(samples: Partial<Sample>[], options: WatchOptions = {}): Played {
  const watch = new SocketWatch(options);
  const statuses = samples.map((sample, i) =>
    watch.look({ atMs: i * EVERY_MS, state: "established", receiveQueue: 0, ...sample })
  );
  const states = statuses.map(({ state }) => state as string)
    .filter((state, i, all) => state !== all[i - 1]);
  return { watch, statuses, states, last: statuses.at(-1)!, totals: watch.totals };
}

/** Receive queues as samples. */
export function queues(...lengths: number[]): Partial<Sample>[] {
  return lengths.map((receiveQueue) => ({ receiveQueue }));
}

/** Receive queues with the count of all that came, of which the rest was read. */
export function counted(...looks: [queue: number, received: number][]): Partial<Sample>[] {
  return looks.map(([receiveQueue, received]) => ({ receiveQueue, received }));
}

/** `count` values of an index. */
export function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}
