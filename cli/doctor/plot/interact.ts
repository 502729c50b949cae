/**
 * What can be done with a plot: zoom by dragging, wheel and keys, move, read values.
 * As all functions whose text goes into the page, {@linkcode plotting} uses nothing from
 * outside of itself but what it is given.
 *
 * @module
 */

import type { PlotData } from "./data.ts";
import type { Browser, Element } from "./dom.ts";
import type { Drawing } from "./draw.ts";
import type { Framing } from "./frame.ts";
import type { Reading } from "./readout.ts";
import type { View, Viewing } from "./view.ts";

/** What a plot is made with. */
export interface PlotTools {
  draw: Drawing;
  frameOf: Framing;
  read: Reading;
  views: Viewing;
}

/** Brings a connection's plot to life. */
export type Plotting = (article: Element) => void;

/** Makes {@linkcode Plotting}. */
export function plotting(browser: Browser, { draw, frameOf, read, views }: PlotTools): Plotting {
  /** A wheel that turns on over a plot goes on scrolling the page. */
  const SCROLLING_MS = 250;
  let scrolledAt = -Infinity;
  browser.addEventListener("scroll", () => scrolledAt = Date.now());

  function plot(figure: Element, article: Element): void {
    const find = (selector: string) => figure.querySelector(selector)!;
    const [canvas, svg, readout] = [".canvas", "svg", ".readout"].map(find);
    const data: PlotData = JSON.parse(find("script").textContent ?? "");
    const hint = readout.textContent;
    const whole = { from: data.fromMs, to: data.fromMs + data.bytes.length * data.stepMs };
    const least = Math.min(whole.to - whole.from, Math.max(1, data.stepMs / 16));
    let view: View = whole;
    let cursor: number | undefined;
    let chosen: View | undefined;
    let drag: { kind: "choose" | "move"; fromX: number; view: View } | undefined;
    let frame = frameOf(canvas.clientWidth);
    let waiting = false;

    const width = () => frame.right - frame.left;
    const span = () => view.to - view.from;
    const timeAt = (clientX: number) => {
      const at = (clientX - canvas.getBoundingClientRect().left - frame.left) / width();
      return view.from + Math.min(1, Math.max(0, at)) * span();
    };

    function redraw(): void {
      if (waiting) return;
      waiting = true;
      browser.requestAnimationFrame(() => {
        waiting = false;
        // Not laid out: it will be, and then its size changes.
        if (canvas.clientWidth === 0) return;
        frame = frameOf(canvas.clientWidth);
        draw(svg, { data, view, frame, cursor, chosen });
        readout.textContent = cursor === undefined
          ? hint
          : read(data, cursor, span() / width() * 5);
      });
    }

    /** Shows another part; tells whether it is another. */
    function show(next: View): boolean {
      const { from, to } = views.clamped(next, whole, least);
      const same = from === view.from && to === view.to;
      view = { from, to };
      redraw();
      return !same;
    }

    function point(ms: number | undefined): void {
      cursor = ms;
      redraw();
    }

    const middle = () =>
      cursor !== undefined && cursor >= view.from && cursor <= view.to
        ? cursor
        : (view.from + view.to) / 2;

    canvas.addEventListener("wheel", (event) => {
      if (Date.now() - scrolledAt < SCROLLING_MS) return;
      const unit = event.deltaMode === 1 ? 16 : 1;
      const aside = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
      const by = (aside ? event.deltaX || event.deltaY : event.deltaY) * unit;
      const changed = show(
        aside
          ? views.moved(view, by / width() * span())
          : views.zoomed(view, timeAt(event.clientX), Math.exp(by * 0.002)),
      );
      // Where there is nothing more to zoom out of, the page scrolls.
      if (changed) event.preventDefault();
    }, { passive: false });

    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      const below = event.clientY - canvas.getBoundingClientRect().top > frame.total.bottom;
      drag = { kind: below || event.shiftKey ? "move" : "choose", fromX: event.clientX, view };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (drag?.kind === "move") {
        show(views.moved(drag.view, (drag.fromX - event.clientX) / width() * span()));
        return;
      }
      const at = timeAt(event.clientX);
      if (drag !== undefined) {
        chosen = { from: timeAt(drag.fromX), to: at };
      }
      point(at);
    });
    canvas.addEventListener("pointerup", (event) => {
      // Less is a click that shook.
      const far = drag !== undefined && Math.abs(event.clientX - drag.fromX) > 5;
      const picked = chosen;
      drag = undefined;
      chosen = undefined;
      if (picked === undefined || !far) return redraw();
      show({ from: Math.min(picked.from, picked.to), to: Math.max(picked.from, picked.to) });
    });
    canvas.addEventListener("pointercancel", () => {
      drag = undefined;
      chosen = undefined;
      redraw();
    });
    canvas.addEventListener("pointerleave", () => point(undefined));
    canvas.addEventListener("dblclick", () => show(whole));

    const acts: Record<string, (shift: boolean) => void> = {
      "+": () => show(views.zoomed(view, middle(), 0.6)),
      "-": () => show(views.zoomed(view, middle(), 1 / 0.6)),
      "0": () => show(whole),
      Escape: () => point(undefined),
      ArrowLeft: (shift) => shift ? step(-1) : show(views.moved(view, -span() / 5)),
      ArrowRight: (shift) => shift ? step(1) : show(views.moved(view, span() / 5)),
    };

    /** Moves the read-out by a step, or by a pixel or two when steps are narrow. */
    function step(direction: number): void {
      const ms = middle() + direction * Math.max(data.stepMs / 2, span() / 200);
      point(Math.min(view.to, Math.max(view.from, ms)));
    }

    canvas.addEventListener("keydown", (event) => {
      const act = acts[event.key === "=" ? "+" : event.key];
      if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      // Who uses keys may be listening; a moving pointer would never stop talking.
      readout.setAttribute("aria-live", "polite");
      act(event.shiftKey);
    });
    for (const button of figure.querySelectorAll("button[data-act]")) {
      button.addEventListener("click", () => acts[button.dataset.act ?? ""]?.(false));
    }
    for (const button of article.querySelectorAll("button[data-at]")) {
      button.addEventListener("click", () => {
        const at = Number(button.dataset.at);
        const near = Math.min(span(), (whole.to - whole.from) / 6);
        show({ from: at - near / 2, to: at + near / 2 });
        point(at);
        figure.scrollIntoView({ block: "nearest" });
      });
    }
    new browser.ResizeObserver(redraw).observe(canvas);
    redraw();
  }

  return (article) => {
    const figure = article.querySelector("figure.plot");
    if (figure !== null) plot(figure, article);
  };
}
