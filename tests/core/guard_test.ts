/** What the core in shared memory answers is believed only if it can be true. */
import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { Status } from "../../src/core/abi.ts";
import { Core } from "../../src/core/core.ts";
import { Guard, type RawOutcome } from "../../src/core/guard.ts";
import { sharedCoreModule } from "../../src/core/module.ts";
import { CorruptMemoryError, FramingError } from "../../src/errors.ts";

const SHARED = await sharedCoreModule();

function newCore(): Core {
  return new Core({
    framing: { type: "lines", maxFrameLength: 100 },
    columns: [{ name: "a", type: "u8", at: 0 }],
    matches: [new TextEncoder().encode("ping")],
    bufferBytes: 2 * 256 * 1024,
    sharedMemory: true,
    module: SHARED,
  });
}

function write(core: Core, text: string): number {
  const bytes = new TextEncoder().encode(text);
  new Uint8Array(core.memory.buffer).set(bytes, core.layout.slabs[0].bytes);
  return bytes.length;
}

Deno.test("Guard refuses every outcome that a scan can't have", () => {
  const { layout, memory } = newCore();
  const global = (value: number) => new WebAssembly.Global({ value: "i32", mutable: true }, value);
  const guard = new Guard(memory, layout, {
    __global_base: global(16384),
    __heap_base: global(16528),
    __stack_pointer: global(16384),
  }, { rules: 1, columns: 1 });
  const asked = { frames: 10, from: 1000, end: 2000 };
  const right: RawOutcome = {
    status: Status.need_more,
    frames: 12,
    framed: 1900,
    skippedFrames: 1,
    skippedBytes: 100,
    paddingBytes: 10,
    missingFields: 2,
  };
  guard.check(right, asked);
  const wrong: Partial<RawOutcome>[] = [
    { status: 3 },
    { status: 0xffffffff },
    { status: Status.index_full },
    { frames: 9 },
    { frames: layout.capacity + 1 },
    { framed: 999 },
    { framed: 2001 },
    { skippedBytes: 900 },
    { skippedFrames: 902 },
    { paddingBytes: 0xffffffff },
    { missingFields: 3 },
  ];
  for (const part of wrong) {
    assertThrows(() => guard.check({ ...right, ...part }, asked), CorruptMemoryError);
  }
  // A partial frame longer than any slab could hold twice would be waited for without end.
  const long = { ...asked, from: 0, end: layout.slabBytes };
  const stuck = { ...right, frames: 10, framed: 0, skippedBytes: 0, paddingBytes: 0 };
  assertThrows(
    () => guard.check({ ...stuck, skippedFrames: 0, missingFields: 0 }, long),
    CorruptMemoryError,
  );
});

Deno.test("Core.scan() puts back what was overwritten between two scans", () => {
  const core = newCore();
  const [slab] = core.layout.slabs;
  const memory = new Uint8Array(core.memory.buffer);
  memory.fill(0xff);
  const end = write(core, "a\nping\nb");
  const { frames, framed, missingFields } = core.scan(slab, 0, 0, end);
  assertEquals([frames, framed, missingFields, core.takeHits(0)], [2, 7, 0, 1]);
});

Deno.test("Core.scan() makes a trap a CorruptMemoryError, and works behind it", () => {
  const core = newCore();
  const [slab] = core.layout.slabs;
  // As if the end were not where it is: the scan leaves the memory.
  assertThrows(() => core.scan(slab, 0, 0, 0xfffffff0), CorruptMemoryError);
  core.reset();
  assertEquals(core.scan(slab, 0, 0, write(core, "a\nb\n")).frames, 2);
});

Deno.test("Core.violation() names what can't be a violation", () => {
  const core = newCore();
  const [slab] = core.layout.slabs;
  const end = write(core, "x".repeat(200));
  assertEquals(core.scan(slab, 0, 0, end).status, Status.invalid);
  assertInstanceOf(core.violation(0), FramingError);
  new Uint8Array(core.memory.buffer).fill(0xff);
  assertInstanceOf(core.violation(0), CorruptMemoryError);
});
