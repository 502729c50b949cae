/**
 * How many random streams are tried, and from which seed.
 *
 * `SPILLWAY_RUNS` is the number of streams in all, `SPILLWAY_SEED` the seed
 * that a failure names; `SPILLWAY_SEED=random` draws one.
 */
import fc from "fast-check";

const RUNS = Number(Deno.env.get("SPILLWAY_RUNS") ?? 10_000);
const SEED_OPTION = Deno.env.get("SPILLWAY_SEED") ?? "1055";
const SEED = SEED_OPTION === "random" ? Math.floor(Math.random() * 2 ** 31) : Number(SEED_OPTION);

/** Checks `property` for one of `shares` shares of all runs; a failure tells the seed. */
export function assertHolds<T>(shares: number, property: fc.IProperty<T>): void {
  const details = fc.check(property, { seed: SEED, numRuns: Math.ceil(RUNS / shares) });
  if (!details.failed) return;
  throw new Error(`SPILLWAY_SEED=${SEED}: ${fc.defaultReportMessage(details)}`, {
    cause: details.errorInstance,
  });
}

/** How the slabs are used: with room in the index for many frames or few, some held for a while. */
export const uses = fc.record({
  capacity: fc.oneof(fc.constant(16384), fc.integer({ min: 1, max: 5 })),
  held: fc.nat(2),
});
