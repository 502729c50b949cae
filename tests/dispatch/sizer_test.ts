import { assert, assertEquals } from "@std/assert";
import { BatchSizer } from "../../src/dispatch/sizer.ts";

/** Sizes of `calls` batches when a call with n frames takes `cost(n)` milliseconds. */
function sizes(calls: number, cost: (frames: number) => number): number[] {
  const sizer = new BatchSizer();
  return Array.from({ length: calls }, () => {
    const frames = sizer.allowed;
    sizer.observe(frames, cost(frames), 10);
    return frames;
  });
}

Deno.test("BatchSizer begins with one frame and doubles while that is cheap", () => {
  assertEquals(sizes(7, () => 0.01), [1, 2, 4, 8, 16, 32, 64]);
});

Deno.test("BatchSizer keeps a call whose time grows with its frames within the budget", () => {
  const settled = sizes(200, (frames) => frames * 0.1).slice(8);
  // 100 frames fill 10 ms; a probe may double that once in a while.
  assert(settled.every((frames) => frames >= 50 && frames <= 200), settled.join());
  assert(settled.filter((frames) => frames <= 100).length > settled.length * 0.8, settled.join());
});

Deno.test("BatchSizer gives single frames to a handler that needs the budget for each", () => {
  const settled = sizes(100, (frames) => frames * 50).slice(2);
  assert(settled.filter((frames) => frames === 1).length > settled.length * 0.8, settled.join());
  assert(settled.every((frames) => frames <= 2), settled.join());
});

Deno.test("BatchSizer finds out at once that a call costs the same whatever its size, though each is over the budget", () => {
  assertEquals(sizes(6, () => 20), [1, 2, 4, 8, 16, 32]);
});

Deno.test("BatchSizer grows batches beyond the budget when a call costs the same whatever its size", () => {
  assert(sizes(60, () => 20).at(-1)! > 1000);
});
