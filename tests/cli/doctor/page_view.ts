/** Looks at a plot: where its times and values are in the window, and what colours are there. */
import { framing } from "../../../cli/doctor/plot/frame.ts";
import type { Frame } from "../../../cli/doctor/plot/frame.ts";
import type { Tab } from "./browser.ts";
import { type Colour, type Picture, picture } from "./png.ts";

/** Where a plot is in the window. */
export class PlotView {
  readonly #left: number;
  readonly #top: number;
  /** Places within the plot. */
  readonly frame: Frame;

  private constructor(left: number, top: number, width: number) {
    this.#left = left;
    this.#top = top;
    this.frame = framing()(width);
  }

  /** The plot that is shown, scrolled into sight. */
  static async find(tab: Tab): Promise<PlotView> {
    const { left, top, width } = await tab.evaluate(`(() => {
      const canvas = document.querySelector("article:not([hidden]) .canvas");
      canvas.scrollIntoView({ block: "center", behavior: "instant" });
      const { left, top } = canvas.getBoundingClientRect();
      return { left, top, width: canvas.clientWidth };
    })()`);
    // A wheel would go on scrolling.
    await tab.evaluate("new Promise((done) => setTimeout(done, 350))");
    await tab.drawn();
    return new PlotView(left, top, width);
  }

  /** Where a time is in the window, when times `from` to `to` are shown. */
  x(ms: number, from: number, to: number): number {
    const { left, right } = this.frame;
    return this.#left + left + (ms - from) / (to - from) * (right - left);
  }

  /** Where a place of the plot's is in the window. */
  y(within: number): number {
    return this.#top + within;
  }
}

/** How a plot looks now. */
export async function seen(tab: Tab): Promise<Picture> {
  return await picture(await tab.screenshot());
}

/** Whether two colours can hardly be told apart. */
export function alike(a: Colour, b: Colour, by = 40): boolean {
  return a.every((value, i) => Math.abs(value - b[i]) <= by);
}

/** The rows of column `x`, from `top` to `bottom`, that have a colour. */
export function rowsOf(
  image: Picture,
  x: number,
  [top, bottom]: [number, number],
  colour: Colour,
): number[] {
  const rows: number[] = [];
  for (let y = Math.round(top); y <= bottom; y++) {
    if (alike(image.at(x, y), colour)) rows.push(y);
  }
  return rows;
}

/** How much redder than green a colour is. */
export function redness([red, green]: Colour): number {
  return red - green;
}

/** How many colours there are in a picture. */
export function coloursIn(image: Picture): number {
  const colours = new Set<string>();
  for (let y = 0; y < image.height; y += 2) {
    for (let x = 0; x < image.width; x += 2) colours.add(image.at(x, y).join());
  }
  return colours.size;
}
