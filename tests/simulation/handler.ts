/** A handler of chance: quick or slow, at once or later, standing still now and then, throwing. */
import type { Batch, Client } from "../../mod.ts";
import { chance } from "./chance.ts";
import type { Oracle } from "./oracle.ts";
import { type HandlerPlan, laneName } from "./scenario.ts";
import type { World } from "./world.ts";

const STALL_SHARE = 0.02;

/** What a handler of chance throws. */
export class Thrown extends Error {}

/**
 * Gives all of a client's batches to a handler for each oracle; settles as
 * `run()` or the loop does. `wrong` is called with what must not have happened.
 */
export async function handleAll(
  world: World,
  oracles: readonly Oracle[],
  plan: HandlerPlan,
  client: Client,
  wrong: (error: unknown) => void,
): Promise<void> {
  const handlers = oracles.map((oracle) => new ChanceHandler(world, oracle, plan, wrong));
  await world.sleep(plan.attachMs);
  if (handlers.length > 1) {
    return await client.run(Object.fromEntries(handlers.map((one, i) => [laneName(i), one])));
  }
  const [handler] = handlers;
  if (!plan.loop) return await client.run(handler);
  for await (const batch of client) await handler.batch(batch);
}

class ChanceHandler {
  readonly #world: World;
  readonly #oracle: Oracle;
  readonly #plan: HandlerPlan;
  readonly #wrong: (error: unknown) => void;
  #calls = 0;
  #busy = false;

  constructor(world: World, oracle: Oracle, plan: HandlerPlan, wrong: (error: unknown) => void) {
    this.#world = world;
    this.#oracle = oracle;
    this.#plan = plan;
    this.#wrong = wrong;
  }

  batch(batch: Batch): void | Promise<void> {
    const { asyncShare, computeMs, waitMs, stallMs, bytesPerMs } = this.#plan;
    const { draw } = this.#world;
    if (this.#busy) this.#wrong(new Error("two calls of one handler overlap"));
    this.#calls += 1;
    const place = this.#looked(() => this.#oracle.given(batch));
    this.#world.trace(`batch of ${batch.count}, ${batch.pending} behind`);
    this.#world.compute(draw() * computeMs);
    const workMs = batch.lengths.reduce((sum, length) => sum + length, 0) / bytesPerMs;
    const stalls = stallMs > 0 && chance(draw, STALL_SHARE);
    if (!chance(draw, asyncShare)) {
      this.#world.compute(workMs + (stalls ? stallMs : 0));
      this.#perhapsThrow();
      return this.#oracle.handled(place);
    }
    this.#busy = true;
    return this.#later(batch, workMs + draw() * waitMs + (stalls ? stallMs : 0), () => {
      this.#oracle.handled(place);
    });
  }

  async #later(batch: Batch, ms: number, handled: () => void): Promise<void> {
    if (ms > 0) await this.#world.sleep(ms);
    this.#looked(() => this.#oracle.stillTheSame(batch));
    this.#busy = false;
    this.#perhapsThrow();
    handled();
  }

  /** What the oracle says is no fault of the handler's. */
  #looked<T>(look: () => T): T {
    try {
      return look();
    } catch (error) {
      this.#wrong(error);
      throw error;
    }
  }

  #perhapsThrow(): void {
    if (this.#calls === this.#plan.throwsAt) throw new Thrown("as told");
  }
}
