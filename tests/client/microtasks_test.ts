/** Handlers whose promises settle behind many microtasks, in which the event loop does not turn. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { connect } from "../../mod.ts";
import { supervised } from "../../isolation.ts";
import { FRAMING, numbered, send, serve, within } from "./harness.ts";

/** Frames enough to keep every handler here busy to its end. */
const FRAMES = numbered(50_000, 60);
const CALL_MS = 4;
const CALLS = 50;

function compute(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** Pushes for as long as it is read. */
function pushing() {
  return serve(async (conn) => {
    while (true) await send(conn, FRAMES);
  });
}

/** What came while `batch()` was called so many times. */
async function fed(make: (batch: () => void) => Parameters<typeof supervised>[0]) {
  await using server = pushing();
  await using client = await connect(server.target, {
    framing: FRAMING,
    whenFull: "drop_oldest",
  });
  let calls = 0;
  let ticks = 0;
  const ticking = setInterval(() => ticks += 1, CALL_MS);
  const done = Promise.withResolvers<void>();
  const began = performance.now();
  void client.run(make(() => {
    compute(CALL_MS);
    if (++calls === CALLS) done.resolve();
  })).catch(() => {});
  await within(done.promise, "calls");
  clearInterval(ticking);
  return { stats: client.stats(), ticks, tookMs: performance.now() - began };
}

async function behindAwaits(batch: () => void): Promise<void> {
  for (let i = 0; i < 12; i++) await undefined;
  batch();
  for (let i = 0; i < 12; i++) await undefined;
}

for (
  const [what, make] of [
    [
      "a handler that computes behind many awaits",
      (batch) => ({ batch: () => behindAwaits(batch) }),
    ],
    [
      "a supervised handler that computes",
      (batch) =>
        supervised({ batch: () => behindAwaits(batch) }, { onFailure: "skip", budgetMs: 1000 }),
    ],
  ] satisfies [string, Parameters<typeof fed>[0]][]
) {
  Deno.test(`${what} keeps neither the socket from being read, nor timers from coming`, async () => {
    const { stats, ticks, tookMs } = await fed(make);
    // One chunk is what came before the first call.
    assertGreater(stats.bytesRead, 20 * 128 * 1024);
    assertGreater(ticks, CALLS / 2);
    assertGreater(stats.heldMs, 0.8 * CALLS * CALL_MS);
    assertLess(stats.heldMs, 1.1 * tookMs);
  });
}

Deno.test("a handler that computes for each frame behind many awaits gets no more than fit the duty cycle", async () => {
  await using server = pushing();
  await using client = await connect(server.target, {
    framing: FRAMING,
    whenFull: "drop_oldest",
  });
  const counts: number[] = [];
  for await (const batch of client) {
    await behindAwaits(() => compute(batch.count));
    counts.push(batch.count);
    if (counts.length === 40) break;
  }
  // Of 10 ms; a probe may double that once in a while.
  assert(counts.every((count) => count <= 22), counts.join());
  assertEquals(counts[0], 1);
});
