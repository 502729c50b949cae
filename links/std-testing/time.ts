/**
 * Stands in for `@std/testing/time` where JSR is out of reach: `FakeTime` over
 * `@sinonjs/fake-timers`.
 *
 * @module
 */

// @ts-types="npm:@types/sinonjs__fake-timers@15.0.1"
import FakeTimers from "npm:@sinonjs/fake-timers@15.5.0";

/** Time that is not as it should be: faked twice, or not at all. */
export class TimeError extends Error {
  /** Always `"TimeError"`. */
  override name = "TimeError";
}

/** Options for {@linkcode FakeTime}. */
export interface FakeTimeOptions {
  /** How much faster than real time the faked runs; without it, it stands still. */
  advanceRate: number;
  /** Real milliseconds between two steps of it; 10 if not given. */
  advanceFrequency?: number;
}

/** Options for {@linkcode FakeTime.delay}. */
export interface DelayOptions {
  /** Ends the delay early. */
  signal?: AbortSignal;
}

const FAKED = ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"] as const;
const real = { setTimeout, clearTimeout, setInterval, clearInterval };
const RealDate = Date;
const realTimeout = AbortSignal.timeout;

function timeoutSignal(ms: number): AbortSignal {
  const controller = new AbortController();
  const reason = () => new DOMException("Signal timed out.", "TimeoutError");
  globalThis.setTimeout(() => controller.abort(reason()), ms);
  return controller.signal;
}

function startOf(start: number | string | Date | null | undefined): number {
  const ms = start == null ? Date.now() : new Date(start).getTime();
  if (Number.isNaN(ms)) throw new TypeError("Cannot construct FakeTime: invalid start time NaN");
  return ms;
}

let current: FakeTime | undefined;

function faked(action: string, state: string): FakeTime {
  if (current === undefined) throw new TimeError(`Cannot ${action} time: time is ${state}`);
  return current;
}

/** Replaces `Date`, timers and `AbortSignal.timeout` by ones that a test moves on. */
export class FakeTime {
  #clock: FakeTimers.InstalledClock;
  #start: number;
  #advance?: ReturnType<typeof setInterval>;

  /** Fakes time, which begins at `start` or now. */
  constructor(start?: number | string | Date | null, options?: FakeTimeOptions) {
    if (current) throw new TimeError("Cannot construct FakeTime: time is already faked");
    this.#start = startOf(start);
    this.#clock = this.#install(this.#start);
    current = this;
    const { advanceRate = 0, advanceFrequency = 10 } = options ?? {};
    if (advanceRate > 0) {
      const step = () => this.tick(advanceRate * advanceFrequency);
      this.#advance = real.setInterval(step, advanceFrequency);
    }
  }

  #install(now: number): FakeTimers.InstalledClock {
    const clock = FakeTimers.install({ now, toFake: [...FAKED] });
    AbortSignal.timeout = timeoutSignal;
    return clock;
  }

  /** Gives real time back at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.restore();
  }

  /** Gives real time back. */
  static restore(): void {
    faked("restore", "already restored").restore();
  }

  /** Runs `callback` in real time; the faked stands still meanwhile. */
  static async restoreFor<T>(
    // deno-lint-ignore no-explicit-any -- a callback may take whatever it likes
    callback: (...args: any[]) => Promise<T> | T,
    // deno-lint-ignore no-explicit-any
    ...args: any[]
  ): Promise<T> {
    faked("restore", "not faked");
    const fake = { Date, setTimeout, clearTimeout, setInterval, clearInterval };
    Object.assign(globalThis, real, { Date: RealDate });
    AbortSignal.timeout = realTimeout;
    try {
      return await callback(...args);
    } finally {
      Object.assign(globalThis, fake);
      AbortSignal.timeout = timeoutSignal;
    }
  }

  /** What the clock says, in milliseconds; setting it runs what falls due. */
  get now(): number {
    return this.#clock.now;
  }

  set now(value: number) {
    if (value < this.now) {
      throw new RangeError(
        `Cannot set current time in the past, time must be >= ${this.now}: received ${value}`,
      );
    }
    this.#clock.tick(value - this.now);
  }

  /** What the clock said at first. */
  get start(): number {
    return this.#start;
  }

  /** Resolves after `ms` of real time. */
  delay(ms: number, { signal }: DelayOptions = {}): Promise<void> {
    const aborted = () => new DOMException("Delay was aborted.", "AbortError");
    if (signal?.aborted) return Promise.reject(aborted());
    return new Promise((resolve, reject) => {
      const abort = () => {
        real.clearTimeout(timer);
        reject(aborted());
      };
      const timer = real.setTimeout(() => {
        signal?.removeEventListener("abort", abort);
        resolve();
      }, ms);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** Lets pending microtasks run. */
  async runMicrotasks(): Promise<void> {
    await this.delay(0);
  }

  /** Moves the clock on by `ms`, and runs what falls due. */
  tick(ms = 0): void {
    this.now += ms;
  }

  /** Lets pending microtasks run, then moves the clock on by `ms`. */
  async tickAsync(ms = 0): Promise<void> {
    await this.runMicrotasks();
    this.tick(ms);
  }

  /** Moves the clock on to the next timer and runs it; whether there was one. */
  next(): boolean {
    if (this.#clock.countTimers() === 0) return false;
    this.#clock.next();
    return true;
  }

  /** Lets pending microtasks run, then does as {@linkcode next}. */
  async nextAsync(): Promise<boolean> {
    await this.runMicrotasks();
    return this.next();
  }

  /** Runs timers until none is left. */
  runAll(): void {
    while (this.next());
  }

  /** Runs timers and microtasks until no timer is left. */
  async runAllAsync(): Promise<void> {
    while (await this.nextAsync());
  }

  /** Gives real time back. */
  restore(): void {
    faked("restore", "already restored");
    current = undefined;
    this.#clock.uninstall();
    AbortSignal.timeout = realTimeout;
    if (this.#advance !== undefined) real.clearInterval(this.#advance);
  }
}
