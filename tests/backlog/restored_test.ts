import { assertEquals } from "@std/assert";
import type { FrameStore } from "../../src/batch.ts";
import { RestoredBatches } from "../../src/backlog/restored.ts";

/** Batches that tell, and records of ten frames for them, each a batch or several together. */
function told() {
  const lines: string[] = [];
  const batches = new RestoredBatches({
    onHandled: (sequence, bytes) => lines.push(`handled ${sequence}, ${bytes} bytes`),
    onPartHandled: () => {},
    onLost: ({ sequence, records, frames }) => lines.push(`lost ${sequence} ${records} ${frames}`),
  });
  const push = (sequence: number, handledFrames = 0, together = 1) => {
    const buffer = batches.takeBuffer();
    const store = {} as FrameStore;
    const records = Array.from(
      { length: together },
      (_, i) => ({ sequence: sequence + i, end: 10 * (i + 1) }),
    );
    const bytes = 100 * together;
    batches.push({ store, records, handledFrames, bytes, payloadBytes: bytes, buffer });
  };
  const lose = (sequence: number) =>
    batches.pushLost({ sequence, records: 2, frames: 20, message: "bad" });
  return { lines, batches, push, lose };
}

Deno.test("a record counts as handled behind those before it, whichever comes back first", () => {
  const { lines, batches, push } = told();
  push(1);
  push(2);
  const [half, rest, second] = [batches.take(4)!, batches.take(99)!, batches.take(99)!];
  second.release(true);
  half.release(true);
  assertEquals(lines, []);
  rest.release(true);
  assertEquals(lines, ["handled 1, 100 bytes", "handled 2, 100 bytes"]);
});

Deno.test("nothing behind a record that a handler threw at counts as handled", () => {
  const { lines, batches, push } = told();
  push(1);
  push(2);
  const [first, second] = [batches.take(99)!, batches.take(99)!];
  first.release(false);
  second.release(true);
  push(3);
  batches.take(99)!.release(true);
  assertEquals(lines, []);
});

Deno.test("records that are lost count when all before them was taken, and are passed when it was handled", () => {
  const { lines, batches, push, lose } = told();
  lose(2);
  assertEquals(lines.splice(0), ["lost 2 2 20", "handled 2, 0 bytes"]);
  push(3);
  lose(5);
  push(6);
  assertEquals([batches.frames, batches.taken?.sequence], [40, 3]);
  const half = batches.take(4)!;
  assertEquals([lines, batches.taken], [[], { sequence: 3, handledFrames: 4 }]);
  const rest = batches.take(99)!;
  assertEquals(lines.splice(0), ["lost 5 2 20"]);
  assertEquals([batches.frames, batches.taken?.sequence], [10, 6]);
  rest.release(true);
  half.release(true);
  assertEquals(lines, ["handled 3, 100 bytes", "handled 5, 0 bytes"]);
});

Deno.test("a record counts as handled in part up to the first frame that was not", () => {
  const { lines, batches, push } = told();
  push(1, 2);
  push(2);
  assertEquals([batches.frames, batches.part], [18, { sequence: 1, handledFrames: 2 }]);
  const ranges = [1, 2, 3, 99].map((most) => batches.take(most)!);
  assertEquals(ranges.map(({ first, end }) => [first, end]), [[2, 3], [3, 5], [5, 8], [8, 10]]);
  const part = () => batches.part?.handledFrames;
  ranges[1].release(true);
  assertEquals(part(), 2);
  ranges[0].release(true);
  assertEquals(part(), 5);
  ranges[2].release(false);
  ranges[3].release(true);
  assertEquals([part(), lines], [5, []]);
});

Deno.test("of records that are one batch, each counts up to the frame that was handled", () => {
  const { lines, batches, push } = told();
  push(1, 2, 3);
  push(4);
  assertEquals(batches.frames, 38);
  const parts: [number, number | undefined][] = [];
  for (const most of [5, 3, 12]) {
    batches.take(most)!.release(true);
    assertEquals(batches.taken, batches.part);
    parts.push([batches.part!.sequence, batches.part!.handledFrames]);
  }
  assertEquals(parts, [[1, 7], [2, 0], [3, 2]]);
  assertEquals(lines, []);
  batches.take(99)!.release(true);
  assertEquals(lines, ["handled 3, 300 bytes"]);
  assertEquals([batches.taken, batches.part], [{ sequence: 4, handledFrames: 0 }, undefined]);
});
