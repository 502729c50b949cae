/** What a run came to, as people read it. */
import { assertEquals } from "@std/assert";
import { summaryTable } from "../../cli/summary.ts";
import { newStats } from "../../src/status.ts";

/** The rows of a run with these counts. */
function rows(stats: Partial<ReturnType<typeof newStats>>, recordsLeft?: number): string[] {
  const summary = {
    end: "limit" as const,
    ...{ exitCode: 0, frames: 1, elapsedMs: 1000, framesLeft: 0 },
    stats: { ...newStats(), ...stats },
  };
  return summaryTable(summary, recordsLeft).split("\n");
}

Deno.test("summaryTable() has a blank behind every label", () => {
  const table = rows({ framesPending: 190, framesLostOnDisk: 2, framesDropped: 1, frames: 5 });
  for (
    const label of ["left on disk 190 frames", "lost on disk 2 frames", "frames      1 in 1.000 s"]
  ) {
    assertEquals(table.filter((row) => row === label), [label]);
  }
});

Deno.test("summaryTable() says what stays on disk and was not counted", () => {
  const left = (frames: number, records?: number) =>
    rows({ framesPending: frames }, records).filter((row) => row.startsWith("left on disk"));
  assertEquals(left(0), []);
  assertEquals(left(190, 2174), [
    "left on disk 190 frames, and 2,174 records of an earlier run with frames nobody counted",
  ]);
  assertEquals(left(0, 1), ["left on disk 1 record of an earlier run with frames nobody counted"]);
});
