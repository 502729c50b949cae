/**
 * How a feed is doing, in one line.
 *
 * @module
 */

import type { ClientStats } from "../mod.ts";
import { STATUS_EVERY_MS, type StatusLine } from "./status_line.ts";
import { bytes, counted, whole } from "./words.ts";

/** Shows counters on a status line until disposed. */
export class Live<S> implements Disposable {
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  /** Asks for `stats` a few times a second, if there is a terminal, and shows `text` of two looks. */
  constructor(
    status: StatusLine,
    stats: () => S,
    text: (before: S, after: S, elapsedMs: number) => string,
  ) {
    if (!status.live) return;
    let last = { at: performance.now(), stats: stats() };
    this.#timer = setInterval(() => {
      const now = { at: performance.now(), stats: stats() };
      status.show(text(last.stats, now.stats, now.at - last.at));
      last = now;
    }, STATUS_EVERY_MS);
  }

  /** Stops. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** What happened between two looks at the counters; the most telling first, as the line may be cut. */
export function statusText(before: ClientStats, after: ClientStats, elapsedMs: number): string {
  const grown = (name: keyof ClientStats): number => after[name] - before[name];
  const perSecond = 1000 / elapsedMs;
  const batch = grown("batches") === 0 ? 0 : grown("framesDelivered") / grown("batches");
  return [
    `${whole(grown("frames") * perSecond)} frames/s`,
    `${bytes(grown("bytesRead") * perSecond)}/s`,
    `batch ${whole(batch)}`,
    after.pauses > 0 && counted(after.pauses, "pause"),
    after.framesDropped > 0 && `${whole(after.framesDropped)} dropped`,
    after.reconnects > 0 && counted(after.reconnects, "reconnect"),
    `drains ${whole(grown("drainsEmpty"))} empty ${whole(grown("drainsAtLimit"))} at limit`,
    `${whole(after.frames)} frames`,
  ].filter(Boolean).join(" · ");
}
