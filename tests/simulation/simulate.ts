/** Plays a seed: the real client in a virtual world, its oracle looking on at every step. */
import { assert } from "@std/assert";
import { FaultDisk } from "../spill/fault_disk.ts";
import { chance } from "./chance.ts";
import { Oracle } from "./oracle.ts";
import { Process } from "./process.ts";
import type { DiskPlan, ProcessPlan, Scenario } from "./scenario.ts";
import { journalsOf, lanesOf, scenarioOf } from "./scenario.ts";
import { lookOn } from "./watch.ts";
import { enter, settled, World } from "./world.ts";

/** More events and looks at the clock than any play takes: then something goes round in circles. */
const STEPS_MAX = 2_000_000;
const READINGS_MAX = 5_000_000;
const LINES_SHOWN = 40;

/** A last look at the disk. */
const NO_PLAN: ProcessPlan = {
  connections: [],
  given: false,
  handler: {
    asyncShare: 0,
    computeMs: 0,
    waitMs: 0,
    bytesPerMs: Infinity,
    stallMs: 0,
    throwsAt: 0,
    loop: false,
    attachMs: 0,
  },
  crash: undefined,
  closeMs: 0,
};

/** How a play went. */
export interface Played {
  /** The same for the same seed. */
  hash: number;
  steps: number;
  /** Virtual milliseconds. */
  ms: number;
}

/** A play in which something happened that must not. */
export class SimulationError extends Error {
  /** Names the seed, how to play it again, and what happened last. */
  constructor(seed: number, world: World, scenario: Scenario, cause: unknown) {
    const what = cause instanceof Error ? cause.message : String(cause);
    const plan = JSON.stringify(scenario);
    const again = `SPILLWAY_SIM_SEED=${seed} deno task simulate`;
    const last = world.lines?.slice(-LINES_SHOWN).join("\n") ?? "";
    super(`seed ${seed}: ${what}\nplay it again: ${again}\n${plan}\n${last}`, { cause });
  }
}

/** Plays a seed; throws a `SimulationError` if the client does what it must not. */
export async function play(
  seed: number,
  { keepLines = false, lanes = lanesOf(seed), journals = journalsOf(seed) } = {},
): Promise<Played> {
  const world = new World(seed, keepLines);
  const scenario = scenarioOf(world.draw, lanes, journals);
  const rejections: unknown[] = [];
  const rejected = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    rejections.push(event.reason);
  };
  addEventListener("unhandledrejection", rejected);
  try {
    await playAll(world, scenario, rejections);
  } catch (error) {
    throw new SimulationError(seed, world, scenario, error);
  } finally {
    removeEventListener("unhandledrejection", rejected);
  }
  return { hash: world.hash, steps: world.steps, ms: world.now };
}

async function playAll(world: World, scenario: Scenario, rejections: unknown[]): Promise<void> {
  const lanes = Array.from({ length: scenario.lanes }, () => new Oracle());
  let disks = lanes.map(() => new FaultDisk(world.draw));
  let process: Process;
  using _entered = enter(
    world,
    ((options: Deno.ConnectOptions & { signal?: AbortSignal }) =>
      process.connect(options.signal)) as unknown as typeof Deno.connect,
  );
  using _looking = lookOn();
  const plans = scenario.options.whenFull === "spill"
    ? [...scenario.processes, undefined]
    : scenario.processes;
  for (const plan of plans) {
    disks.forEach((disk, i) => prepare(world, disk, scenario.disk, () => lanes[i].uncut()));
    process = new Process(world, lanes, scenario, plan ?? NO_PLAN, disks);
    if (plan === undefined) process.beginLooking();
    else process.begin();
    await run(world, process, rejections);
    disks = process.ended ? process.leave() : process.crash();
  }
}

/** Until the process ends, or is to crash. */
async function run(world: World, process: Process, rejections: unknown[]): Promise<void> {
  while (true) {
    await settled();
    assert(rejections.length === 0, `nobody looked at a rejection: ${inspect(rejections[0])}`);
    process.check();
    if (process.ended || process.crashes) return;
    assert(world.step(), "the client waits for what never comes");
    assert(world.steps < STEPS_MAX, `${STEPS_MAX} events, and no end`);
    assert(world.readings < READINGS_MAX, `${READINGS_MAX} looks at the clock, and no end`);
  }
}

/** Sets what is wrong with the disk; `uncut` is called when it does not cut a file. */
function prepare(world: World, disk: FaultDisk, plan: DiskPlan, uncut: () => void): void {
  const bad = () => world.now >= plan.badFromMs && world.now < plan.soundFromMs;
  disk.fault = ({ operation }) => {
    // Behind a sync that failed nothing is written any more: a journal stands, and there is no end.
    const fails = bad() && chance(world.draw, plan.faultShare);
    if (fails && operation === "truncate") uncut();
    if (fails && !(plan.syncs && operation === "sync")) return "error";
    return chance(world.draw, plan.shortShare) ? "short" : undefined;
  };
  disk.readFault = () => bad() && chance(world.draw, plan.readFaultShare);
  disk.capacityBytes = plan.capacityBytes;
}

function inspect(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
