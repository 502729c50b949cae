/**
 * What a plot says of one moment. As all functions whose text goes into the page,
 * {@linkcode reading} uses nothing from outside of itself but what it is given.
 *
 * @module
 */

import type { PlotData } from "./data.ts";

/** Functions of the package that the script uses, too. */
export interface Words {
  seconds(ms: number): string;
  whole(count: number): string;
  binaryBytes(count: number): string;
  decimalStep(span: number, most: number): number;
  binaryStep(span: number, most: number): number;
  multiples(step: number, from: number, to: number): number[];
  tickTime(ms: number, stepMs: number): string;
}

/** The values at `ms`, and what was going on; frames are named up to `nearMs` away. */
export type Reading = (data: PlotData, ms: number, nearMs: number) => string;

/** Makes {@linkcode Reading}. */
export function reading({ seconds, whole, binaryBytes }: Words): Reading {
  return (data, ms, nearMs) => {
    const last = data.bytes.length - 1;
    const step = Math.min(last, Math.max(0, Math.floor((ms - data.fromMs) / data.stepMs)));
    const [least, most, flight] = [data.windowMin, data.windowMax, data.inFlight]
      .map((values) => values[step]);
    const total = data.bytes.slice(0, step + 1).reduce((sum, bytes) => sum + bytes, 0);
    const window = least === null || most === null
      ? "not known"
      : least === most
      ? binaryBytes(least)
      : `${binaryBytes(least)} to ${binaryBytes(most)}`;
    const parts = [
      `window ${window}`,
      flight === null ? "in flight not known" : `in flight ${binaryBytes(flight)}`,
      `${binaryBytes(data.bytes[step] * 1000 / data.stepMs)}/s`,
      `${binaryBytes(total)} so far`,
      ...data.episodes
        .filter(({ fromMs, toMs }) => fromMs <= ms && ms <= toMs)
        .map(({ kind, side, fromMs, toMs }) => `${kind} of the ${side}, ${seconds(toMs - fromMs)}`),
    ];
    const near = data.marks.filter(({ atMs }) => Math.abs(atMs - ms) <= nearMs)
      .map(({ frame, what }) => `frame ${whole(frame)}: ${what}`);
    return `${seconds(ms)}  ${[...parts, ...near].join(" · ")}`;
  };
}
