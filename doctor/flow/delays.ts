/**
 * How long packets take, and whether that grows.
 *
 * @module
 */

import type { Mark } from "./ending.ts";
import { Histogram } from "./histogram.ts";
import { lesser, mergePairs, Steps } from "./steps.ts";

const STEPS = 128;
const STEP_MS_FIRST = 4;
/** Round trips are counted by half powers of two of microseconds. */
const ROUND_TRIP_PARTS = 64;
const PARTS_OF_POWER = 2;

/** There may be very many connections of very few packets. */
const EMPTY: Float64Array = new Float64Array(0);

/** The least of each step. */
export class LeastOverTime extends Steps {
  /** NaN where there was none. */
  values: Float64Array = EMPTY;

  constructor() {
    super(STEPS, STEP_MS_FIRST);
  }

  /** Takes in a value. */
  add(timeMs: number, value: number): void {
    if (this.values === EMPTY) this.values = new Float64Array(STEPS).fill(NaN);
    const step = this.stepOf(timeMs);
    if (step >= 0) this.values[step] = lesser(this.values[step], value);
  }

  protected override mergePairs(): void {
    mergePairs(this.values, lesser, NaN);
  }
}

/** Times from a segment to its acknowledgement, one segment at a time, none that was sent again (Karn 1987). */
export class RoundTrips {
  minMs = Infinity;
  maxMs = 0;
  /** The acknowledgement that took longest. */
  longest: Mark | undefined;
  readonly overTime: LeastOverTime = new LeastOverTime();
  #histogram: Histogram | undefined;
  #awaited = NaN;
  #sentMs = 0;

  /** New data up to `end`. */
  sent(end: number, timeMs: number): void {
    if (!Number.isNaN(this.#awaited)) return;
    this.#awaited = end;
    this.#sentMs = timeMs;
  }

  /** Something was sent again: what is acknowledged now may be either. */
  forget(): void {
    this.#awaited = NaN;
  }

  /** Acknowledged up to `ack`. */
  acknowledged(ack: number, timeMs: number, frame: number): void {
    if (!(ack >= this.#awaited)) return;
    this.#awaited = NaN;
    const ms = Math.max(0, timeMs - this.#sentMs);
    this.minMs = Math.min(this.minMs, ms);
    if (ms > this.maxMs) this.longest = { frame, timeMs };
    this.maxMs = Math.max(this.maxMs, ms);
    this.overTime.add(timeMs, ms);
    this.#histogram ??= new Histogram(ROUND_TRIP_PARTS, PARTS_OF_POWER);
    this.#histogram.add(ms);
  }

  /** How many there were. */
  get count(): number {
    return this.#histogram?.count ?? 0;
  }

  /** Half of them took longer, to about a fifth. */
  get medianMs(): number {
    const part = this.#histogram?.partOf(1 / 2) ?? 0;
    const ms = (2 ** ((part + 1 / 2) / PARTS_OF_POWER) - 1) / 1000;
    return Math.min(this.maxMs, Math.max(this.minMs, ms));
  }
}

/** Ticks per second of timestamp clocks in use (RFC 7323, section 5.4, allows 1 ms to 1 s; Linux can count microseconds). */
const TICKS_MS: readonly number[] = [0.001, 1, 4, 10, 100, 500, 1000];
/** No two clocks drift apart by more: what grows that slowly is no queue. */
const DRIFT_MAX = 500e-6;
/** The part of the time at its begin and at its end in which the quickest packet tells the drift. */
const DRIFT_PART = 4;
/** Shorter than this, a clock's speed can't be told. */
const CLOCK_MS_MIN = 500;

/** How much longer than the quickest each packet took one way, by the sender's timestamps. */
export class OneWayDelays extends Steps {
  /** One packet a step: when it came and what its timestamp was. */
  #times: Float64Array = EMPTY;
  #stamps: Float64Array = EMPTY;
  #frames: Float64Array = EMPTY;
  #stamp = NaN;

  constructor() {
    super(STEPS, STEP_MS_FIRST);
  }

  /** A packet with payload came. */
  add(timeMs: number, timestamp: number, frame: number): void {
    if (this.#times === EMPTY) {
      this.#stamp = timestamp;
      this.#times = new Float64Array(STEPS).fill(NaN);
      this.#stamps = new Float64Array(STEPS).fill(NaN);
      this.#frames = new Float64Array(STEPS).fill(NaN);
    }
    this.#stamp += (timestamp - this.#stamp) | 0;
    const step = this.stepOf(timeMs);
    if (step < 0 || !Number.isNaN(this.#times[step])) return;
    this.#times[step] = timeMs;
    this.#stamps[step] = this.#stamp;
    this.#frames[step] = frame;
  }

  protected override mergePairs(): void {
    const earlier = (a: number, b: number) => Number.isNaN(a) ? b : a;
    for (const array of [this.#times, this.#stamps, this.#frames]) mergePairs(array, earlier, NaN);
  }

  /** Delay beyond the least, of each step; NaN where there is none, and everywhere if the clock can't be told. */
  beyondLeast(): Float64Array {
    const tickMs = this.#tickMs();
    const delays = this.#times.map((time, i) => time - this.#stamps[i] * tickMs);
    const drift = this.#driftOf(delays);
    const flat = delays.map((delay, i) => delay - drift * this.#times[i]);
    const least = flat.reduce((a, b) => b < a ? b : a, Infinity);
    return flat.map((delay) => delay - least);
  }

  /** By how much the clocks of sender and capture drift apart, as far as clocks do. */
  #driftOf(delays: Float64Array): number {
    const seen = [...delays.keys()].filter((i) => !Number.isNaN(delays[i]));
    const part = Math.ceil(seen.length / DRIFT_PART);
    const quickest = (steps: number[]) => steps.reduce((a, b) => delays[b] < delays[a] ? b : a);
    if (seen.length < DRIFT_PART) return 0;
    const [from, to] = [quickest(seen.slice(0, part)), quickest(seen.slice(-part))];
    const drift = (delays[to] - delays[from]) / (this.#times[to] - this.#times[from]);
    return Math.min(DRIFT_MAX, Math.max(-DRIFT_MAX, drift)) || 0;
  }

  /** The packet of a step of them. */
  packetAt(step: number): Mark {
    return { frame: this.#frames[step], timeMs: this.#times[step] };
  }

  /** Milliseconds a tick takes, by the longest stretch there is; NaN if that is too short. */
  #tickMs(): number {
    const seen = [...this.#times.keys()].filter((i) => !Number.isNaN(this.#times[i]));
    const [first, last] = [seen[0], seen[seen.length - 1]];
    const ms = this.#times[last] - this.#times[first];
    const ticks = this.#stamps[last] - this.#stamps[first];
    if (!(ms >= CLOCK_MS_MIN && ticks > 0)) return NaN;
    const off = (tick: number) => Math.abs(Math.log(ms / (ticks * tick)));
    return TICKS_MS.reduce((best, tick) => off(tick) < off(best) ? tick : best);
  }
}
