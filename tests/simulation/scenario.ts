/** What a seed plays: drawn once, before anything runs. */
import type { ConnectOptions } from "../../mod.ts";
import type { SpillOptions } from "../../spill.ts";
import type { MemoryPolicy } from "../../src/backlog/backlog.ts";
import { between, type Random, random } from "../spill/random.ts";
import { chance, magnitude, pick } from "./chance.ts";
import { type FeedFraming, FRAMINGS, streamOf } from "./feed.ts";
import type { Slowness } from "./slow_disk.ts";
import type { ServerPlan } from "./socket.ts";

const SLAB_BYTES = 256 * 1024;
/** The smallest segment there is. */
const SEGMENT_BYTES_MIN = 4096;

/** Twice the longest frame, and more. */
const JOURNAL_BYTES_MIN = 128 * 1024;

/** How a handler behaves. */
export interface HandlerPlan {
  /** Share of calls that return a promise. */
  asyncShare: number;
  /** Computing per call, and waiting where it is asynchronous. */
  computeMs: number;
  waitMs: number;
  /** How much it handles at the most, in bytes per millisecond. */
  bytesPerMs: number;
  /** Now and then it stops for so long. */
  stallMs: number;
  /** The call that throws; 0 for none. */
  throwsAt: number;
  /** A `for await` loop rather than `run()`. */
  loop: boolean;
  /** How long after the connection it is there. */
  attachMs: number;
}

/** What is wrong with the disk, and when. */
export interface DiskPlan {
  slowness: Slowness;
  /** Shares of operations that fail while it is bad: of those that change something, and of reads. */
  faultShare: number;
  readFaultShare: number;
  shortShare: number;
  /** It is bad from here on, and again sound there. */
  badFromMs: number;
  soundFromMs: number;
  capacityBytes: number;
  /** Syncs never fail. */
  syncs: boolean;
}

/** How a process ends that does not come to its end. */
export interface CrashPlan {
  kind: "kill" | "power";
  /** Records that have been spilled by then, and events that happened since. */
  records: number;
  steps: number;
}

/** One life of the client. */
export interface ProcessPlan {
  /** What each connection gets; `undefined` is refused. */
  connections: (ServerPlan | undefined)[];
  handler: HandlerPlan;
  crash: CrashPlan | undefined;
  /** The first connection is given to the client, open, and there is no other. */
  given: boolean;
  /** When the user closes it; 0 for never. */
  closeMs: number;
}

/** One seed's play. */
export interface Scenario {
  /** How many handlers share the feed by key; 1 has it for itself. */
  lanes: number;
  /** What would spill is a journal. */
  journals: boolean;
  options: Omit<ConnectOptions, "whenFull"> & {
    whenFull: MemoryPolicy | "spill";
    /** With `spill`. */
    spill: SpillOptions | undefined;
  };
  disk: DiskPlan;
  processes: ProcessPlan[];
}

/** Several share by key in some plays. Not drawn with the rest, so that seeds from before there was that play as they did. */
export function lanesOf(seed: number): number {
  const draw = random(~seed);
  return chance(draw, 0.3) ? between(draw, 2, 4) : 1;
}

/** Some of those that spill are a journal, drawn in the same way. */
export function journalsOf(seed: number): boolean {
  return chance(random(seed ^ 0x6a6f7572), 0.4);
}

/** What the client calls a handler that is one of several. */
export function laneName(lane: number): string {
  return `lane-${lane}`;
}

/** Draws all of it but how many handlers there are, and whether there is a journal. */
export function scenarioOf(draw: Random, lanes: number, journals: boolean): Scenario {
  const framing = pick<FeedFraming>(draw, "length_field", "length_field", "lines", "slip");
  const options = optionsOf(draw, framing);
  const spills = options.whenFull === "spill";
  const lives = spills && chance(draw, 0.6) ? between(draw, 2, 4) : 1;
  let lastId = 0;
  const processes = Array.from({ length: lives }, (_, life) => {
    const down = chance(draw, 0.1);
    const connections = Array.from({ length: down ? 0 : between(draw, 1, 4 - life) }, () => {
      if (chance(draw, 0.05)) return undefined;
      return serverOf(draw, framing, lastId += 1, options.idleTimeoutMs! > 0);
    });
    const last = life === lives - 1;
    const given = connections[0] !== undefined && chance(draw, 0.1);
    return { connections, given, ...fateOf(draw, !last), handler: handlerOf(draw, !last) };
  });
  const scenario = { lanes, journals: false, options, disk: diskOf(draw), processes };
  return spills && journals ? journaling(scenario) : scenario;
}

/**
 * What would spill is a journal, which has no other way than the disk: in the end
 * that has room. A full one has none for the cursor that would let it be emptied.
 */
function journaling({ options, disk, ...scenario }: Scenario): Scenario {
  const { segmentBytes = 0, maxBytes = Infinity, ...spill } = options.spill!;
  const most = Math.min(maxBytes, disk.capacityBytes);
  const room = { segmentBytes, maxBytes: Math.max(most, segmentBytes, JOURNAL_BYTES_MIN) };
  return {
    ...scenario,
    journals: true,
    options: { ...options, spill: { ...spill, ...room } },
    disk: { ...disk, capacityBytes: Infinity, syncs: true },
  };
}

function optionsOf(draw: Random, framing: FeedFraming): Scenario["options"] {
  const slabs = between(draw, 2, 5);
  const whenFull = pick<Scenario["options"]["whenFull"]>(
    draw,
    "block",
    "drop_oldest",
    "drop_newest",
    "spill",
    "spill",
  );
  const segmentBytes = magnitude(draw, SEGMENT_BYTES_MIN, 1024 * 1024);
  const highWaterBytes = chance(draw, 0.5) ? between(draw, 1, slabs) * SLAB_BYTES : undefined;
  return {
    framing: FRAMINGS[framing],
    columns: chance(draw, 0.3) ? [{ name: "id", type: "u8", at: 0 }] : [],
    bufferBytes: slabs * SLAB_BYTES,
    whenFull,
    spill: whenFull !== "spill" ? undefined : {
      segmentBytes,
      maxBytes: chance(draw, 0.4)
        ? Math.max(segmentBytes, magnitude(draw, 8192, 2 * 1024 * 1024))
        : undefined,
      whenFull: pick(draw, "block", "drop_newest"),
    },
    highWaterBytes,
    dutyCycleMs: magnitude(draw, 1, 50),
    drainBytes: chance(draw, 0.5) ? magnitude(draw, 1000, 4_000_000) : undefined,
    drainMs: magnitude(draw, 1, 20),
    coalesceReads: chance(draw, 0.1),
    idleTimeoutMs: chance(draw, 0.2) ? magnitude(draw, 20, 5000) : 0,
    heartbeat: chance(draw, 0.1) ? { everyMs: magnitude(draw, 1, 500), bytes: "beat" } : undefined,
    reconnect: { initialDelayMs: 1, maxDelayMs: 100, maxAttempts: 4 },
  };
}

function serverOf(
  draw: Random,
  framing: FeedFraming,
  id: number,
  mayHang: boolean,
): ServerPlan {
  const stream = streamOf(draw, id, framing);
  // One byte at a time, for as many as can be waited for.
  const tiny = stream.bytes < 3000;
  return {
    stream,
    end: pick(draw, "eof", "eof", "reset", mayHang ? "never" : "eof"),
    burstBytes: tiny
      ? magnitude(draw, 1, 4000)
      : pick(draw, 64 * 1024, 128 * 1024, magnitude(draw, 4000, 2_000_000)),
    gapMs: magnitude(draw, 1, 20) - 1,
    readBytesMax: chance(draw, 0.2) ? magnitude(draw, tiny ? 1 : 4000, 100_000) : 0,
  };
}

/** One that is to crash is slow, so that there is something to lose. */
function handlerOf(draw: Random, crashes: boolean): HandlerPlan {
  return {
    asyncShare: pick(draw, 0, 1, draw()),
    computeMs: pick(draw, 0, draw() * 0.2, draw() * 5),
    waitMs: pick(draw, 0, draw(), draw() * 30),
    bytesPerMs: crashes || chance(draw, 0.8)
      ? magnitude(draw, 200, crashes ? 2000 : 50_000)
      : Infinity,
    stallMs: chance(draw, 0.4) ? magnitude(draw, 10, 3000) : 0,
    throwsAt: !crashes && chance(draw, 0.1) ? between(draw, 1, 30) : 0,
    loop: chance(draw, 0.2),
    attachMs: chance(draw, 0.3) ? magnitude(draw, 1, 3000) : 0,
  };
}

function fateOf(draw: Random, crashes: boolean): Pick<ProcessPlan, "crash" | "closeMs"> {
  const closeMs = chance(draw, 0.2) ? magnitude(draw, 1, 3000) : 0;
  const kind = pick(draw, "kill", "power");
  const crash = { kind, records: between(draw, 0, 6), steps: between(draw, 0, 100) } as const;
  return { closeMs, crash: crashes ? crash : undefined };
}

function diskOf(draw: Random): DiskPlan {
  const bad = chance(draw, 0.4);
  const badFromMs = bad ? magnitude(draw, 1, 500) - 1 : 0;
  return {
    slowness: { usualMs: draw() * 3, worstMs: magnitude(draw, 1, 1500) },
    faultShare: bad && chance(draw, 0.7) ? magnitude(draw, 1, 100) / 100 : 0,
    readFaultShare: bad && chance(draw, 0.7) ? magnitude(draw, 1, 100) / 100 : 0,
    shortShare: chance(draw, 0.3) ? draw() * 0.5 : 0,
    badFromMs,
    soundFromMs: badFromMs + (bad ? magnitude(draw, 10, 20_000) : 0),
    capacityBytes: chance(draw, 0.2) ? magnitude(draw, 20_000, 3_000_000) : Infinity,
    syncs: false,
  };
}
