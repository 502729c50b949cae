/** Numbers as people read them, also where one unit ends and the next begins. */
import { assertEquals } from "@std/assert";
import { bytes, percent, time } from "../../doctor/words.ts";

Deno.test("time() goes to the next unit where rounding would reach it", () => {
  const times = [
    0,
    0.0304,
    0.9994,
    0.9996,
    43.4,
    999.4,
    999.6,
    59_940,
    119_940,
    119_960,
    3_599_600,
  ];
  assertEquals(times.map(time), [
    ...["0 ms", "30 µs", "999 µs", "1 ms", "43 ms", "999 ms", "1.0 s", "59.9 s"],
    ...["119.9 s", "2 min 0 s", "60 min 0 s"],
  ]);
});

Deno.test("bytes() and percent() do too", () => {
  const counts = [0, 999.4, 999.6, 9949, 9951, 999_499, 999_501, 999_499_999, 1.25e9];
  assertEquals(counts.map(bytes), [
    ...["0 B", "999 B", "1.0 kB", "9.9 kB", "10 kB", "999 kB", "1.0 MB", "999 MB", "1.3 GB"],
  ]);
  assertEquals([0, 0.0994, 0.0996, 0.68, 1].map(percent), [
    "0.0 %",
    "9.9 %",
    "10 %",
    "68 %",
    "100 %",
  ]);
});
