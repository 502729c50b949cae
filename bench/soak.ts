/**
 * Watches the memory of a client over many gigabytes: it must not grow.
 *
 *     deno task bench-soak [--gigabytes N] [--smoke] [--out FILE] [--json FILE]
 */
import { buildServer } from "./lib/builds.ts";
import { benchPath } from "./lib/command.ts";
import { describeMachine } from "./lib/machine.ts";
import { type OutputOptions, parseOptions, place, publish } from "./lib/output.ts";
import { Lines, Server, type ServerReport } from "./lib/server.ts";
import { digits, median } from "./lib/stats.ts";
import { table } from "./lib/table.ts";
import type { MemorySample, SoakEnd } from "./soak/client.ts";

const PAYLOAD_BYTES = 64;
const FRAME_BYTES = 4 + PAYLOAD_BYTES;
const SAMPLES = 200;
const SMOKE_GIGABYTES = 0.5;
/**
 * V8's young generation grows up to this, in MiB, when it pleases, which looked like
 * 8 MB of a leak: here it has that size from the start, so that all else would show.
 */
const YOUNG_MIB = 16;
/** More than what collections of garbage make of it from one sample to the next. */
const GROWTH_BYTES_MAX = 2e6;

/** Runs a client against a server that pushes `frames`; what it said, checked. */
async function soak(frames: number): Promise<MemorySample[]> {
  const step = frames * FRAME_BYTES / SAMPLES;
  await using server = await Server.start(["len", String(PAYLOAD_BYTES), String(frames)]);
  const client = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      `--v8-flags=--min-semi-space-size=${YOUNG_MIB}`,
      `--allow-net=127.0.0.1:${server.port}`,
      benchPath("soak/client.ts"),
      String(server.port),
      String(step),
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = new Lines(client.stdout);
  const samples: MemorySample[] = [];
  let end: SoakEnd | undefined;
  for (let line = await lines.next(); line !== undefined; line = await lines.next()) {
    const said: MemorySample | SoakEnd = JSON.parse(line);
    if ("rss" in said) samples.push(said);
    else end = said;
  }
  await client.status;
  check(end, await server.report());
  return samples;
}

function check(client: SoakEnd | undefined, server: ServerReport | undefined): void {
  for (const key of ["frames", "sum", "bytes"] as const) {
    if (client === undefined || client[key] !== server?.[key]) {
      throw new Error(`expected ${key} ${server?.[key]} of the client, got ${client?.[key]}`);
    }
  }
}

/** The median memory within a part of the run, from 0 to 1. */
function typical(samples: readonly MemorySample[], from: number, to: number): number {
  const part = samples.slice(
    Math.floor(from * samples.length),
    Math.ceil(to * samples.length),
  );
  return median(part.map(({ rss }) => rss));
}

/** A line of bars from 0 to the largest value. */
function bars(values: readonly number[]): string {
  const largest = Math.max(...values);
  return values.map((value) => "▁▂▃▄▅▆▇█"[Math.min(7, Math.floor(8 * value / largest))]).join("");
}

/** About `count` of the values, the first and the last among them. */
function thin<T>(values: readonly T[], count: number): T[] {
  const last = values.length - 1;
  const chosen = Array.from({ length: count }, (_, i) => Math.round(i * last / (count - 1)));
  return [...new Set(chosen)].map((i) => values[i]);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function row({ received, ms, rss, heapUsed, external }: MemorySample): string[] {
  return [
    digits(received / 1e9),
    digits(ms / 1e3),
    megabytes(rss),
    megabytes(heapUsed),
    megabytes(external),
  ];
}

function verdict(samples: readonly MemorySample[], options: OutputOptions): string {
  const early = typical(samples, 0.1, 0.2);
  const late = typical(samples, 0.9, 1);
  const figures = `RSS ${megabytes(early)} MB in the second tenth, ${
    megabytes(late)
  } MB in the last`;
  if (options.smoke) {
    return `${figures}. A smoke run: it checks the sums, its figures mean nothing.`;
  }
  const flat = late - early <= GROWTH_BYTES_MAX;
  return `${figures}: ${flat ? "flat" : "it grows"} (at most ${
    megabytes(GROWTH_BYTES_MAX)
  } MB more count as flat).`;
}

function render(samples: readonly MemorySample[], options: OutputOptions, where: string): string {
  const { received, ms } = samples[samples.length - 1];
  return [
    "# Memory over a long run",
    "",
    where,
    "",
    `${digits(received / 1e9)} GB in ${
      digits(ms / 1e3)
    } s, ${PAYLOAD_BYTES}-byte payloads, one column summed; the sum equals the server's. V8's young generation has its largest size from the start (--min-semi-space-size=${YOUNG_MIB}), so that its growth is none of this.`,
    verdict(samples, options),
    "",
    "```text",
    `RSS, 0 to ${megabytes(Math.max(...samples.map(({ rss }) => rss)))} MB`,
    bars(thin(samples, 80).map(({ rss }) => rss)),
    "```",
    "",
    table([
      ["GB received", "s", "RSS MB", "JS heap MB", "external MB"],
      ...thin(samples, 11).map(row),
    ]),
    "",
  ].join("\n");
}

if (import.meta.main) {
  const { numbers, ...options } = parseOptions(Deno.args, { gigabytes: 100 });
  await buildServer();
  const gigabytes = options.smoke ? SMOKE_GIGABYTES : numbers.gigabytes;
  const samples = await soak(Math.ceil(gigabytes * 1e9 / FRAME_BYTES));
  const machine = await describeMachine();
  await publish(options, render(samples, options, place(machine)), { machine, samples });
}
