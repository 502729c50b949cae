/**
 * Where the panels of a plot lie. As all functions whose text goes into the page,
 * {@linkcode framing} uses nothing from outside of itself.
 *
 * @module
 */

/** A panel's place. */
export interface Panel {
  top: number;
  bottom: number;
}

/** A plot's places, in pixels. */
export interface Frame {
  width: number;
  height: number;
  left: number;
  right: number;
  /** The strip above, with what happened. */
  lane: Panel;
  window: Panel;
  rate: Panel;
  total: Panel;
}

/** The places in a plot so wide. */
export type Framing = (width: number) => Frame;

/** Makes {@linkcode Framing}. */
export function framing(): Framing {
  return (width) => {
    const [lane, title, axis] = [26, 27, 28];
    const heights = width < 620 ? [150, 56, 56] : [210, 76, 76];
    let top = lane;
    const [window, rate, total] = heights.map((height) => {
      const panel = { top: top + title, bottom: top + title + height };
      top = panel.bottom;
      return panel;
    });
    return {
      ...{ width, height: top + axis, left: 76, right: width - 14 },
      lane: { top: 0, bottom: lane },
      ...{ window, rate, total },
    };
  };
}
