import { assertEquals, assertNotEquals } from "@std/assert";
import { REGRESSIONS } from "./regressions.ts";
import { play } from "./simulate.ts";

/** Replays one seed, with its trace. */
const ONE = Deno.env.get("SPILLWAY_SIM_SEED");
/** How many seeds are played, and the first of them. */
const SEEDS = Number(Deno.env.get("SPILLWAY_SIM_SEEDS") ?? Deno.args[0] ?? "100");
const FIRST = Number(Deno.env.get("SPILLWAY_SIM_FIRST") ?? "1");
/** Failures told before giving up. */
const FAILURES_MAX = 5;

Deno.test("play() of the same seed is the same each time", async () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const first = await play(seed);
    assertEquals(await play(seed), first, `seed ${seed}`);
    assertNotEquals((await play(seed + 1000)).hash, first.hash);
  }
});

Deno.test("nothing is lost, given twice or out of order where it once was", async () => {
  for (const { seed, was, journals = false } of REGRESSIONS) {
    await playAgain(seed, { lanes: 1, journals }).catch((cause) => {
      throw new Error(`it is back: ${was}`, { cause });
    });
  }
});

Deno.test("nothing is lost, given twice or out of order, whatever the seed", async () => {
  if (ONE !== undefined) return void await playAgain(Number(ONE));
  const failures: Error[] = [];
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    await playAgain(seed).catch((error: Error) => failures.push(error));
    if (failures.length >= FAILURES_MAX) break;
  }
  if (failures.length > 0) throw new AggregateError(failures, failures[0].message);
});

/** Without lines of a trace first, since most seeds play well. */
async function playAgain(
  seed: number,
  options: { lanes?: number; journals?: boolean } = {},
): Promise<void> {
  try {
    await play(seed, options);
  } catch (error) {
    await play(seed, { ...options, keepLines: true });
    throw new Error(`seed ${seed} played well the second time`, { cause: error });
  }
}
