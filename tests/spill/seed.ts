/** Which random run it is. */

/** The seed of a run: `SPILLWAY_SEED`, `random` for another each time. Its name belongs into each failure. */
export const SEED: number = seedOf(Deno.env.get("SPILLWAY_SEED") ?? "1055");

function seedOf(option: string): number {
  return option === "random" ? Math.floor(Math.random() * 2 ** 31) : Number(option);
}
