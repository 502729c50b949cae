/**
 * Paths of SVG for values in steps. As all functions whose text goes into the page,
 * {@linkcode shaping} uses nothing from outside of itself.
 *
 * @module
 */

/** Values of steps, null where there is none. */
export type Values = readonly (number | null)[];
/** Where a step begins, or a value lies, in pixels. */
export type Scale = (value: number) => number;

/** Makes paths. */
export interface Shaping {
  /** A line with a level for each step, broken where there is no value. */
  line(values: Values, x: Scale, y: Scale): string;
  /** The area between two such lines. */
  band(low: Values, high: Values, x: Scale, y: Scale): string;
  /** A bar for each step. */
  bars(values: Values, x: Scale, y: Scale): string;
  /** A line from corner to corner: `values[i]` holds where step `i` begins. */
  slope(values: readonly number[], x: Scale, y: Scale): string;
}

/** Makes {@linkcode Shaping}. */
export function shaping(): Shaping {
  const px = (value: number) => String(Math.round(value * 100) / 100);

  /** Calls `run` for each run of steps that have values. */
  function runs(values: Values, run: (first: number, end: number) => string): string {
    let path = "";
    for (let i = 0; i < values.length; i++) {
      if (values[i] === null) continue;
      const first = i;
      while (i < values.length && values[i] !== null) i++;
      path += run(first, i);
    }
    return path;
  }

  /** Corners of steps `first` to `end`, from left to right or back. */
  function corners(
    { values, first, end, back }: { values: Values; first: number; end: number; back: boolean },
    x: Scale,
    y: Scale,
  ): string {
    const points: string[] = [];
    for (let i = first; i < end; i++) {
      const level = px(y(values[i] ?? 0));
      points.push(`${px(x(i))} ${level}`, `${px(x(i + 1))} ${level}`);
    }
    return (back ? points.reverse() : points).join("L");
  }

  return {
    line: (values, x, y) =>
      runs(values, (first, end) => `M${corners({ values, first, end, back: false }, x, y)}`),
    band: (low, high, x, y) =>
      runs(high, (first, end) =>
        `M${corners({ values: high, first, end, back: false }, x, y)}` +
        `L${corners({ values: low, first, end, back: true }, x, y)}Z`),
    bars: (values, x, y) => {
      const base = px(y(0));
      return values.map((value, i) => {
        if (value === null || value === 0) return "";
        // A hair's breadth between two bars, where there is room for it.
        const gap = x(i + 1) - x(i) > 4 ? 1 : 0;
        return `M${px(x(i))} ${base}V${px(y(value))}H${px(x(i + 1) - gap)}V${base}Z`;
      }).join("");
    },
    slope: (values, x, y) =>
      `M${values.map((value, i) => `${px(x(i))} ${px(y(value))}`).join("L")}`,
  };
}
