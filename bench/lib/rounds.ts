import { type Case, LATENCY, LATENCY_RATE, LATENCY_WARMUP, wireBytes } from "./cases.ts";
import { measure, MeasureError, type Sample } from "./measure.ts";
import type { Peer } from "./peers.ts";

/** How much to measure. */
export interface Plan {
  peers: readonly Peer[];
  cases: readonly Case[];
  latency: boolean;
  rounds: number;
  /** How long one measurement should take. */
  seconds: number;
  /** A tiny fixed number of frames instead of the time above. */
  smoke: boolean;
  /** Told of progress and of peers that failed. */
  log: (line: string) => void;
}

/** What came of a plan. */
export interface Results {
  samples: Sample[];
  /** One sentence for each measurement that went wrong. */
  failures: string[];
}

const SMOKE_FRAMES = 20_000;
const SMOKE_ECHO_FRAMES = LATENCY_WARMUP + 100;

/** A p99 needs more time than a throughput. */
const LATENCY_STRETCH = 2;

/** What calibration starts with: little enough for the slowest peer. */
const FIRST_BYTES = 4 << 20;

const MOST_CALIBRATIONS = 8;

class Run {
  readonly #plan: Plan;
  readonly #frames = new Map<string, number>();
  readonly results: Results = { samples: [], failures: [] };

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  async throughput(test: Case): Promise<void> {
    for (const peer of this.#plan.peers) {
      await this.#attempt(peer, () => this.#calibrate(peer, test));
    }
    await this.#interleave(test, (peer) => {
      const frames = this.#frames.get(peer.name);
      return frames === undefined ? undefined : measure(peer, test, frames, false);
    });
  }

  async latency(): Promise<void> {
    const frames = this.#plan.smoke
      ? SMOKE_ECHO_FRAMES
      : LATENCY_WARMUP + Math.ceil(this.#plan.seconds * LATENCY_STRETCH * LATENCY_RATE);
    await this.#interleave(LATENCY, (peer) => {
      return peer.mode === "discard" ? undefined : measure(peer, LATENCY, frames, true);
    });
  }

  /** Every peer once a round, each round starting with the next one, so that none has the best seat. */
  async #interleave(
    test: Case,
    take: (peer: Peer) => Promise<Sample> | undefined,
  ): Promise<void> {
    const { peers, rounds, log } = this.#plan;
    for (let round = 0; round < rounds; round++) {
      log(`${test.title}: round ${round + 1} of ${rounds}`);
      for (let i = 0; i < peers.length; i++) {
        const peer = peers[(i + round) % peers.length];
        await this.#attempt(peer, async () => {
          const sample = await take(peer);
          if (sample) this.results.samples.push(sample);
        });
      }
    }
  }

  async #attempt(peer: Peer, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof MeasureError)) throw error;
      this.results.failures.push(error.message);
      this.#plan.log(`${peer.name} failed: ${error.message}`);
    }
  }

  /** Finds the number of frames that takes this peer about the time wanted. */
  async #calibrate(peer: Peer, test: Case): Promise<void> {
    this.#frames.delete(peer.name);
    const { smoke } = this.#plan;
    const seconds = this.#plan.seconds * (peer.stretch ?? 1);
    let frames = smoke ? SMOKE_FRAMES : Math.ceil(FIRST_BYTES / wireBytes(test));
    for (let attempt = 0; attempt < MOST_CALIBRATIONS && !smoke; attempt++) {
      const { wallNs } = await measure(peer, test, frames, false);
      const short = seconds * 1e9 / Math.max(wallNs, 1);
      // A run much too short says little of a client that compiles as it runs: once more.
      frames = Math.ceil(frames * Math.min(short, 16));
      if (short < 1.4) break;
    }
    this.#frames.set(peer.name, frames);
  }
}

/** Measures every case of the plan. */
export async function runPlan(plan: Plan): Promise<Results> {
  const run = new Run(plan);
  for (const test of plan.cases) await run.throughput(test);
  if (plan.latency) await run.latency();
  return run.results;
}
