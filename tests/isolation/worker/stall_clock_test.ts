/** How long a worker is said to have been at something. */
import { assertEquals } from "@std/assert";
import { StallClock } from "../../../src/isolation/worker/stall_clock.ts";

Deno.test("StallClock counts from where something began, and a late look as one in time", () => {
  const clock = new StallClock(100);
  clock.begin(1070);
  clock.look(1100, 0);
  assertEquals([clock.busyMs, clock.silentMs], [30, 30]);
  clock.look(1200, 1);
  assertEquals([clock.busyMs, clock.silentMs], [130, 0]);
  clock.look(5000, 1);
  assertEquals([clock.busyMs, clock.silentMs], [230, 100]);
  clock.begin(5050);
  clock.look(5100, 1);
  assertEquals([clock.busyMs, clock.silentMs], [50, 50]);
});
