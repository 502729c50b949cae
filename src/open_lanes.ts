/**
 * The lanes a client's options ask for.
 *
 * @module
 */

import type { Backlog, OpenOverflow, OverflowSource, SpillEvent } from "./backlog/backlog.ts";
import { MemoryBacklog } from "./backlog/memory_backlog.ts";
import { WaterMarks } from "./backlog/water_marks.ts";
import type { Core } from "./core/core.ts";
import { Dispatcher } from "./dispatch/dispatcher.ts";
import type { HandlerContext } from "./dispatch/handler.ts";
import { KeyPartition } from "./dispatch/key_partition.ts";
import { type Lane, Lanes } from "./dispatch/lanes.ts";
import { newHandOver, publishFeed } from "./dispatch/shared_feed.ts";
import { OptionError } from "./errors.ts";
import type { LaneSettings, Settings } from "./options.ts";
import type { SlabPool } from "./slab.ts";
import type { ClientStats } from "./status.ts";

/** A lane to be, its overflow open if it has one. */
export interface LanePlan {
  settings: LaneSettings;
  overflow: OpenOverflow | undefined;
}

/** What lanes need of their client. */
export interface LaneClient {
  core: Core;
  pool: SlabPool;
  stats: ClientStats;
  context: HandlerContext;
  /** Called when something the duty cycle may wait for has happened. */
  ring: () => void;
  tell: (event: SpillEvent & { handler?: string }) => void;
}

/** Opens what lanes overflow into. */
export async function planLanes(settings: Settings): Promise<LanePlan[]> {
  const plans: LanePlan[] = [];
  try {
    for (const lane of settings.lanes) {
      const { name, whenFull } = lane;
      const overflow = typeof whenFull === "string"
        ? undefined
        // The options were checked for it.
        : await (whenFull as OverflowSource).open(name);
      plans.push({ settings: lane, overflow });
    }
    return plans;
  } catch (error) {
    await closePlans(plans);
    throw error;
  }
}

/** Closes what no lane was made of. */
export async function closePlans(plans: readonly LanePlan[]): Promise<void> {
  for (const { overflow } of plans) await overflow?.close();
}

/** The highest number a connection had before. */
export function lastEpochOf(plans: readonly LanePlan[]): number {
  return Math.max(0, ...plans.map(({ overflow }) => overflow?.lastEpoch ?? 0));
}

/** Lanes that get frames by key, for which the core's index must have room. A single one gets all there are. */
export function keyLanesOf({ partition, lanes }: Settings): number {
  return typeof partition === "object" && lanes.length > 1 ? lanes.length : 0;
}

/** Makes the lanes. */
export function makeLanes(
  settings: Settings,
  plans: readonly LanePlan[],
  client: LaneClient,
): Lanes {
  // All of them before any lane is at work.
  const { core } = client;
  for (const { overflow } of plans) overflow?.check({ columns: core.columns, raw: core });
  const marks = plans.map((plan) => waterMarksOf(plan.settings, client.pool));
  const lanes = plans.map((plan, i) => makeLane(settings, plan, marks[i], client));
  const { partition } = settings;
  if (typeof partition === "string") return new Lanes(lanes, partition);
  if (keyLanesOf(settings) === 0) return new Lanes(lanes);
  const { pool } = client;
  return new Lanes(lanes, new KeyPartition(core, pool.slabs, partition.key, lanes.length));
}

function makeLane(
  settings: Settings,
  plan: LanePlan,
  marks: WaterMarks,
  client: LaneClient,
): Lane {
  const { core, pool, stats, ring } = client;
  // Each handler has a context of its own, by which one in another thread finds what it needs.
  const context = { ...client.context };
  const feed = { core, pool, ...newHandOver() };
  publishFeed(context, feed);
  const { name, whenFull } = plan.settings;
  const backlog = typeof whenFull === "string"
    ? new MemoryBacklog(pool, whenFull)
    : overflowing(plan, client);
  const dispatcher = new Dispatcher({
    name,
    backlog,
    columnNames: core.columns.map((column) => column.name),
    raw: core,
    dutyCycleMs: settings.dutyCycleMs,
    stats,
    context,
    handOver: feed,
    onSettled: ring,
  });
  return { name, backlog, marks, dispatcher, context };
}

function overflowing({ settings, overflow }: LanePlan, client: LaneClient): Backlog {
  const { name } = settings;
  const { core, pool, ring, tell } = client;
  // INVARIANT: the plan of such a lane has opened it.
  return overflow!.backlog({
    pool,
    columns: core.columns,
    raw: core,
    sharedMemory: core.shared,
    onChange: ring,
    tell: (event) => tell(name === undefined ? event : { ...event, handler: name }),
  });
}

/** Throws an `OptionError` for marks that can't be reached, or are the wrong way round. */
function waterMarksOf(settings: LaneSettings, pool: SlabPool): WaterMarks {
  const bufferBytes = pool.slabs.length * pool.slabBytes;
  const { highWaterBytes = bufferBytes * 3 / 4 } = settings;
  if (!(isNumber(highWaterBytes) && highWaterBytes > 0 && highWaterBytes <= bufferBytes)) {
    throw new OptionError("highWaterBytes", `bytes above 0, up to ${bufferBytes}`, highWaterBytes);
  }
  const { lowWaterBytes = highWaterBytes * 2 / 3 } = settings;
  if (!(isNumber(lowWaterBytes) && lowWaterBytes >= 0 && lowWaterBytes < highWaterBytes)) {
    throw new OptionError("lowWaterBytes", `bytes below ${highWaterBytes}`, lowWaterBytes);
  }
  return new WaterMarks(highWaterBytes, lowWaterBytes);
}

/** Text and bigints compare like numbers, and do not calculate like them. */
function isNumber(value: unknown): boolean {
  return typeof value === "number";
}
