/**
 * A timeline with what was in force where nothing was said.
 *
 * @module
 */

import type { ConnectionReport, Stall, Timeline } from "../../doctor/report.ts";

/**
 * The timeline, with windows held where nothing was said: at a stall's smallest within one,
 * else at the largest that was said last. NaN is left only before the first.
 * `undefined` if there is no timeline, or one of no length.
 */
export function heldTimeline(
  { timeline, stalls }: ConnectionReport,
): Timeline | undefined {
  if (timeline === undefined || !(timeline.bytes.length * timeline.stepMs > 0)) return undefined;
  const own = stalls.filter(({ side }) => side === timeline.receiver);
  const windowMin = [...timeline.windowMin];
  const windowMax = [...timeline.windowMax];
  windowMin.forEach((window, step) => {
    if (!Number.isNaN(window)) return;
    const held = stallAt(own, timeline.fromMs + (step + 0.5) * timeline.stepMs)?.smallestWindow ??
      windowMax[step - 1] ?? NaN;
    windowMin[step] = held;
    windowMax[step] = held;
  });
  return { ...timeline, windowMin, windowMax };
}

function stallAt(stalls: readonly Stall[], ms: number): Stall | undefined {
  return stalls.find(({ fromMs, toMs }) => fromMs <= ms && ms <= toMs);
}

/** Steps put together in columns. */
export interface Columns {
  windowMin: number[];
  windowMax: number[];
  inFlight: number[];
  /** Payload in bytes a second. */
  rate: number[];
}

/** The timeline in `count` columns. */
export function columnsOf(timeline: Timeline, count: number): Columns {
  const steps = timeline.bytes.length;
  const width = steps / count;
  const all = Array.from({ length: count }, (_, column) => {
    const from = column * width;
    const to = Math.min(steps, from + width);
    // What is left of a rounding error is no step.
    const range = [Math.floor(from + 1e-9), Math.max(Math.ceil(to - 1e-9), Math.floor(from) + 1)];
    return { from, to, range };
  });
  const over = (values: number[], pick: (...some: number[]) => number) =>
    all.map(({ range: [first, end] }) => {
      const known = values.slice(first, end).filter((value) => !Number.isNaN(value));
      return known.length === 0 ? NaN : pick(...known);
    });
  return {
    windowMin: over(timeline.windowMin, Math.min),
    windowMax: over(timeline.windowMax, Math.max),
    inFlight: over(timeline.inFlight, Math.max),
    rate: all.map(({ from, to, range: [first, end] }) => {
      const sum = timeline.bytes.slice(first, end).reduce((total, bytes, i) => {
        const step = first + i;
        const share = Math.min(to, step + 1) - Math.max(from, step);
        return total + (Number.isNaN(bytes) ? 0 : bytes * share);
      }, 0);
      return sum * 1000 / ((to - from) * timeline.stepMs);
    }),
  };
}
