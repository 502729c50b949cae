import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertPace, dueAt, framesDue, type TimedPace } from "../../push/pace.ts";

Deno.test("dueAt() and framesDue() agree at every pace", () => {
  const paces: TimedPace[] = [
    { type: "rate", rate: 250 },
    { type: "rate", rate: 0.5 },
    { type: "burst", frames: 3, everyMs: 100 },
    { type: "on_off", rate: 100, onMs: 50, offMs: 150 },
    { type: "on_off", rate: 1, onMs: 50, offMs: 150 },
    { type: "timeline", dueMs: Array.from({ length: 50 }, (_, i) => Math.floor(i / 3) * 70) },
  ];
  for (const pace of paces) {
    for (let index = 0; index < 50; index++) {
      // Half a microsecond either way, for what division rounds off.
      assert(framesDue(pace, dueAt(pace, index) + 0.0005) > index, JSON.stringify(pace));
      if (dueAt(pace, index) > 0) {
        assert(framesDue(pace, dueAt(pace, index) - 0.0005) <= index, JSON.stringify(pace));
      }
    }
  }
});

Deno.test("framesDue() counts evenly, in bursts, and on and off", () => {
  const at = [0, 9, 10, 100, 199, 200];
  assertEquals(at.map((ms) => framesDue({ type: "rate", rate: 100 }, ms)), [1, 1, 2, 11, 20, 21]);
  const burst: TimedPace = { type: "burst", frames: 5, everyMs: 100 };
  assertEquals(at.map((ms) => framesDue(burst, ms)), [5, 5, 5, 10, 10, 15]);
  const onOff: TimedPace = { type: "on_off", rate: 100, onMs: 50, offMs: 150 };
  assertEquals(at.map((ms) => framesDue(onOff, ms)), [1, 1, 2, 5, 5, 6]);
});

Deno.test("a timeline has no frame behind its last", () => {
  const timeline: TimedPace = { type: "timeline", dueMs: [5, 5, 90] };
  assertEquals([0, 4, 5, 89, 90, 1e9].map((ms) => framesDue(timeline, ms)), [0, 0, 2, 2, 3, 3]);
  assertEquals([0, 1, 2, 3].map((index) => dueAt(timeline, index)), [5, 5, 90, Infinity]);
});

Deno.test("assertPace() refuses paces that never produce", () => {
  assertThrows(() => assertPace({ type: "rate", rate: 0 }), RangeError, "above 0, got 0");
  assertThrows(() => assertPace({ type: "rate", rate: NaN }), RangeError, "got NaN");
  assertThrows(() => assertPace({ type: "burst", frames: 1.5, everyMs: 1 }), RangeError, "whole");
  assertPace({ type: "flat_out" });
});
