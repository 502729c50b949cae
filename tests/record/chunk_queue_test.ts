/** The ring between tap and disk: what goes in comes out, in order and within its bound. */
import { assert, assertEquals } from "@std/assert";
import { ChunkQueue } from "../../src/record/chunk_queue.ts";
import { RecordKind } from "../../src/spill/format.ts";
import { join } from "../framing/bytes.ts";
import { between, noise, random } from "../spill/random.ts";
import { SEED } from "../spill/seed.ts";

const INFO = { kind: RecordKind.chunk, epoch: 1, frameCount: 0, timeMicros: 0 };

Deno.test("ChunkQueue gives chunks back as they came, wherever the ring ends", () => {
  for (let run = 0; run < 50; run++) {
    const seed = SEED + run;
    const draw = random(seed);
    const capacityBytes = between(draw, 300, 5000);
    const queue = new ChunkQueue(capacityBytes);
    const waiting: Uint8Array[] = [];
    for (let step = 0; step < 300; step++) {
      const chunk = noise(draw, between(draw, 0, capacityBytes));
      if (queue.fits(chunk.length)) {
        assert(queue.takes(chunk.length));
        queue.push({ ...INFO, streamOffset: chunk.length }, chunk);
        waiting.push(chunk);
      } else {
        assert(waiting.length > 0 || !queue.takes(chunk.length), `SPILLWAY_SEED=${seed}`);
      }
      if (draw() < 0.6) {
        const oldest = queue.oldest();
        const expected = waiting.shift();
        assertEquals(oldest?.info.streamOffset, expected?.length, `SPILLWAY_SEED=${seed}`);
        if (oldest !== undefined) assertEquals(join(...queue.parts(oldest)), expected);
        queue.shift();
      }
      const bytes = waiting.reduce((total, { length }) => total + length, 0);
      assertEquals(queue.bytes, bytes);
      assert(bytes <= capacityBytes);
    }
    assertEquals(queue.clear(), waiting.reduce((total, { length }) => total + length, 0));
    assertEquals([queue.oldest(), queue.bytes, queue.fits(0)], [undefined, 0, true]);
  }
});
