/** The core for shared memory does what the plain one does, and can be relied on when others write its memory. */
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { Column } from "../../src/columns.ts";
import { framerConfig } from "../../src/core/configure.ts";
import { Core } from "../../src/core/core.ts";
import { slabBytesFor } from "../../src/core/layout.ts";
import { coreModule, sharedCoreModule } from "../../src/core/module.ts";
import { CorruptMemoryError, FramingError, OptionError } from "../../src/errors.ts";
import type { Framing } from "../../src/framing.ts";
import { assertAgrees, describe, summary } from "./agree.ts";
import { framingsOf, TYPES } from "./cases.ts";
import { CoreHarness } from "./core_harness.ts";
import { decode } from "./oracle/mod.ts";
import { assertHolds } from "./property.ts";
import { chunkings, cut, streams } from "./streams.ts";

const SHARED = await sharedCoreModule();

for (const type of TYPES) {
  if (type === "raw") continue;
  Deno.test(`Core in shared memory frames random streams of ${type} as the oracle does`, () => {
    const cases = framingsOf(type).map((framing) => ({
      framing,
      harness: new CoreHarness(framing, [], SHARED),
      streams: streams(framing),
    }));
    const inputs = fc.nat(cases.length - 1).chain((which) =>
      fc.tuple(fc.constant(which), cases[which].streams, chunkings)
    );
    assertHolds(
      TYPES.length,
      fc.property(inputs, ([which, stream, lengths]) => {
        const { framing, harness } = cases[which];
        const expected = decode(framing, stream);
        const chunks = [...cut(stream, lengths)];
        const context = () => describe(framing, chunks);
        assertAgrees(harness.run(chunks), expected, summary(expected), context);
      }),
    );
  });
}

Deno.test("Core refuses a module that is not for its kind of memory", () => {
  const framing = { type: "lines" } as const;
  for (const [sharedMemory, module] of [[true, coreModule()], [false, SHARED]] as const) {
    const error = assertThrows(() => new Core({ framing, sharedMemory, module }), OptionError);
    assertEquals(error.option, "module");
  }
});

/** Values that a hostile worker may fill memory with. */
const FILLS = [0xff, 0x00, 0x7f, 0x80, 0x01];
const COLUMNS: readonly Column[] = [{ name: "a", type: "u16", at: 0 }, {
  name: "b",
  type: "f64",
  at: 1,
}];

for (const type of TYPES) {
  Deno.test(`Core of ${type} ends in frames or a typed error when its memory was overwritten`, () => {
    for (const framing of framingsOf(type)) {
      const sample = fc.sample(streams(framing), { numRuns: 3, seed: 1055 });
      for (const fill of FILLS) survive(framing, fill, sample);
    }
  });
}

/** Scans `inputs`, with all memory overwritten ahead of each scan, and behind each. */
function survive(framing: Framing, fill: number, inputs: Uint8Array[]): void {
  const matches = [Uint8Array.of(fill, fill)];
  const slabBytes = slabBytesFor(framerConfig(framing).rawFrameLengthMax);
  const core = new Core({
    framing,
    columns: COLUMNS,
    matches,
    bufferBytes: 2 * slabBytes,
    sharedMemory: true,
    module: SHARED,
  });
  const memory = new Uint8Array(core.memory.buffer);
  const [slab] = core.layout.slabs;
  let frames = 0;
  let framed = 0;
  let filled = 0;
  for (const input of inputs) {
    memory.fill(fill);
    memory.set(input, slab.bytes + filled);
    filled += input.length;
    try {
      const outcome = core.scan(slab, frames, framed, filled);
      assert(outcome.frames >= frames && outcome.frames <= core.layout.capacity);
      assert(outcome.framed >= framed && outcome.framed <= filled);
      ({ frames, framed } = outcome);
      memory.fill(fill);
      const error = core.violation(0);
      assert(error instanceof FramingError || error instanceof CorruptMemoryError);
    } catch (error) {
      assertInstanceOf(error, CorruptMemoryError);
      core.reset();
    }
    assert(core.takeHits(0) <= frames);
  }
  // It begins anew, none the worse.
  core.reset();
  memory.fill(fill);
  const stream = fc.sample(streams(framing), { numRuns: 1, seed: 7 })[0];
  memory.set(stream, slab.bytes);
  const again = core.scan(slab, 0, 0, stream.length);
  const expected = decode(framing, stream);
  if (framing.type !== "raw") {
    assertEquals([again.frames, again.framed], [expected.frames.length, expected.consumed]);
  }
}
