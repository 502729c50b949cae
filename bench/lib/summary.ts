import type { Sample } from "./measure.ts";
import { median } from "./stats.ts";

/** The medians of one peer in one case. */
export interface Summary {
  rounds: number;
  megabytesPerSecond: number;
  slowest: number;
  fastest: number;
  megaframesPerSecond: number;
  cpuNsPerFrame: number;
  p50: number;
  p99: number;
  max: number;
}

/** What is compared between two peers. */
export type Metric = "megabytesPerSecond" | "cpuNsPerFrame" | "p99";

function summarize(samples: readonly Sample[]): Summary {
  const rates = samples.map(({ bytes, wallNs }) => bytes * 1e3 / wallNs);
  const latency = (key: "p50" | "p99" | "max") =>
    median(samples.flatMap((sample) => sample.latency?.[key] ?? []));
  return {
    rounds: samples.length,
    megabytesPerSecond: median(rates),
    slowest: Math.min(...rates),
    fastest: Math.max(...rates),
    megaframesPerSecond: median(samples.map(({ frames, wallNs }) => frames * 1e3 / wallNs)),
    cpuNsPerFrame: median(samples.map(({ frames, cpuNs }) => cpuNs / frames)),
    p50: latency("p50"),
    p99: latency("p99"),
    max: latency("max"),
  };
}

/** All medians, to be asked for by case and peer. */
export class Summaries {
  readonly #byKey = new Map<string, Summary>();

  constructor(samples: readonly Sample[]) {
    const groups = Map.groupBy(samples, (sample) => `${sample.case} ${sample.peer}`);
    for (const [key, group] of groups) this.#byKey.set(key, summarize(group));
  }

  /** The medians of one peer in one case, if it was measured. */
  get(test: string, peer: string): Summary | undefined {
    return this.#byKey.get(`${test} ${peer}`);
  }

  /** How many times another peer's median this one's is; `NaN` unless both were measured. */
  ratio(test: string, metric: Metric, peer: string, against: string): number {
    const mine = this.get(test, peer)?.[metric] ?? NaN;
    return mine / (this.get(test, against)?.[metric] ?? NaN);
  }
}
