/**
 * How long a program with Spillway takes from its start to its first frame, above an empty program,
 * and how large the core is.
 *
 *     deno task bench-startup [--runs N] [--smoke] [--out FILE] [--json FILE]
 */
import { UserProject } from "../tools/user_project.ts";
import { buildServer } from "./lib/builds.ts";
import { benchPath } from "./lib/command.ts";
import { describeMachine } from "./lib/machine.ts";
import { parseOptions, place, publish } from "./lib/output.ts";
import { Server } from "./lib/server.ts";
import { digits, median } from "./lib/stats.ts";
import { table } from "./lib/table.ts";

const TARGET_MS = 10;
const TARGET_BYTES = 16 * 1024;
/** Runs that fill the caches of Deno and of the kernel. */
const WARMUP_RUNS = 3;
const SMOKE_RUNS = 2;

const BUNDLE = "bundled.js";
const PACKAGE = "jsr:@spillway/spillway";

const PROGRAMS = [
  { name: "empty", file: "empty.ts", about: "an empty program", connects: false },
  { name: "plain", file: "plain.ts", about: "connect and read by hand", connects: true },
  { name: "spillway", file: "spillway.ts", about: `Spillway, from ${PACKAGE}`, connects: true },
  { name: "bundled", file: BUNDLE, about: "the same, by deno bundle --minify", connects: true },
] as const;

type Times = Record<typeof PROGRAMS[number]["name"], number[]>;

/**
 * A folder with the programs, as a user of the package would have them: in caches of
 * a developer's machine, hundreds of megabytes large, Deno looks each module up for
 * 0.1 ms longer.
 */
async function makeProject(): Promise<UserProject> {
  const files: Record<string, string> = {};
  for await (const { name } of Deno.readDir(benchPath("startup"))) {
    const text = await Deno.readTextFile(benchPath(`startup/${name}`));
    files[name] = text.replace("../../mod.ts", PACKAGE);
  }
  return await UserProject.make(benchPath(".."), files);
}

/** Milliseconds from the start of a program to its end. */
async function time(project: UserProject, file: string, port: number): Promise<number> {
  const started = performance.now();
  await project.deno("run", `--allow-net=127.0.0.1:${port}`, file, String(port));
  return performance.now() - started;
}

/** Times of `runs` interleaved runs of each program. */
async function measure(runs: number): Promise<Times> {
  await using project = await makeProject();
  // One module instead of fifty, and a smaller one.
  await project.deno("bundle", "--minify", `--output=${BUNDLE}`, "spillway.ts");
  const rounds = WARMUP_RUNS + runs;
  const clients = rounds * PROGRAMS.filter(({ connects }) => connects).length;
  await using server = await Server.start(["len", "64", "1", "--rounds", String(clients)]);
  const times: Times = { empty: [], plain: [], spillway: [], bundled: [] };
  for (let round = 0; round < rounds; round++) {
    for (const { name, file } of PROGRAMS) {
      const ms = await time(project, file, server.port);
      if (round >= WARMUP_RUNS) times[name].push(ms);
    }
  }
  return times;
}

/** Of the larger one: the plain core, and that for shared memory. */
async function coreSize(): Promise<{ bytes: number; gzipped: number }> {
  const [plain, shared] = await Promise.all(
    ["core.wasm", "core_shared.wasm"].map((file) => sizeOf(benchPath(`../${file}`))),
  );
  return plain.gzipped > shared.gzipped ? plain : shared;
}

async function sizeOf(file: string): Promise<{ bytes: number; gzipped: number }> {
  const core = await Deno.readFile(file);
  const packed = new Blob([core]).stream().pipeThrough(new CompressionStream("gzip"));
  return { bytes: core.length, gzipped: (await new Response(packed).bytes()).length };
}

function judge(value: number, target: number, smoke: boolean): string {
  if (smoke) return "not judged by a smoke run";
  return value <= target ? "reached" : "missed";
}

function render(
  times: Times,
  size: { bytes: number; gzipped: number },
  where: string,
  smoke: boolean,
): string {
  const base = median(times.empty);
  const rows = PROGRAMS.map(({ name, about }) => [
    about,
    digits(median(times[name])),
    `${digits(Math.min(...times[name]))}–${digits(Math.max(...times[name]))}`,
    digits(median(times[name]) - base),
  ]);
  return [
    "# Start-up and size",
    "",
    where,
    "",
    `Milliseconds from the start of a process to its end right behind the first frame; medians of ${times.empty.length} interleaved runs.`,
    "",
    table([["", "ms", "lowest–highest", "above empty"], ...rows]),
    "",
    table([
      ["target", "measured", ""],
      ...(["spillway", "bundled"] as const).map((name) => {
        const above = median(times[name]) - base;
        return [
          `import to first frame ≤ ${TARGET_MS} ms above bare Deno${
            name === "bundled" ? ", bundled" : ""
          }`,
          `${digits(above)} ms`,
          judge(above, TARGET_MS, smoke),
        ];
      }),
      [
        `each core ≤ ${TARGET_BYTES} bytes gzipped (${size.bytes} as it is)`,
        String(size.gzipped),
        judge(size.gzipped, TARGET_BYTES, smoke),
      ],
    ]),
    "",
  ].join("\n");
}

if (import.meta.main) {
  const { numbers, ...options } = parseOptions(Deno.args, { runs: 40 });
  await buildServer();
  const times = await measure(options.smoke ? SMOKE_RUNS : numbers.runs);
  const size = await coreSize();
  const machine = await describeMachine();
  await publish(options, render(times, size, place(machine), options.smoke), {
    machine,
    size,
    times,
  });
}
