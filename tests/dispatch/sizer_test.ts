import { assert, assertEquals } from "@std/assert";
import { BatchSizer } from "../../src/dispatch/sizer.ts";

/** Batch sizes of `calls` calls of a handler that takes `cost(frames)` milliseconds, at most `available` frames each. */
function sizes(calls: number, cost: (frames: number) => number, available = 16384): number[] {
  const sizer = new BatchSizer(10);
  return Array.from({ length: calls }, () => {
    const frames = Math.min(sizer.allowed, available);
    sizer.observe(frames, cost(frames));
    return frames;
  });
}

Deno.test("BatchSizer begins with one frame and at most doubles", () => {
  const got = sizes(10, () => 0.001);
  assertEquals(got, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
});

Deno.test("BatchSizer keeps a call of costly frames within the budget", () => {
  const got = sizes(200, (frames) => frames * 0.1).slice(20);
  const over = got.filter((frames) => frames * 0.1 > 10.5).length;
  assert(over <= got.length / 8 + 1, `${over} of ${got.length} calls were over`);
  assert(Math.min(...got) >= 90, `a batch had ${Math.min(...got)} frames`);
});

Deno.test("BatchSizer can't go below one frame", () => {
  assert(sizes(50, (frames) => frames * 20).every((frames) => frames <= 2));
});

Deno.test("BatchSizer gives many frames to a handler whose cost is fixed", () => {
  for (const fixed of [0.5, 6, 15]) {
    assertEquals(sizes(300, () => fixed).at(-1), 16384, `${fixed} ms a call`);
  }
});

Deno.test("BatchSizer shrinks at once when frames become a hundred times as costly", () => {
  const sizer = new BatchSizer(10);
  for (let i = 0; i < 30; i++) sizer.observe(sizer.allowed, sizer.allowed * 0.001);
  sizer.observe(sizer.allowed, sizer.allowed * 0.1);
  assert(sizer.allowed <= 100, `${sizer.allowed} frames`);
});

Deno.test("BatchSizer learns nothing bad from small batches that kept the budget", () => {
  const sizer = new BatchSizer(10);
  for (let i = 0; i < 12; i++) sizer.observe(sizer.allowed, 0.01);
  const before = sizer.allowed;
  for (let i = 0; i < 5; i++) sizer.observe(1, 6);
  assert(sizer.allowed >= before, `${sizer.allowed} of ${before} frames`);
});
