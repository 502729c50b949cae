import { type Case, LATENCY } from "./cases.ts";
import type { Machine } from "./machine.ts";
import { BASELINE, type Peer } from "./peers.ts";
import { digits } from "./stats.ts";
import type { Summaries, Summary } from "./summary.ts";
import { table } from "./table.ts";
import type { Verdict } from "./targets.ts";

/** Everything the report tells. */
export interface ReportInput {
  machine: Machine;
  cases: readonly Case[];
  peers: readonly Peer[];
  /** Peers that did not run, and why. */
  absent: readonly { name: string; why: string }[];
  /** A sentence on how much was measured. */
  scale: string;
  summaries: Summaries;
  verdicts: readonly Verdict[];
  failures: readonly string[];
}

interface Column {
  title: string;
  cell: (summary: Summary, peer: Peer) => string;
}

function section(input: ReportInput, test: Case, columns: Column[]): string[] {
  const rows = input.peers.flatMap((peer) => {
    const summary = input.summaries.get(test.name, peer.name);
    return summary ? [[peer.about, ...columns.map(({ cell }) => cell(summary, peer))]] : [];
  });
  if (rows.length === 0) return [];
  return [`## ${test.title}`, "", table([["", ...columns.map(({ title }) => title)], ...rows]), ""];
}

function throughputColumns({ summaries }: ReportInput, test: Case): Column[] {
  const ratio = (metric: "megabytesPerSecond" | "cpuNsPerFrame") => (_: Summary, peer: Peer) =>
    digits(summaries.ratio(test.name, metric, peer.name, BASELINE));
  return [
    { title: "MB/s", cell: (s) => digits(s.megabytesPerSecond) },
    { title: "lowest–highest", cell: (s) => `${digits(s.slowest)}–${digits(s.fastest)}` },
    { title: "Mframes/s", cell: (s) => digits(s.megaframesPerSecond) },
    { title: "× C", cell: ratio("megabytesPerSecond") },
    { title: "CPU ns/frame", cell: (s) => digits(s.cpuNsPerFrame) },
    { title: "CPU × C", cell: ratio("cpuNsPerFrame") },
  ];
}

const LATENCY_COLUMNS: Column[] = [
  { title: "p50 µs", cell: (s) => digits(s.p50) },
  { title: "p99 µs", cell: (s) => digits(s.p99) },
  { title: "max µs", cell: (s) => digits(s.max) },
];

function targetsSection(verdicts: readonly Verdict[]): string[] {
  if (verdicts.length === 0) return [];
  const rows = verdicts.map(({ text, ratio, verdict }) => [text, digits(ratio), verdict]);
  return ["## Targets", "", table([["target", "measured", ""], ...rows]), ""];
}

function machineSection(machine: Machine): string[] {
  return [
    "## Machine",
    "",
    `${machine.cpu}, ${machine.cores} cores, ${machine.kernel}, over loopback, nothing pinned.`,
    "",
    ...machine.versions.map(([name, version]) => `- ${name}: ${version}`),
    "",
  ];
}

function stretched(peers: readonly Peer[]): string[] {
  return peers.flatMap(({ about, stretch }) =>
    stretch === undefined ? [] : [`${about}: ${stretch} times as long, as its compiler warms up.`]
  );
}

function list(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, "", ...lines.map((line) => `- ${line}`), ""];
}

/** The report in Markdown. */
export function renderReport(input: ReportInput): string {
  return [
    "# Benchmark",
    "",
    `${input.machine.date}. ${input.scale}`,
    "Every client counts the frames and sums a big-endian u32 of each; counts and sums equal the",
    "server's. Time and CPU run from the first byte to the end; MB are 10⁶ bytes on the wire.",
    ...stretched(input.peers),
    "",
    ...input.cases.flatMap((test) => section(input, test, throughputColumns(input, test))),
    ...section(input, LATENCY, LATENCY_COLUMNS),
    ...targetsSection(input.verdicts),
    ...list("Failed:", input.failures),
    ...list("Skipped:", input.absent.map(({ name, why }) => `${name}: ${why}`)),
    ...machineSection(input.machine),
  ].join("\n");
}
