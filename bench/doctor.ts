/**
 * How fast `spillway doctor` reads a capture, beside tshark, and how much memory that takes.
 *
 *     deno task bench-doctor [--mb N] [--rounds N] [--smoke] [--out FILE] [--json FILE]
 */
import { writeLargeCapture } from "./doctor/capture.ts";
import { benchPath, run } from "./lib/command.ts";
import { describeMachine } from "./lib/machine.ts";
import { parseOptions, place, publish } from "./lib/output.ts";
import { digits, median } from "./lib/stats.ts";
import { table } from "./lib/table.ts";

const TARGET = 3;
const SMOKE_MB = 2;
const CAPTURE = benchPath("build/large.pcap");

/** Runs a command, and says in JSON what it took: Python's standard library knows. */
const METER = `
import json, resource, subprocess, sys, time
began = time.monotonic()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"code": code, "seconds": time.monotonic() - began,
  "cpuSeconds": used.ru_utime + used.ru_stime, "rssBytes": used.ru_maxrss * 1024}))
`;

interface Cost {
  code: number;
  seconds: number;
  cpuSeconds: number;
  rssBytes: number;
}

const READERS = {
  tshark: ["tshark", "-n", "-r", CAPTURE, "-q", "-z", "conv,tcp"],
  doctor: [
    Deno.execPath(),
    "run",
    "--no-prompt",
    `--allow-read=${CAPTURE}`,
    benchPath("../cli.ts"),
    "doctor",
    "--json",
    CAPTURE,
  ],
};

type Reader = keyof typeof READERS;

/** What a reader takes; `undefined` if it is not installed. */
async function costOf(reader: Reader): Promise<Cost | undefined> {
  const { stdout, success } = await run(["python3", "-c", METER, ...READERS[reader]]);
  if (!success) return undefined;
  const cost: Cost = JSON.parse(stdout);
  // The doctor exits with 1 when it finds something, as it does here.
  const expected = reader === "doctor" ? 1 : 0;
  if (cost.code !== expected) throw new Error(`${reader} exited with ${cost.code}`);
  return cost;
}

async function measure(rounds: number): Promise<Record<Reader, Cost[]>> {
  const costs: Record<Reader, Cost[]> = { tshark: [], doctor: [] };
  for (let round = 0; round < rounds; round++) {
    for (const reader of ["tshark", "doctor"] as const) {
      const cost = await costOf(reader);
      if (cost !== undefined) costs[reader].push(cost);
    }
  }
  return costs;
}

function render(
  costs: Record<Reader, Cost[]>,
  capture: ReturnType<typeof writeLargeCapture>,
  where: string,
  smoke: boolean,
): string {
  const of = (reader: Reader, figure: keyof Cost) =>
    median(costs[reader].map((one) => one[figure]));
  const readers = (Object.keys(READERS) as Reader[]).filter((reader) => costs[reader].length > 0);
  const rows = readers.map((reader) => [
    reader,
    digits(of(reader, "seconds")),
    digits(of(reader, "cpuSeconds")),
    digits(of(reader, "cpuSeconds") * 1e6 / capture.packets),
    digits(of(reader, "rssBytes") / 1e6),
  ]);
  const ratio = of("tshark", "seconds") / of("doctor", "seconds");
  const judged = smoke ? "not judged by a smoke run" : ratio >= TARGET ? "reached" : "missed";
  return [
    "# The doctor",
    "",
    where,
    "",
    `A capture of ${
      digits(capture.bytes / 1e6)
    } MB, ${capture.packets} packets, ${capture.connections} connections; medians of ${costs.doctor.length} interleaved runs of whole programs. tshark lists the conversations (\`-z conv,tcp\`), the doctor judges them.`,
    "",
    table([["", "s", "CPU s", "CPU µs a packet", "peak memory MB"], ...rows]),
    "",
    costs.tshark.length === 0
      ? "tshark is not installed: skipped."
      : `${digits(ratio)} times tshark's speed; the target is ${TARGET}: ${judged}.`,
    "",
  ].join("\n");
}

if (import.meta.main) {
  const { numbers, ...options } = parseOptions(Deno.args, { mb: 400, rounds: 5 });
  await Deno.mkdir(benchPath("build"), { recursive: true });
  const capture = writeLargeCapture(CAPTURE, (options.smoke ? SMOKE_MB : numbers.mb) * 1e6);
  try {
    const costs = await measure(options.smoke ? 1 : numbers.rounds);
    const machine = await describeMachine();
    const report = render(costs, capture, place(machine), options.smoke);
    await publish(options, report, { machine, capture, costs });
  } finally {
    await Deno.remove(CAPTURE);
  }
}
