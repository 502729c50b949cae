/** How a buffer becomes slabs, and what is read at once. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Core } from "../../src/core/core.ts";
import { sharedCoreModule } from "../../src/core/module.ts";
import { OptionError } from "../../src/errors.ts";

const SHARED = await sharedCoreModule();
const KIB = 1024;

function slabsOf(
  bufferBytes: number | undefined,
  sharedMemory: boolean,
  maxFrameLength = 1000,
): { slabs: number; slabKib: number; chunkKib: number } {
  const { layout, chunkBytes } = new Core({
    framing: { type: "lines", maxFrameLength },
    bufferBytes,
    sharedMemory,
    module: sharedMemory ? SHARED : undefined,
  });
  return {
    slabs: layout.slabs.length,
    slabKib: layout.slabBytes / KIB,
    chunkKib: chunkBytes / KIB,
  };
}

Deno.test("a buffer is 16 slabs of 256 KiB, or of 512 where other threads see it", () => {
  assertEquals(slabsOf(undefined, false), { slabs: 16, slabKib: 256, chunkKib: 128 });
  assertEquals(slabsOf(undefined, true), { slabs: 16, slabKib: 512, chunkKib: 256 });
  assertEquals(slabsOf(64 * KIB * KIB, true), { slabs: 128, slabKib: 512, chunkKib: 256 });
});

Deno.test("a small buffer that other threads see has smaller slabs, rather than few", () => {
  assertEquals(slabsOf(6400 * KIB, true), { slabs: 16, slabKib: 384, chunkKib: 192 });
  assertEquals(slabsOf(4096 * KIB, true), { slabs: 16, slabKib: 256, chunkKib: 128 });
  assertEquals(slabsOf(512 * KIB, true), { slabs: 2, slabKib: 256, chunkKib: 128 });
});

Deno.test("any buffer is used but for less than a slab, and two chunks fit into one", () => {
  for (const sharedMemory of [false, true]) {
    for (const maxFrameLength of [1, 100_000, 300_000, 1_000_000]) {
      for (let kib = 4 * KIB; kib < 20 * KIB; kib += 333) {
        const { slabs, slabKib, chunkKib } = slabsOf(kib * KIB, sharedMemory, maxFrameLength);
        assert(slabs * slabKib <= kib && kib < (slabs + 1) * slabKib, `${kib} KiB`);
        assert(2 * chunkKib <= slabKib && slabKib * KIB >= 2 * maxFrameLength);
        assert(slabs >= 16 || slabKib === 256 || slabKib * KIB < 2 * maxFrameLength + 256 * KIB);
      }
    }
  }
});

Deno.test("a buffer for less than two slabs is refused, in either memory", () => {
  for (const sharedMemory of [false, true]) {
    for (const bufferBytes of [511 * KIB, 0, -1, NaN, Infinity, "1" as unknown as number]) {
      assertThrows(() => slabsOf(bufferBytes, sharedMemory), OptionError, "bufferBytes");
    }
  }
});
