/**
 * The page's script, put together from the text of functions, so that they are checked and
 * linted like all others. Each uses nothing but what it is given: no text but its own is there.
 *
 * @module
 */

import { binaryBytes, seconds, whole } from "../words.ts";
import { drawing } from "./plot/draw.ts";
import { framing } from "./plot/frame.ts";
import { plotting } from "./plot/interact.ts";
import { reading } from "./plot/readout.ts";
import { selecting } from "./plot/select.ts";
import { shaping } from "./plot/shapes.ts";
import { viewing } from "./plot/view.ts";
import { binaryStep, decimalStep, multiples, tickTime } from "./ticks.ts";

/** Makes plots of all connections of the page it stands in. */
export const PAGE_SCRIPT = `(() => {
"use strict";
const words = {
seconds: ${seconds},
whole: ${whole},
binaryBytes: ${binaryBytes},
decimalStep: ${decimalStep},
binaryStep: ${binaryStep},
multiples: ${multiples},
tickTime: ${tickTime},
};
const views = (${viewing})();
const frameOf = (${framing})();
const read = (${reading})(words);
const draw = (${drawing})(window, (${shaping})(), words);
const plot = (${plotting})(window, { draw, frameOf, read, views });
(${selecting})(window, plot);
})();`;
