/** Declared columns of the core against naive extraction. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Column, COLUMN_ARRAYS, type ColumnType } from "../../src/columns.ts";
import type { Framing } from "../../src/framing.ts";
import { describe } from "./agree.ts";
import { CoreHarness } from "./core_harness.ts";
import { columnValue } from "./oracle/columns.ts";
import { decode } from "./oracle/mod.ts";
import { assertHolds, uses } from "./property.ts";
import { chunkings, cut, streams } from "./streams.ts";

const TYPES = Object.keys(COLUMN_ARRAYS) as ColumnType[];
const OFFSETS = [0, 1, 5, 16];

/** Every type and order at offsets that short frames hold wholly, partly and not at all. */
const COLUMNS: Column[] = TYPES.flatMap((type, i) =>
  OFFSETS.map((at, j): Column => ({
    name: `${type}_${at}`,
    type,
    at,
    byteOrder: (i + j) % 3 === 0 ? undefined : (i + j) % 3 === 1 ? "little" : "big",
  }))
);

const FRAMINGS: Framing[] = [
  // Values are gathered from the frame as it is delivered: stripped,
  { type: "length_field", lengthFieldLength: 1, initialBytesToStrip: 1, onInvalid: "skip" },
  // without its header, and of any length,
  { type: "netstring", maxFrameLength: 64, onInvalid: "skip" },
  // unescaped,
  { type: "cobs", onInvalid: "skip" },
  // all of one length, so that no column is missing or each is.
  { type: "fixed_length", frameLength: 24 },
  { type: "fixed_length", frameLength: 3 },
];

for (const [i, framing] of FRAMINGS.entries()) {
  Deno.test(`Core gathers columns of ${framing.type} as DataView reads them (${i})`, () => {
    const harness = new CoreHarness(framing, COLUMNS);
    assertHolds(
      10 * FRAMINGS.length,
      fc.property(streams(framing), chunkings, uses, (stream, lengths, use) => {
        const chunks = [...cut(stream, lengths)];
        const frames = decode(framing, stream).frames.map((frame) => frame.payload);
        const result = harness.run(chunks, use);
        let missing = 0;
        for (const column of COLUMNS) {
          const expected = frames.map((frame) => columnValue(column, frame));
          const end = column.at + COLUMN_ARRAYS[column.type].BYTES_PER_ELEMENT;
          missing += frames.filter((frame) => frame.length < end).length;
          assertEquals(
            result.columns[column.name],
            expected,
            `${column.name} of ${describe(framing, chunks)}`,
          );
        }
        assertEquals(result.missingFields, missing);
      }),
    );
  });
}
