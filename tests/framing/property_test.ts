/** The core against the oracle: random streams in random chunks. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Framing } from "../../src/framing.ts";
import { assertAgrees, describe, summary } from "./agree.ts";
import { join } from "./bytes.ts";
import { framingsOf, TYPES } from "./cases.ts";
import { CoreHarness } from "./core_harness.ts";
import { decode } from "./oracle/mod.ts";
import { assertHolds, uses } from "./property.ts";
import { chunkings, cut, streams } from "./streams.ts";

for (const type of TYPES) {
  if (type === "raw") continue;
  Deno.test(`Core frames random streams of ${type} as the oracle does, however they are cut`, () => {
    const cases = framingsOf(type).map((framing) => ({
      framing,
      harness: new CoreHarness(framing),
      streams: streams(framing),
    }));
    const inputs = fc.nat(cases.length - 1).chain((which) =>
      fc.tuple(fc.constant(which), cases[which].streams, chunkings, uses)
    );
    assertHolds(
      TYPES.length,
      fc.property(inputs, ([which, stream, lengths, use]) => {
        const { framing, harness } = cases[which];
        const expected = decode(framing, stream);
        const wanted = summary(expected);
        for (const chunks of [[stream], [...cut(stream, lengths)]]) {
          const context = () => describe(framing, chunks);
          assertAgrees(harness.run(chunks, use), expected, wanted, context);
        }
      }),
    );
  });
}

Deno.test("Core makes each chunk of a raw stream a frame", () => {
  const framing: Framing = { type: "raw" };
  const harness = new CoreHarness(framing);
  assertHolds(
    TYPES.length,
    fc.property(streams(framing), chunkings, uses, (stream, lengths, use) => {
      const chunks = [...cut(stream, lengths)];
      const { frames } = harness.run(chunks, use);
      assertEquals(frames.map((frame) => frame.rawLength), chunks.map((chunk) => chunk.length));
      assertEquals(join(...frames.map((frame) => frame.payload)), stream);
    }),
  );
});
