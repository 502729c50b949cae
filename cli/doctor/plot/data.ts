/**
 * What the page's script draws.
 *
 * @module
 */

import type { ConnectionReport, Side } from "../../../doctor/report.ts";
import { printable } from "../../words.ts";
import { type Episode, episodesOf } from "../facts.ts";
import { endName } from "../labels.ts";
import { heldTimeline } from "../series.ts";

/** One connection's timeline; steps in which nothing was said hold null. */
export interface PlotData {
  fromMs: number;
  stepMs: number;
  receiver: Side;
  windowMin: (number | null)[];
  windowMax: (number | null)[];
  inFlight: (number | null)[];
  bytes: number[];
  episodes: Pick<Episode, "kind" | "side" | "fromMs" | "toMs">[];
  marks: { frame: number; atMs: number; what: string }[];
  /** Where the connection ended; `undefined` if it had not. */
  end: { atMs: number; name: string } | undefined;
}

/** What to draw of a connection; `undefined` if there is no timeline. */
export function plotData(connection: ConnectionReport): PlotData | undefined {
  const timeline = heldTimeline(connection);
  if (timeline === undefined) return undefined;
  const known = (values: number[]) =>
    values.map((value) => Number.isNaN(value) ? null : Math.round(value));
  const { fromMs, stepMs, receiver, windowMin, windowMax, inFlight, bytes } = timeline;
  const { end, verdicts } = connection;
  return {
    ...{ fromMs, stepMs, receiver },
    windowMin: known(windowMin),
    windowMax: known(windowMax),
    inFlight: known(inFlight),
    bytes: bytes.map((count) => Number.isNaN(count) ? 0 : count),
    episodes: episodesOf(connection)
      .map(({ kind, side, fromMs, toMs }) => ({ kind, side, fromMs, toMs })),
    marks: verdicts.flatMap(({ evidence }) => evidence)
      .map(({ frame, atMs, what }) => ({ frame, atMs, what: printable(what) })),
    end: end.by === "capture" ? undefined : { atMs: end.atMs, name: endName(end) },
  };
}
