/**
 * How long packets take, and whether that grows.
 *
 * @module
 */

import type { Mark } from "./ending.ts";

const STEPS = 128;
const STEP_MS_FIRST = 4;
/** Half powers of two of microseconds. */
const POWERS = 64;

/** There may be very many connections of very few packets. */
const EMPTY: Float64Array = new Float64Array(0);

/** The least of a step, over time: steps double when they run out. */
export class LeastOverTime {
  values: Float64Array = EMPTY;
  stepMs: number = STEP_MS_FIRST;
  fromMs = NaN;

  /** Takes in a value. */
  add(timeMs: number, value: number): void {
    if (Number.isNaN(this.fromMs)) {
      this.fromMs = timeMs;
      this.values = new Float64Array(STEPS).fill(NaN);
    }
    let step = Math.floor((timeMs - this.fromMs) / this.stepMs);
    if (step < 0) return;
    while (step >= STEPS) {
      this.#double();
      step = Math.floor((timeMs - this.fromMs) / this.stepMs);
    }
    const there = this.values[step];
    if (!(there <= value)) this.values[step] = value;
  }

  #double(): void {
    for (let i = 0; i < STEPS; i++) {
      const [a, b] = i < STEPS / 2 ? [this.values[2 * i], this.values[2 * i + 1]] : [NaN, NaN];
      this.values[i] = a <= b || Number.isNaN(b) ? a : b;
    }
    this.stepMs *= 2;
  }
}

/** Times from a segment to its acknowledgement, one segment at a time, none that was sent again (Karn 1987). */
export class RoundTrips {
  count = 0;
  minMs = Infinity;
  maxMs = 0;
  /** The acknowledgement that took longest. */
  longest: Mark | undefined;
  readonly overTime: LeastOverTime = new LeastOverTime();
  /** How many took a half power of two of microseconds. */
  #byPower: Uint32Array | undefined;
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
    this.count++;
    this.minMs = Math.min(this.minMs, ms);
    if (ms > this.maxMs) this.longest = { frame, timeMs };
    this.maxMs = Math.max(this.maxMs, ms);
    this.overTime.add(timeMs, ms);
    this.#byPower ??= new Uint32Array(POWERS);
    this.#byPower[Math.min(POWERS - 1, Math.floor(2 * Math.log2(1 + ms * 1000)))]++;
  }

  /** Half of them took longer, to about a fifth. */
  get medianMs(): number {
    let rest = this.count / 2;
    for (const [power, count] of (this.#byPower ?? []).entries()) {
      rest -= count;
      if (rest <= 0) {
        const ms = (2 ** ((power + 0.5) / 2) - 1) / 1000;
        return Math.min(this.maxMs, Math.max(this.minMs, ms));
      }
    }
    return this.maxMs;
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
export class OneWayDelays {
  /** One packet a step: when it came and what its timestamp was. */
  #times: Float64Array = EMPTY;
  #stamps: Float64Array = EMPTY;
  #frames: Float64Array = EMPTY;
  #fromMs = NaN;
  #stepMs: number = STEP_MS_FIRST;
  #stamp = NaN;

  /** A packet with payload came. */
  add(timeMs: number, timestamp: number, frame: number): void {
    if (Number.isNaN(this.#fromMs)) {
      this.#fromMs = timeMs;
      this.#stamp = timestamp;
      this.#times = new Float64Array(STEPS).fill(NaN);
      this.#stamps = new Float64Array(STEPS).fill(NaN);
      this.#frames = new Float64Array(STEPS);
    }
    this.#stamp += (timestamp - this.#stamp) | 0;
    let step = Math.floor((timeMs - this.#fromMs) / this.#stepMs);
    if (step < 0) return;
    while (step >= STEPS) {
      this.#double();
      step = Math.floor((timeMs - this.#fromMs) / this.#stepMs);
    }
    if (!Number.isNaN(this.#times[step])) return;
    this.#times[step] = timeMs;
    this.#stamps[step] = this.#stamp;
    this.#frames[step] = frame;
  }

  #double(): void {
    for (const array of [this.#stamps, this.#frames, this.#times]) {
      for (let i = 0; i < STEPS; i++) {
        if (i >= STEPS / 2) array[i] = NaN;
        else array[i] = Number.isNaN(this.#times[2 * i]) ? array[2 * i + 1] : array[2 * i];
      }
    }
    this.#stepMs *= 2;
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
