/**
 * What a handler that computes for ten seconds does to the server, by what the server's own socket
 * took: flat out with `drop_oldest`, and spilling at what the disk takes.
 *
 *     deno task bench-spin [--seconds N] [--gigabytes N] [--directory DIR] [--smoke] [--out FILE]
 *                          [--json FILE]
 */
import { buildServer } from "./lib/builds.ts";
import { benchPath, run } from "./lib/command.ts";
import { diskRate } from "./lib/disk.ts";
import { describeMachine } from "./lib/machine.ts";
import { parseOptions, place, publish } from "./lib/output.ts";
import { Server, type ServerReport } from "./lib/server.ts";
import { digits } from "./lib/stats.ts";
import { table } from "./lib/table.ts";
import type { ClientStats } from "../mod.ts";
import type { SpinJob } from "./spin/client.ts";

const PAYLOAD_BYTES = 64;
const FRAME_BYTES = 4 + PAYLOAD_BYTES;
/** Bytes a second that no loopback takes: the server sends whenever its socket takes something. */
const FLAT_OUT = 100e9;
/** Share of the disk's synced rate that a spill is fed at. */
const DISK_SHARE = 0.7;
/** So much of the disk is measured. */
const DISK_BYTES = 1e9;

/** Who handles, and what happens to what he can't. */
type Arm = Pick<SpinJob, "mode" | "whenFull">;

const FLAT_OUT_ARMS: readonly Arm[] = [
  { mode: "inline", whenFull: "block" },
  { mode: "worker", whenFull: "drop_oldest" },
  { mode: "isolated", whenFull: "drop_oldest" },
  { mode: "process", whenFull: "drop_oldest" },
];
const SPILLING: Arm = { mode: "isolated", whenFull: "spill" };

/** What server and client say of one run. */
interface Spin extends Arm {
  /** Bytes a second that were asked for. */
  pace: number;
  server: ServerReport;
  client: ClientStats;
}

async function spin(arm: Arm, pace: number, bytes: number, job: Partial<SpinJob>): Promise<Spin> {
  console.error(`a handler that computes: ${arm.mode}, ${arm.whenFull}`);
  const frames = Math.ceil(bytes / FRAME_BYTES);
  await using server = await Server.start([
    ...["len", String(PAYLOAD_BYTES), String(frames)],
    ...["--pace", String(Math.round(pace))],
  ]);
  const { success, stdout, stderr } = await run([
    ...[Deno.execPath(), "run", "--unstable-worker-options", "--no-prompt"],
    ...[`--allow-net=127.0.0.1:${server.port}`, `--allow-run=${Deno.execPath()}`],
    ...[`--allow-read=${benchPath("..")},${job.directory}`, `--allow-write=${job.directory}`],
    benchPath("spin/client.ts"),
    JSON.stringify({ ...arm, ...job, port: server.port }),
  ]);
  if (!success) throw new Error(`the client failed: ${stderr}`);
  const client: ClientStats = JSON.parse(stdout.trim().split("\n").at(-1)!);
  const said = await server.report();
  const { frames: read, framesDelivered, framesDropped } = client;
  if (read !== said?.frames || framesDelivered + framesDropped !== read) {
    throw new Error(`expected ${JSON.stringify(said)}, got ${JSON.stringify(client)}`);
  }
  return { ...arm, pace, server: said, client };
}

function row({ mode, whenFull, pace, server, client }: Spin): string[] {
  const seconds = server.bytes / pace + (server.behind_ms ?? 0) / 1e3;
  return [
    `${mode}, \`${whenFull}\``,
    digits(server.bytes / seconds / 1e6),
    digits(server.longest_ms ?? NaN),
    String(client.framesDelivered),
    String(client.framesDropped),
    String(client.framesSpilled),
  ];
}

function render(spins: readonly Spin[], place: string, spinMs: number, disk: number): string {
  const spilled = spins.at(-1)!;
  return [
    "# A handler that computes",
    "",
    place,
    "",
    `A handler computes for ${
      digits(spinMs / 1e3)
    } s in its first batch and takes what comes then; 64-byte frames, flat out, and for \`spill\` at ${
      digits(spilled.pace / 1e6)
    } MB/s, ${DISK_SHARE} of what the disk takes (${
      digits(disk / 1e6)
    }, synced every 64 MiB). The longest time in which the server's socket took nothing is measured by the server. All frames are accounted for.`,
    "",
    table([
      ["", "MB/s", "longest block ms", "handled", "dropped", "spilled"],
      ...spins.map(row),
    ]),
    "",
  ].join("\n");
}

if (import.meta.main) {
  const { numbers, texts, ...options } = parseOptions(
    Deno.args,
    { seconds: 10, gigabytes: 40 },
    { directory: benchPath("build") },
  );
  await buildServer();
  const { smoke } = options;
  const spinMs = smoke ? 200 : numbers.seconds * 1e3;
  const bytes = smoke ? 50e6 : numbers.gigabytes * 1e9;
  const directory = await Deno.makeTempDir({ dir: texts.directory, prefix: "spin-" });
  const job = { directory: `${directory}/store`, spinMs };
  try {
    const spins: Spin[] = [];
    for (const arm of FLAT_OUT_ARMS) spins.push(await spin(arm, FLAT_OUT, bytes, job));
    const disk = await diskRate(directory, smoke ? bytes : DISK_BYTES, "synced");
    const pace = DISK_SHARE * disk;
    spins.push(await spin(SPILLING, pace, pace * 1.2 * spinMs / 1e3, job));
    const machine = await describeMachine();
    const report = render(spins, place(machine), spinMs, disk);
    await publish(options, report, { machine, spinMs, disk, spins });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
