/**
 * How fast frames go to disk beside what the disk takes, and what a burst does to the server.
 *
 *     deno task bench-spill [--rounds N] [--gigabytes N] [--directory DIR] [--smoke] [--out FILE]
 *                           [--json FILE]
 *
 * Of the disk under DIR (a new directory in there; default: beside the benchmarks).
 */
import { buildServer } from "./lib/builds.ts";
import { benchPath, run } from "./lib/command.ts";
import { diskRate } from "./lib/disk.ts";
import { describeMachine } from "./lib/machine.ts";
import { parseOptions, publish } from "./lib/output.ts";
import { Server, type ServerReport } from "./lib/server.ts";
import { median } from "./lib/stats.ts";
import type { SpillJob, SpillRun } from "./spill/client.ts";
import type { DiskRates } from "./spill/disk.ts";
import { type Burst, renderSpill, type Throughput } from "./spill/report.ts";

const PAYLOAD_BYTES = 64;
const FRAME_BYTES = 4 + PAYLOAD_BYTES;
/** How long a burst lasts, and how long the handler stands still in it. */
const BURST_SECONDS = 6;
const HOLD_MS = 5000;
/** Rides out the pauses a disk makes for itself. */
const BURST_BUFFER_BYTES = 64 * 1024 ** 2;
/** Shares of the rate that the disk keeps up, synced, that bursts come at. */
const BELOW = 0.8;
const ABOVE = 1.5;

/**
 * Before each measurement: the disk discards what was removed, and a virtual
 * machine gives memory that nobody has back to its host. Who comes at once writes
 * into memory that is there, up to four times as fast.
 */
const SETTLE_MS = 6000;

interface Scale {
  rounds: number;
  bytes: number;
  burstSeconds: number;
  holdMs: number;
  smoke: boolean;
}

async function settled({ smoke }: Scale): Promise<void> {
  if (!smoke) await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}

/** What the disk takes, measured now. */
async function measureDisk(directory: string, scale: Scale): Promise<DiskRates> {
  await settled(scale);
  const sequential = await diskRate(directory, scale.bytes, "sequential");
  await settled(scale);
  return { sequential, synced: await diskRate(directory, scale.bytes, "synced") };
}

/** A client, and what it says: in isolated mode the handler prints its part by itself. */
async function runClient(job: SpillJob, isolated: boolean): Promise<SpillRun> {
  const { success, stdout, stderr } = await run([
    Deno.execPath(),
    "run",
    ...isolated ? ["--unstable-worker-options"] : [],
    `--allow-net=127.0.0.1:${job.port}`,
    // Workers load their modules with the right to read them.
    `--allow-read=${isolated ? `${job.directory},${benchPath("..")}` : job.directory}`,
    `--allow-write=${job.directory}`,
    benchPath(isolated ? "spill/isolated.ts" : "spill/client.ts"),
    JSON.stringify(job),
  ]);
  if (!success) throw new Error(`the client failed: ${stderr}`);
  const parts = stdout.trim().split("\n").map((line) => JSON.parse(line));
  return Object.assign({}, ...parts);
}

/** One client against one server: what both say, counts and sums compared. */
async function feed(
  directory: string,
  job: Omit<SpillJob, "port" | "directory">,
  frames: number,
  { serverOptions = [], isolated = false }: { serverOptions?: string[]; isolated?: boolean } = {},
): Promise<{ client: SpillRun; server: ServerReport }> {
  const args = ["len", String(PAYLOAD_BYTES), String(frames), ...serverOptions];
  await using server = await Server.start(args);
  const store = `${directory}/feed`;
  const client = await runClient({ ...job, port: server.port, directory: store }, isolated);
  const said = await server.report();
  check(client, said);
  await Deno.remove(store, { recursive: true }).catch(() => {});
  return { client, server: said! };
}

function check(client: SpillRun, server: ServerReport | undefined): void {
  const { frames, framesDropped, sum, bytes } = client;
  const whole = frames + framesDropped === server?.frames && bytes === server.bytes;
  if (whole && (framesDropped > 0 || sum === server.sum)) return;
  throw new Error(
    `expected ${JSON.stringify(server)} of the client, got ${JSON.stringify(client)}`,
  );
}

async function measureThroughput(directory: string, scale: Scale): Promise<Throughput[]> {
  const frames = Math.ceil(scale.bytes / FRAME_BYTES);
  const holdBytes = frames * FRAME_BYTES;
  const rounds: Throughput[] = [];
  for (let round = 0; round < scale.rounds; round++) {
    console.error(`throughput: round ${round + 1} of ${scale.rounds}`);
    const disk = await measureDisk(directory, scale);
    await settled(scale);
    const spill = (await feed(directory, { mode: "spill", holdBytes }, frames)).client;
    await settled(scale);
    const journal = (await feed(directory, { mode: "journal" }, frames)).client;
    rounds.push({
      disk,
      spill: spill.spilledBytes / (spill.heldMs - (spill.spillStartedMs ?? 0)) * 1e3,
      restore: spill.bytes / (spill.endMs - spill.heldMs) * 1e3,
      journal: journal.bytes / journal.endMs * 1e3,
    });
  }
  return rounds;
}

async function burst(
  directory: string,
  mode: SpillJob["mode"],
  share: number,
  disk: number,
  scale: Scale,
  isolated = false,
): Promise<Burst> {
  const name = isolated ? `${mode}, isolated` : mode;
  console.error(`a burst at ${share} of the disk's synced rate, ${name}`);
  await settled(scale);
  const { holdMs, burstSeconds } = scale;
  const pace = Math.round(share * disk);
  const frames = Math.ceil(pace * burstSeconds / FRAME_BYTES);
  const serverOptions = ["--pace", String(pace)];
  const run = await feed(directory, { mode, holdMs, bufferBytes: BURST_BUFFER_BYTES }, frames, {
    serverOptions,
    isolated,
  });
  return { name, share, pace, seconds: burstSeconds, ...run };
}

async function measureBursts(
  directory: string,
  rounds: readonly Throughput[],
  scale: Scale,
): Promise<Burst[]> {
  // For as long as a burst lasts: many a disk is quick for the first gigabyte only.
  const bytes = median(rounds.map(({ disk }) => disk.synced)) * scale.burstSeconds;
  await settled(scale);
  const disk = await diskRate(directory, Math.round(bytes), "synced");
  const bursts = [
    await burst(directory, "spill", BELOW, disk, scale),
    await burst(directory, "spill", BELOW, disk, scale, true),
  ];
  for (const mode of ["spill", "block", "drop_newest"] as const) {
    bursts.push(await burst(directory, mode, ABOVE, disk, scale));
  }
  return bursts;
}

if (import.meta.main) {
  const { numbers, texts, ...options } = parseOptions(
    Deno.args,
    { rounds: 5, gigabytes: 1 },
    { directory: benchPath("build") },
  );
  await buildServer();
  const scale: Scale = options.smoke
    ? { rounds: 1, bytes: 30e6, burstSeconds: 0.3, holdMs: 200, smoke: true }
    : {
      rounds: numbers.rounds,
      bytes: numbers.gigabytes * 1e9,
      burstSeconds: BURST_SECONDS,
      holdMs: HOLD_MS,
      smoke: false,
    };
  const directory = await Deno.makeTempDir({ dir: texts.directory, prefix: "spill-" });
  try {
    const rounds = await measureThroughput(directory, scale);
    const bursts = await measureBursts(directory, rounds, scale);
    const machine = await describeMachine();
    await publish(options, renderSpill(rounds, bursts, machine, options.smoke), {
      machine,
      rounds,
      bursts,
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
