/**
 * How long a program with Spillway takes from its start to its first frame, above an empty program,
 * and how large the core is.
 *
 *     deno task bench-startup [--runs N] [--smoke] [--out FILE] [--json FILE]
 */
import { buildServer } from "./lib/builds.ts";
import { benchPath, run } from "./lib/command.ts";
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

const BUNDLE = "build/startup.js";

const PROGRAMS = [
  { name: "empty", about: "an empty program", path: "startup/empty.ts", connects: false },
  { name: "plain", about: "connect and read by hand", path: "startup/plain.ts", connects: true },
  { name: "spillway", about: "Spillway", path: "startup/spillway.ts", connects: true },
  { name: "bundled", about: "Spillway, by deno bundle --minify", path: BUNDLE, connects: true },
] as const;

type Times = Record<typeof PROGRAMS[number]["name"], number[]>;

/** Milliseconds from the start of a process to its end. */
async function time(path: string, port: number): Promise<number> {
  const started = performance.now();
  const flag = `--allow-net=127.0.0.1:${port}`;
  const { success, stderr } = await run([
    Deno.execPath(),
    "run",
    flag,
    benchPath(path),
    String(port),
  ]);
  const ms = performance.now() - started;
  if (!success) throw new Error(`${path} failed: ${stderr}`);
  return ms;
}

/** Times of `runs` interleaved runs of each program. */
async function measure(runs: number): Promise<Times> {
  const rounds = WARMUP_RUNS + runs;
  const clients = rounds * PROGRAMS.filter(({ connects }) => connects).length;
  await using server = await Server.start(["len", "64", "1", "--rounds", String(clients)]);
  const times: Times = { empty: [], plain: [], spillway: [], bundled: [] };
  for (let round = 0; round < rounds; round++) {
    for (const { name, path } of PROGRAMS) {
      const ms = await time(path, server.port);
      if (round >= WARMUP_RUNS) times[name].push(ms);
    }
  }
  return times;
}

/** One module instead of fifty, and a smaller one: Deno takes 0.14 ms to load each, and V8 reads all of it. */
async function bundle(): Promise<void> {
  const { success, stderr } = await run([
    Deno.execPath(),
    "bundle",
    "--minify",
    `--output=${benchPath(BUNDLE)}`,
    benchPath("startup/spillway.ts"),
  ]);
  if (!success) throw new Error(`the program can't be bundled: ${stderr}`);
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
  await bundle();
  const times = await measure(options.smoke ? SMOKE_RUNS : numbers.runs);
  const size = await coreSize();
  const machine = await describeMachine();
  await publish(options, render(times, size, place(machine), options.smoke), {
    machine,
    size,
    times,
  });
}
