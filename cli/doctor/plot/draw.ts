/**
 * Draws a plot. As all functions whose text goes into the page, {@linkcode drawing} uses
 * nothing from outside of itself but what it is given.
 *
 * @module
 */

import type { PlotData } from "./data.ts";
import type { Browser, Element } from "./dom.ts";
import type { Frame, Panel } from "./frame.ts";
import type { Words } from "./readout.ts";
import type { Shaping, Values } from "./shapes.ts";
import type { View } from "./view.ts";

/** What is to be seen. */
export interface Scene {
  data: PlotData;
  view: View;
  frame: Frame;
  /** Where the read-out is, if there is one. */
  cursor: number | undefined;
  /** What is being chosen by dragging. */
  chosen: View | undefined;
}

/** Draws a scene, in place of what was there. */
export type Drawing = (svg: Element, scene: Scene) => void;

/** Makes {@linkcode Drawing}. */
export function drawing(
  { document }: Browser,
  shapes: Shaping,
  { binaryBytes, seconds, decimalStep, binaryStep, multiples, tickTime }: Words,
): Drawing {
  type Attributes = Record<string, string | number>;
  let clips = 0;

  function shape(name: string, attributes: Attributes, ...children: (Element | string)[]): Element {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    element.append(...children);
    return element;
  }

  function label(className: string, x: number, y: number, text: string): Element {
    return shape("text", { class: className, x, y }, text);
  }

  function most(values: Values): number {
    return values.reduce((top: number, value) => Math.max(top, value ?? 0), 0);
  }

  /** The scale of a panel from 0 to `top`, and its grid with labels. */
  function yAxis({ left, right }: Frame, panel: Panel, top: number, unit: string) {
    const span = Math.max(1, top) * 1.04;
    const y = (value: number) => panel.bottom - value / span * (panel.bottom - panel.top);
    const most = Math.max(2, Math.floor((panel.bottom - panel.top) / 36));
    const grid = multiples(binaryStep(span, most), 0, span).flatMap((value) => {
      const at = Math.round(y(value)) + 0.5;
      return [
        shape("line", {
          class: value === 0 ? "base" : "grid",
          x1: left,
          x2: right,
          y1: at,
          y2: at,
        }),
        label(
          "tick y",
          left - 8,
          at + 4,
          value === 0 ? "0" : binaryBytes(value).replace(".0 ", " ") + unit,
        ),
      ];
    });
    return { y, grid };
  }

  function xAxis({ view, frame }: Scene, x: (ms: number) => number): Element[] {
    const { left, right, total } = frame;
    const step = decimalStep(view.to - view.from, (right - left) / 72);
    return multiples(step, view.from, view.to).flatMap((ms) => {
      const at = Math.round(x(ms)) + 0.5;
      return [
        shape("line", { class: "base", x1: at, x2: at, y1: total.bottom, y2: total.bottom + 5 }),
        label("tick x", at, total.bottom + 19, tickTime(ms, step)),
      ];
    });
  }

  /** Bands over all panels, each with a head in the lane above. */
  function bands({ data, frame }: Scene, x: (ms: number) => number): Element[] {
    const { lane, left, right, total } = frame;
    return data.episodes.flatMap(({ kind, fromMs, toMs }) => {
      const from = Math.max(left, x(fromMs));
      const to = Math.min(right, Math.max(x(toMs), x(fromMs) + 1.5));
      if (to < left || from > right) return [];
      const place = { x: from, width: Math.max(0, to - from) };
      const name = `${kind} ${seconds(toMs - fromMs)}`;
      return [
        shape("rect", {
          ...{
            class: `band ${kind}`,
            ...place,
            y: lane.bottom,
            height: total.bottom - lane.bottom,
          },
        }),
        shape("rect", { class: `head ${kind}`, ...place, y: lane.bottom - 4, height: 4 }),
        ...to - from > name.length * 7.2
          ? [label(`note ${kind}`, (from + to) / 2, lane.bottom - 9, name)]
          : [],
      ];
    });
  }

  /** Where the evidence is, and the end. */
  function marks({ data, frame }: Scene, x: (ms: number) => number): Element[] {
    const { lane, left, right, total } = frame;
    const shown = (ms: number) => x(ms) >= left - 1 && x(ms) <= right + 1;
    const frames = data.marks.filter(({ atMs }) => shown(atMs)).map(({ atMs }) => {
      const at = x(atMs);
      return shape("path", { class: "mark", d: `M${at - 4} ${lane.bottom}h8l-4 7z` });
    });
    const { end } = data;
    if (end === undefined || !shown(end.atMs)) return frames;
    const at = Math.min(right, x(end.atMs));
    const before = at > (left + right) / 2;
    // Beside the first panel's title, where there is room for both.
    const y = frame.window.top + (before && frame.width >= 620 ? -6 : 14);
    return [
      ...frames,
      shape("line", { class: "end", x1: at, x2: at, y1: lane.bottom - 8, y2: total.bottom }),
      label(`note end ${before ? "before" : "behind"}`, at + (before ? -6 : 6), y, end.name),
    ];
  }

  return (svg, scene) => {
    const { data, view, frame, cursor, chosen } = scene;
    const { left, right, lane, window, rate, total, width, height } = frame;
    const x = (ms: number) => left + (ms - view.from) / (view.to - view.from) * (right - left);
    const xStep = (step: number) => x(data.fromMs + step * data.stepMs);
    const speeds = data.bytes.map((bytes) => bytes * 1000 / data.stepMs);
    const sums = [0];
    for (const bytes of data.bytes) sums.push(sums[sums.length - 1] + bytes);
    const sender = data.receiver === "client" ? "server" : "client";

    const onWindow = yAxis(frame, window, Math.max(most(data.windowMax), most(data.inFlight)), "");
    const onRate = yAxis(frame, rate, most(speeds), "/s");
    const onTotal = yAxis(frame, total, sums[sums.length - 1], "");
    const known = data.windowMax.some((value) => value !== null);
    const receiver = `window of the ${data.receiver}${known ? "" : " (not known)"}`;
    const path = (className: string, d: string) => shape("path", { class: className, d });
    const zeros = data.windowMin.map((value) => value === null ? null : 0);
    const clip = `clip-${++clips}`;
    const inside = shape("g", { "clip-path": `url(#${clip})` });
    inside.append(
      path("window under", shapes.band(zeros, data.windowMin, xStep, onWindow.y)),
      path("window range", shapes.band(data.windowMin, data.windowMax, xStep, onWindow.y)),
      path("window line", shapes.line(data.windowMin, xStep, onWindow.y)),
      path("flight line", shapes.line(data.inFlight, xStep, onWindow.y)),
      path("rate bars", shapes.bars(speeds, xStep, onRate.y)),
      path("total line", shapes.slope(sums, xStep, onTotal.y)),
    );
    const over: Element[] = [];
    if (chosen !== undefined) {
      const at = Math.min(x(chosen.from), x(chosen.to));
      const wide = Math.abs(x(chosen.to) - x(chosen.from));
      over.push(shape("rect", {
        ...{
          class: "chosen",
          x: at,
          width: wide,
          y: lane.bottom,
          height: total.bottom - lane.bottom,
        },
      }));
    }
    if (cursor !== undefined && cursor >= view.from && cursor <= view.to) {
      const at = x(cursor);
      over.push(
        shape("line", { class: "cursor", x1: at, x2: at, y1: lane.bottom, y2: total.bottom }),
      );
    }
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren(
      shape(
        "clipPath",
        { id: clip },
        shape("rect", { x: left, width: right - left, y: lane.top, height: total.bottom }),
      ),
      ...bands(scene, x),
      ...[onWindow, onRate, onTotal].flatMap(({ grid }) => grid),
      ...xAxis(scene, x),
      label("title", left, window.top - 6, `${receiver}, bytes in flight to it`),
      label("title", left, rate.top - 6, `data from the ${sender}, a second`),
      label("title", left, total.top - 6, `data from the ${sender}, in all`),
      inside,
      ...marks(scene, x),
      ...over,
    );
  };
}
