/** A connection over time, drawn with characters. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { columnsOf, heldTimeline } from "../../../cli/doctor/series.ts";
import { decimalStep, multiples, tickTime } from "../../../cli/doctor/ticks.ts";
import { timelineText } from "../../../cli/doctor/timeline_text.ts";
import {
  connection,
  CUT_MS,
  FULL_MS,
  healthy,
  OPEN_WINDOW,
  recovered,
  refused,
  slowConsumer,
  timeline,
} from "./fixtures.ts";

function lines(what = slowConsumer(), width = 80, ascii = false): string[] {
  return timelineText(what, { colour: false, width, ascii })!.split("\n");
}

/** Where a time is in a line so wide. */
function columnOf(ms: number, width = 80): number {
  return 2 + Math.floor(ms / CUT_MS * (width - 2));
}

Deno.test("timelineText() shows the window open, then shut, and the stall to the end", () => {
  for (const width of [40, 80, 133]) {
    const drawn = lines(slowConsumer(), width);
    assertEquals(drawn[0], "  window of the client, up to 256.0 KiB");
    const axis = drawn.findIndex((line) => line.includes("─"));
    const bottom = drawn[4];
    const full = columnOf(FULL_MS, width);
    assert(/^ {2}█+[▁-█]?░?$/.test(bottom), bottom);
    // The column in which it filled up is either.
    assert(Math.abs(bottom.length - full) <= 1);
    assert(Math.abs(drawn[axis].indexOf("▒") - full) <= 1);
    assertEquals(drawn[axis].length, width);
    assertEquals(drawn[axis].replace(/^.*?▒/, "▒"), "▒".repeat(width - 1 - full) + "┃");
    assertEquals(drawn.at(-1), "  ▒ stall of the client   ┃ server RST");
  }
});

Deno.test("timelineText() labels the axis at its ticks", () => {
  const drawn = lines();
  const axis = drawn.findIndex((line) => line.includes("─"));
  const labels = drawn[axis + 1];
  assertEquals(labels.trim().split(/ {2,}/), ["0 s", "2 s", "4 s", "6 s"]);
  assertEquals(labels.indexOf("2 s"), columnOf(2000));
  assertEquals(drawn[axis][columnOf(2000)], "┬");
});

Deno.test("timelineText() has the same scale for the window and what is in flight", () => {
  const full = connection({
    timeline: timeline(0, 1000, () => ({ windowMin: 1000, inFlight: 1000, bytes: 10 })),
  });
  const drawn = lines(full);
  assertEquals(drawn.slice(1, 5), Array(4).fill("  " + "█".repeat(78)));
  assertEquals(drawn.slice(6, 9), Array(3).fill("  " + "█".repeat(78)));
});

Deno.test("timelineText() says that a window is not known", () => {
  const course = () => ({ windowMin: NaN, inFlight: 1000, bytes: 10 });
  const drawn = lines(connection({ timeline: timeline(0, 1000, course) }));
  assertEquals(drawn[0], "  window of the client: not known");
  assertEquals(drawn[1], "  in flight from the server, up to 1000 B");
});

Deno.test("timelineText() marks what there is, and where a connection goes on", () => {
  assertEquals(lines(healthy()).at(-1), "  ┃ client FIN");
  assertEquals(
    lines(recovered()).at(-1),
    "  ▒ stall of the client   × outage of the client   ┃ client FIN",
  );
  const open = healthy();
  open.end = { by: "capture", how: "open", frame: 1, atMs: 10_000, sentence: "" };
  open.gaps = [
    { kind: "silence", side: "server", frame: 1, fromMs: 4000, toMs: 6000, ended: true },
  ];
  assertEquals(lines(open).at(-1), "  · silence of the server   > not ended");
  assert(/─·{15,17}[─┬]/.test(lines(open).join("\n")));
});

Deno.test("timelineText() can do without anything but ASCII", () => {
  const drawn = lines(slowConsumer(), 80, true);
  // deno-lint-ignore no-control-regex -- all that is not ASCII
  assert(!/[^\x00-\x7f]/.test(drawn.join("\n")));
  assertStringIncludes(drawn.join("\n"), "!!!!!!|");
  assert(/^ {2}#+[#=_:]+$/.test(drawn[4]), drawn[4]);
});

Deno.test("timelineText() has nothing to show without a timeline", () => {
  assertEquals(timelineText(refused(), { colour: false }), undefined);
  const empty = connection({ timeline: { ...healthy().timeline!, stepMs: 0 } });
  assertEquals(timelineText(empty, { colour: false }), undefined);
});

Deno.test("heldTimeline() holds the window where nothing was said, shut within stalls", () => {
  const held = heldTimeline(recovered())!;
  const at = (ms: number) => Math.floor(ms / held.stepMs);
  assertEquals(held.windowMin.slice(at(3100), at(4100)).every((window) => window === 0), true);
  assertEquals(held.windowMax[at(8300)], OPEN_WINDOW);
  const late = connection({
    timeline: timeline(0, 1000, (_, step) => ({
      windowMin: step === 5 ? 100 : NaN,
      windowMax: step === 5 ? 200 : NaN,
      ...{ inFlight: NaN, bytes: NaN },
    })),
  });
  const { windowMin, windowMax } = heldTimeline(late)!;
  assertEquals([windowMin[4], windowMin[5], windowMax[5], windowMin[6]], [NaN, 100, 200, 200]);
});

Deno.test("columnsOf() keeps the sum of bytes, and each column's extremes", () => {
  const data = healthy().timeline!;
  const total = data.bytes.reduce((sum, bytes) => sum + bytes, 0);
  for (const count of [1, 7, 78, 255, 256, 300, 1000]) {
    const { rate, windowMin, windowMax } = columnsOf(data, count);
    const columnMs = 256 * data.stepMs / count;
    const sum = rate.reduce((all, one) => all + one * columnMs / 1000, 0);
    assert(Math.abs(sum - total) < 1e-6 * total, `${count} columns: ${sum}, not ${total}`);
    assertEquals(Math.min(...windowMin), Math.min(...data.windowMin));
    assertEquals(Math.max(...windowMax), OPEN_WINDOW);
  }
});

Deno.test("ticks are at round times, told apart by their decimals", () => {
  assertEquals([decimalStep(7352, 5), decimalStep(10, 4), decimalStep(0.9, 3)], [2000, 5, 0.5]);
  assertEquals(multiples(2000, 1, 7352), [2000, 4000, 6000]);
  assertEquals(multiples(0.1, 0.1, 0.3).map((ms) => tickTime(ms, 0.1)), [
    "0.0001 s",
    "0.0002 s",
    "0.0003 s",
  ]);
  assertEquals(tickTime(2500, 500), "2.5 s");
});
