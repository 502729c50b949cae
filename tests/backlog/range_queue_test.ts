/** The queue of ranges against a plain list of frames. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { RangeQueue, type SlabRange } from "../../src/backlog/range_queue.ts";
import { Core } from "../../src/core/core.ts";
import { SlabPool } from "../../src/slab.ts";
import { FRAMING } from "../client/harness.ts";
import { assertHolds } from "../framing/property.ts";

/** How many property tests share `SPILLWAY_RUNS`. */
const SHARES = 20;

/** `[slab, frame]`, as a number. */
const idOf = (slab: number, frame: number) => slab * 1e6 + frame;

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("push" as const),
        count: fc.integer({ min: 1, max: 5 }),
        gap: fc.nat(1),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("next slab" as const) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("take" as const),
        most: fc.integer({ min: 1, max: 7 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("drop" as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("seal" as const),
        before: fc.nat(3),
        most: fc.integer({ min: 1, max: 4 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const), kept: fc.nat(3) }) },
  ),
  { maxLength: 120, size: "max" },
);

/** The same, done to a list. */
class Scene {
  readonly pool = POOL;
  readonly queue = new RangeQueue(POOL);
  readonly frames: number[] = [];
  #slab = 0;
  #frame = 0;

  push(count: number, gap: number): void {
    this.#frame += gap;
    this.queue.push(this.pool.slabs[this.#slab], this.#frame, this.#frame + count);
    for (let i = 0; i < count; i++) this.frames.push(idOf(this.#slab, this.#frame++));
  }

  nextSlab(): void {
    this.#slab = (this.#slab + 1) % this.pool.slabs.length;
  }

  take(most: number): void {
    const taken = this.queue.take(most);
    assertEquals(taken === undefined, this.frames.length === 0);
    if (taken === undefined) return;
    const count = taken.end - taken.first;
    assert(count > 0 && count <= most);
    assertEquals(framesOf(taken), this.frames.splice(0, count));
    taken.release();
  }

  drop(): void {
    const { head } = this.queue;
    const dropped = head === undefined ? [] : framesOf(head);
    assertEquals(this.frames.splice(0, this.queue.drop()), dropped);
  }

  seal(before: number, most: number): void {
    const range = this.queue.at(before);
    if (range === undefined) return;
    const expected = framesOf(range).slice(0, most);
    const part = this.queue.seal(before, most);
    assertEquals([framesOf(part), part.sealed], [expected, true]);
    assertEquals(this.queue.at(before), part);
  }

  clear(kept: number): void {
    const { queue } = this;
    const left = Array.from({ length: kept }, (_, i) => queue.at(i))
      .flatMap((range) => range === undefined ? [] : framesOf(range));
    assertEquals(queue.clear(kept), this.frames.splice(left.length).length);
    assertEquals(this.frames, left);
  }

  /** What holds after each step. */
  check(): void {
    const { queue, frames } = this;
    assertEquals(queue.frames, frames.length);
    assertEquals(queue.head === undefined, frames.length === 0);
    assertEquals(queue.last?.end, frames.length === 0 ? undefined : frames.at(-1)! % 1e6 + 1);
    assertEquals(
      queue.slabs,
      new Set(queue.stores()).size,
    );
  }
}

function framesOf({ store, first, end }: SlabRange): number[] {
  return Array.from({ length: end - first }, (_, i) => idOf(store.number, first + i));
}

/** One for all: a core takes longer to make than a run. */
const POOL = new SlabPool(new Core({ framing: FRAMING, bufferBytes: 64 * 256 * 1024 }));

Deno.test("a queue of ranges gives frames in the order they came, whatever is sealed, dropped or cleared", () => {
  assertHolds(
    SHARES,
    fc.property(steps, (steps) => {
      const scene = new Scene();
      for (const step of steps) {
        if (step.do === "push") scene.push(step.count, step.gap);
        else if (step.do === "next slab") scene.nextSlab();
        else if (step.do === "take") scene.take(step.most);
        else if (step.do === "drop") scene.drop();
        else if (step.do === "seal") scene.seal(step.before, step.most);
        else scene.clear(step.kept);
        scene.check();
      }
      scene.clear(0);
      assertEquals(scene.pool.slabs.map(({ references }) => references).some(Boolean), false);
    }),
  );
});

Deno.test("a long queue of single frames empties as it was filled", () => {
  const scene = new Scene();
  for (let i = 0; i < 200_000; i++) scene.push(1, 1);
  while (scene.frames.length > 199_000) scene.take(1);
  for (let before = 0; before < 5; before++) scene.seal(before, 1);
  assertEquals(scene.queue.clear(), 199_000);
});
