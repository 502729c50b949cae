/**
 * A connection over time, drawn with characters.
 *
 * @module
 */

import type { ConnectionReport, Timeline } from "../../doctor/report.ts";
import { binaryBytes } from "../words.ts";
import { type Episode, episodesOf } from "./facts.ts";
import { endName } from "./labels.ts";
import { Layout, type TextOptions } from "./layout.ts";
import { columnsOf, heldTimeline } from "./series.ts";
import { decimalStep, multiples, tickTime } from "./ticks.ts";

const INDENT = 2;
/** No line is wider than this: there are 256 steps at most. */
const MAX_COLUMNS = 256;
const LABEL_GAP = 4;
const WINDOW_ROWS = 4;
const RATE_ROWS = 2;

/** What is drawn with. */
interface Pens {
  /** Cells filled by 1/n, 2/n, …; the last is full. */
  levels: string;
  /** Cells between a column's smallest and largest value. */
  between: string;
  axis: string;
  tick: string;
  end: string;
  open: string;
  stall: string;
  silence: string;
  outage: string;
}

const BLOCKS: Pens = {
  levels: "▁▂▃▄▅▆▇█",
  between: "░",
  axis: "─",
  tick: "┬",
  end: "┃",
  open: ">",
  stall: "▒",
  silence: "·",
  outage: "×",
};

const ASCII: Pens = {
  levels: "_=#",
  between: ":",
  axis: "-",
  tick: "+",
  end: "|",
  open: ">",
  stall: "!",
  silence: ".",
  outage: "x",
};

/** Window, bytes in flight and throughput over time; `undefined` if the report has no timeline. */
export function timelineText(
  connection: ConnectionReport,
  options: TextOptions,
): string | undefined {
  const timeline = heldTimeline(connection);
  if (timeline === undefined) return undefined;
  const layout = new Layout(options);
  const pens = layout.ascii ? ASCII : BLOCKS;
  const count = Math.min(MAX_COLUMNS, layout.width - INDENT);
  const { windowMin, windowMax, inFlight, rate } = columnsOf(timeline, count);
  const sender = timeline.receiver === "client" ? "server" : "client";
  const [window, flight, speed] = [windowMax, inFlight, rate].map(largest);
  const bars = (from: number[], to: number[], rows: number, top: number) =>
    bandRows(pens, from, to, rows, top);
  const top = Math.max(window, flight);
  const flightRows = top === 0 ? 1 : Math.max(1, Math.ceil(flight / top * WINDOW_ROWS));
  const lines = [
    // One scale for both: the window is full where the second is as high as the first.
    ...windowMax.every(Number.isNaN)
      ? [caption(layout, `window of the ${timeline.receiver}: not known`)]
      : [
        caption(layout, `window of the ${timeline.receiver}, up to ${binaryBytes(window)}`),
        ...bars(windowMin, windowMax, WINDOW_ROWS, top),
      ],
    caption(layout, `in flight from the ${sender}, up to ${binaryBytes(flight)}`),
    ...bars(inFlight, inFlight, WINDOW_ROWS, top).slice(-flightRows),
    caption(layout, `data from the ${sender}, up to ${binaryBytes(speed)}/s`),
    ...bars(rate, rate, RATE_ROWS, speed),
    ...axisLines(connection, timeline, { layout, pens, count }),
  ];
  return lines.map((line) => (" ".repeat(INDENT) + line).trimEnd()).join("\n");
}

function caption(layout: Layout, text: string): string {
  return layout.paint("dim", layout.clean(text));
}

function largest(values: number[]): number {
  return values.reduce((most, value) => value > most ? value : most, 0);
}

/** Rows of bars up to `to`, filled up to `from`; unknown ones are left out. */
function bandRows(pens: Pens, from: number[], to: number[], rows: number, top: number): string[] {
  const parts = pens.levels.length;
  // What is there at all is seen.
  const level = (value: number) =>
    value > 0 ? Math.max(1, Math.round(value / top * rows * parts)) : 0;
  return Array.from({ length: rows }, (_, row) => {
    const floor = (rows - 1 - row) * parts;
    return to.map((most, i) => {
      const filled = level(from[i]) - floor;
      if (filled > 0) return pens.levels[Math.min(parts, filled) - 1];
      return level(most) > floor ? pens.between : " ";
    }).join("");
  });
}

/** The axis with what happened marked on it, its labels, and what the marks mean. */
function axisLines(
  connection: ConnectionReport,
  timeline: Timeline,
  { layout, pens, count }: { layout: Layout; pens: Pens; count: number },
): string[] {
  const { fromMs, stepMs, bytes } = timeline;
  const spanMs = bytes.length * stepMs;
  const columnOf = (ms: number) =>
    Math.min(count - 1, Math.max(0, Math.floor((ms - fromMs) / spanMs * count + 1e-9)));
  const tickMs = decimalStep(spanMs, count / 14);
  const ticks = multiples(tickMs, fromMs, fromMs + spanMs);
  const cells = new Array<string>(count).fill(pens.axis);
  for (const ms of ticks) cells[columnOf(ms)] = pens.tick;
  const episodes = episodesOf(connection);
  for (const episode of episodes) {
    const [first, last] = [columnOf(episode.fromMs), columnOf(episode.toMs)];
    for (let i = first; i <= last; i++) cells[i] = pens[episode.kind];
  }
  const { end } = connection;
  const endPen = end.by === "capture" ? "open" : "end";
  cells[columnOf(end.atMs)] = pens[endPen];
  const labels = labelRow(ticks.map((ms) => [columnOf(ms), tickTime(ms, tickMs)]), count);
  const meanings = [
    ...legendOf(episodes, pens),
    `${pens[endPen]} ${end.by === "capture" ? "not ended" : endName(end)}`,
  ];
  return [
    paintAxis(cells, layout, pens),
    layout.paint("dim", labels),
    layout.paint("dim", layout.clean(meanings.join("   "))),
  ];
}

/** Each kind that occurs, and which side's doing it was. */
function legendOf(episodes: readonly Episode[], pens: Pens): string[] {
  return (["stall", "silence", "outage"] as const).flatMap((kind) => {
    const sides = new Set(episodes.filter((one) => one.kind === kind).map(({ side }) => side));
    return sides.size === 0 ? [] : [`${pens[kind]} ${kind} of the ${[...sides].join(" and the ")}`];
  });
}

/** Labels at their columns, those left out that would touch the one before. */
function labelRow(labels: [column: number, text: string][], count: number): string {
  let row = "";
  for (const [column, text] of labels) {
    const free = row === "" || column >= row.length + LABEL_GAP;
    if (free && column + text.length <= count) row = row.padEnd(column) + text;
  }
  return row;
}

/** What is bad in red, what is long in yellow. */
function paintAxis(cells: readonly string[], layout: Layout, pens: Pens): string {
  const colours: Record<string, "red" | "yellow" | "bold"> = {
    [pens.stall]: "red",
    [pens.silence]: "yellow",
    [pens.outage]: "red",
    [pens.end]: "bold",
  };
  return (cells.join("").match(/(.)\1*/gu) ?? [])
    .map((run) => layout.paint(colours[run[0]] ?? "dim", run)).join("");
}
