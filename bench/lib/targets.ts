import { BASELINE } from "./peers.ts";
import type { Metric, Summaries } from "./summary.ts";

const SPILLWAY = ["spillway-accessors", "spillway-columns"];
const ISOLATED = "spillway-isolated";

/** What Spillway must reach against a peer in one case. */
interface Target {
  case: string;
  metric: Metric;
  against: string;
  /** The ratio to another peer's median must be at least or at most `factor`. */
  bound: "least" | "most";
  factor: number;
  /** Who must; Spillway in one isolate unless said. */
  of?: string;
}

/** A target and what was measured. */
export interface Verdict {
  text: string;
  /** `NaN` when it was not measured. */
  ratio: number;
  verdict: "reached" | "missed" | "not measured";
}

function throughput(test: string, against: string, factor: number): Target {
  return { case: test, metric: "megabytesPerSecond", against, bound: "least", factor };
}

function cpu(test: string, factor: number): Target {
  return { case: test, metric: "cpuNsPerFrame", against: BASELINE, bound: "most", factor };
}

const TARGETS: readonly Target[] = [
  throughput("16", BASELINE, 0.8),
  throughput("64", BASELINE, 1),
  throughput("1024", BASELINE, 1),
  throughput("line", BASELINE, 1),
  cpu("16", 1.6),
  cpu("64", 1.2),
  cpu("1024", 1.2),
  cpu("line", 1.2),
  ...["16", "64"].flatMap((test) => [
    throughput(test, "rust", 2),
    throughput(test, "netty", 5),
    throughput(test, "node-library", 10),
  ]),
  { ...throughput("64", BASELINE, 0.9), of: ISOLATED },
  { ...throughput("64", "spillway-accessors", 0.85), of: ISOLATED },
  { case: "latency", metric: "p99", against: "rust", bound: "most", factor: 1.5 },
];

const METRIC_NAMES: Record<Metric, string> = {
  megabytesPerSecond: "throughput",
  cpuNsPerFrame: "client CPU per frame",
  p99: "p99",
};

/** At 16 bytes the better way to use Spillway counts, elsewhere the worse one. */
function spillwayRatio(target: Target, summaries: Summaries): number {
  const ratios = (target.of === undefined ? SPILLWAY : [target.of]).map((peer) =>
    summaries.ratio(target.case, target.metric, peer, target.against)
  );
  const highest = (target.bound === "least") === (target.case === "16");
  return highest ? Math.max(...ratios) : Math.min(...ratios);
}

function judge(target: Target, summaries: Summaries): Verdict {
  const ratio = spillwayRatio(target, summaries);
  const sign = target.bound === "least" ? "≥" : "≤";
  const isolated = target.of === ISOLATED ? ", isolated" : "";
  const text = `${target.case}${isolated}: ${METRIC_NAMES[target.metric]} ${sign} ` +
    `${target.factor} × ${target.against}`;
  if (Number.isNaN(ratio)) return { text, ratio, verdict: "not measured" };
  const reached = target.bound === "least" ? ratio >= target.factor : ratio <= target.factor;
  return { text, ratio, verdict: reached ? "reached" : "missed" };
}

/** Holds every target against what was measured. */
export function judgeTargets(summaries: Summaries): Verdict[] {
  return TARGETS.map((target) => judge(target, summaries));
}
