/**
 * The part of the time axis that is shown. As all functions whose text goes into the page,
 * {@linkcode viewing} uses nothing from outside of itself.
 *
 * @module
 */

/** A stretch of time, in milliseconds. */
export interface View {
  from: number;
  to: number;
}

/** How views change. */
export interface Viewing {
  /** `view`, kept within `whole` and no shorter than `least`. */
  clamped(view: View, whole: View, least: number): View;
  /** `view` with `factor` times its length, `at` staying where it is. */
  zoomed(view: View, at: number, factor: number): View;
  /** `view` moved by `ms`. */
  moved(view: View, ms: number): View;
}

/** Makes {@linkcode Viewing}. */
export function viewing(): Viewing {
  return {
    clamped(view, whole, least) {
      const span = Math.min(whole.to - whole.from, Math.max(least, view.to - view.from));
      // One that was too short grows around its middle.
      const begin = (view.from + view.to - span) / 2;
      const from = Math.min(Math.max(begin, whole.from), whole.to - span);
      return { from, to: from + span };
    },
    zoomed: ({ from, to }, at, factor) => ({
      from: at - (at - from) * factor,
      to: at + (to - at) * factor,
    }),
    moved: ({ from, to }, ms) => ({ from: from + ms, to: to + ms }),
  };
}
