import { assertEquals } from "@std/assert";
import { WaterMarks } from "../../src/backlog/water_marks.ts";

Deno.test("crossed() tells each crossing once, however often the level moves between the marks", () => {
  const marks = new WaterMarks(8, 3);
  const told = [0, 7, 8, 9, 5, 8, 4, 3, 7, 0, 8].map((level) => marks.crossed(level));
  assertEquals(told.map((mark, i) => mark && `${i} ${mark}`).filter(Boolean), [
    "2 high_water",
    "7 low_water",
    "10 high_water",
  ]);
});

Deno.test("crossed() can fall to nothing at all", () => {
  const marks = new WaterMarks(1, 0);
  assertEquals([marks.crossed(1), marks.crossed(1), marks.crossed(0)], [
    "high_water",
    undefined,
    "low_water",
  ]);
});
