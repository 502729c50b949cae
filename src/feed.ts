/**
 * The duty cycle of one connection: drain, dispatch, drain again.
 *
 * @module
 */

import { withResolvers } from "./deferred.ts";
import type { Lanes } from "./dispatch/lanes.ts";
import type { HoldMeter, Pause } from "./hold_meter.ts";
import { LagProbe } from "./lag_probe.ts";
import { Coalescing, REST_MS } from "./reader/coalescing.ts";
import type { Control } from "./reader/control.ts";
import type { DrainEnd, Reader } from "./reader/reader.ts";
import type { ClientEvent, Settings } from "./options.ts";
import type { ClientStats } from "./status.ts";
import { MICROTASK, poll, prepareTurn, rest, turn } from "./turn.ts";

/** Longest time without a turn of the event loop, in milliseconds. */
const TURN_MS = 1;
/**
 * Behind a short read the next drain waits for the event loop anyhow, but for
 * transports that always have something. Before the first turn Deno loads its
 * timers for 6 to 9 ms, which the first frame need not wait for.
 */
const SHORT_TURN_MS = 20;
/**
 * While the handler needs no more than this for what a drain of one chunk
 * brought, drains stay that short: chunks are then handled while they are in cache.
 * Else everything there is gets drained first, since the handler is what takes long.
 */
const QUICK_DISPATCH_MS = 0.25;
/**
 * Calls that gave a promise go on in microtasks, and what they take there is
 * theirs: a loop's body begins one behind its batch, each generator between them
 * takes three more. Who is not done then is behind more of them, in which no
 * socket is looked at and no timer comes, or waits: the next turn tells.
 */
const SETTLE_MICROTASKS = 4;

/** Why a feed ended without the connection's doing. */
export type FeedStop = "aborted" | "handler" | "idle_timeout";

/** How a feed ended. */
export type FeedEnd = { kind: "eof" } | { kind: "failed"; error: unknown } | { kind: FeedStop };

/** What one feed works with. */
export interface FeedParts {
  lanes: Lanes;
  control: Control;
  stats: ClientStats;
  meter: HoldMeter;
  /** So much is read at once, at most. */
  chunkBytes: number;
  /** Bounds of drains, dispatching and silence. */
  settings: Pick<
    Settings,
    "drainBytes" | "drainMs" | "dutyCycleMs" | "idleTimeoutMs" | "coalesceReads" | "sharedMemory"
  >;
  /** Called with what the user may want to know. */
  tell: (event: ClientEvent) => void;
}

/** Runs one connection. */
export class Feed {
  readonly #parts: FeedParts;
  #wake: PromiseWithResolvers<void> | undefined;
  /** The bell has rung since the last drain began: what it found full need not be any more. */
  #rung = false;
  #stop: FeedStop | undefined;
  #turnedAt = performance.now();
  readonly #lag: LagProbe;
  readonly #coalescing: Coalescing;
  /** When reading paused and for what, and what else had kept the socket from being read until then. */
  #paused: { at: number; pause: Pause; otherMs: number } | undefined;
  /** When the connection ended; what was left to deliver came after. */
  endedAt = 0;

  constructor(parts: FeedParts) {
    const { lanes, stats, settings } = parts;
    this.#parts = parts;
    this.#lag = new LagProbe({
      busy: () => lanes.busyHere,
      late: (ms, byHandler, now) => this.#late(ms, byHandler, now),
    });
    this.#coalescing = new Coalescing(
      settings.sharedMemory ? "plain" : "eager",
      stats.bytesRead,
      this.#turnedAt,
    );
  }

  /** Rings when something the loop may wait for has happened. */
  ring(): void {
    this.#rung = true;
    this.#wake?.resolve();
  }

  /** Ends the loop as soon as it runs. */
  stop(reason: FeedStop): void {
    // Giving up ends what an idle timeout leaves to deliver, too.
    if (this.#stop === undefined || reason === "aborted") this.#stop = reason;
    this.ring();
  }

  /**
   * Reads until the connection ends, then delivers what was drained before; if
   * another connection may follow, what lanes can keep is left for later. Never
   * throws: how it ended is the result.
   */
  async run(reader: Reader, mayFollow: boolean): Promise<FeedEnd> {
    const watchdog = this.#watchIdle(reader);
    const end = await this.#cycle(reader);
    if (end.kind !== "eof" && end.kind !== "failed") await reader.stop();
    clearInterval(watchdog);
    this.#resume();
    this.endedAt = performance.now();
    this.#lag.end();
    // What handlers do from now on is not what ended the connection.
    this.#parts.lanes.meter = undefined;
    return await this.#deliverRest(end, mayFollow) ?? end;
  }

  /** Goes on delivering while there is no connection, until `over` or, if `toTheEnd`, until nothing waits. */
  async deliver(over: () => boolean, toTheEnd: boolean): Promise<void> {
    const { lanes } = this.#parts;
    const done = () => over() || lanes.error !== undefined;
    while (!done() && !(toTheEnd && lanes.empty && !lanes.busy)) await this.#deliverNext(done);
  }

  async #cycle(reader: Reader): Promise<FeedEnd> {
    const { control, lanes, meter, settings, stats } = this.#parts;
    const { drainMs, dutyCycleMs } = settings;
    let drainBytes = settings.drainBytes;
    // The clock is read once a chunk, once a handler call, and after each wait.
    let now = performance.now();
    while (true) {
      const started = now;
      const { batches } = stats;
      this.#rung = false;
      lanes.poll();
      let drained: DrainEnd;
      try {
        drained = await reader.drain(drainBytes, drainMs, started);
      } catch (error) {
        control.answer();
        return this.stopped() ?? { kind: "failed", error };
      }
      control.answer();
      this.#tellWater();
      const drainedAt = reader.lastByteAt > started ? reader.lastByteAt : performance.now();
      now = this.#dispatchFor(dutyCycleMs, drainedAt, drainedAt);
      while (lanes.unsettled) {
        // Not in a function of its own: its promise would cost each batch of a loop as much again.
        for (let i = 0; i < SETTLE_MICROTASKS && lanes.busy; i++) await MICROTASK;
        if (lanes.busyHere) now += await this.#settled();
        now = this.#dispatchFor(dutyCycleMs, drainedAt, lanes.settle(now));
      }
      this.#tellWater();
      const quick = now - drainedAt <= QUICK_DISPATCH_MS;
      reader.chunkBytes = this.#chunkBytes(now);
      drainBytes = Math.min(settings.drainBytes, quick ? reader.chunkBytes : Infinity);
      meter.largestDutyCycleMs = Math.max(meter.largestDutyCycleMs, now - started);
      const stopped = this.stopped();
      if (stopped !== undefined) return stopped;
      if (drained === "end") return { kind: "eof" };
      if (drained === "full") this.#pause(this.#parts.lanes.writing ? "disk" : "handler");
      else if (drained === "tapped") this.#pause("tap");
      else this.#resume();
      if (this.#nothingToDo(drained, this.#rung || stats.batches > batches)) {
        if (drained === "empty") {
          meter.empty(now);
          if (!lanes.awaitsLoop) this.#rest();
        }
        if (!reader.ready && this.stopped() === undefined) await this.#bell(now);
        now = this.#awake();
        if (drained === "empty") meter.idle(now);
      } else if (drained === "empty" || (drained === "short" && this.#parts.lanes.ready)) {
        // That is what the last look at the socket said, and handlers have run since.
        try {
          reader.arm();
        } catch (error) {
          return { kind: "failed", error };
        }
        this.#lag.wait(now);
        await poll(() => reader.ready || this.stopped() !== undefined);
        now = this.#awake();
        if (!reader.ready) meter.empty(now);
      } else if (now - this.#turnedAt >= (drained === "short" ? SHORT_TURN_MS : TURN_MS)) {
        now = await this.#turn(now);
      }
    }
  }

  /** So much is to be read at once from `now` on, at most. */
  #chunkBytes(now: number): number {
    const { chunkBytes, settings, stats } = this.#parts;
    if (settings.coalesceReads) this.#coalescing.observe(stats.bytesRead, now);
    return this.#coalescing.mode === "eager" ? chunkBytes / 2 : chunkBytes;
  }

  /** All that came is handled, or with a worker: lets more gather where that pays. */
  #rest(): void {
    if (this.#coalescing.mode === "resting" && rest(REST_MS)) this.#parts.stats.rests += 1;
  }

  /** Until the pending read settles, or a batch that is out comes back; `handled` since the drain began, one that did has freed what that missed. */
  #nothingToDo(drained: DrainEnd, handled: boolean): boolean {
    const { lanes } = this.#parts;
    if (lanes.ready) return false;
    return drained === "empty" || drained === "tapped" ||
      (drained === "full" && !handled && (lanes.busy || !lanes.empty));
  }

  /** Delivers every byte received before the end, unless the handler threw or the user gave up. */
  async #deliverRest(end: FeedEnd, mayFollow: boolean): Promise<FeedEnd | undefined> {
    const { lanes } = this.#parts;
    const given = () => end.kind === "aborted" || end.kind === "handler" ? end : this.#givenUp();
    const delivered = () => (mayFollow ? lanes.kept : lanes.empty) && !lanes.busy;
    while (given() === undefined && !delivered()) await this.#deliverNext(() => false);
    return given();
  }

  /** Hands out a batch, or waits for the bell unless `done`. */
  async #deliverNext(done: () => boolean): Promise<void> {
    const { lanes } = this.#parts;
    let now = performance.now();
    if (lanes.ready) {
      now = lanes.dispatch(now);
      if (lanes.unsettled) {
        for (let i = 0; i < SETTLE_MICROTASKS && lanes.busy; i++) await MICROTASK;
        if (lanes.busyHere) now += await this.#settled();
        now = lanes.settle(now);
      }
    } else {
      if (!done()) await this.#bell(now);
      now = this.#awake();
    }
    this.#tellWater();
    if (now - this.#turnedAt >= TURN_MS) await this.#turn(now);
  }

  #givenUp(): FeedEnd | undefined {
    const stopped = this.stopped();
    return stopped?.kind === "idle_timeout" ? undefined : stopped;
  }

  /**
   * Hands out batches from `now` on until none waits or the budget is used up:
   * then the socket comes first again. Returns the time then.
   */
  #dispatchFor(budgetMs: number, started: number, now: number): number {
    const { lanes } = this.#parts;
    while (lanes.ready && this.stopped() === undefined && now - started < budgetMs) {
      now = lanes.dispatch(now);
    }
    return now;
  }

  /** How this side ended the feed, if it did. */
  stopped(): FeedEnd | undefined {
    if (this.#parts.lanes.error !== undefined) return { kind: "handler" };
    return this.#stop === undefined ? undefined : { kind: this.#stop };
  }

  #tellWater(): void {
    const { lanes, tell } = this.#parts;
    const crossings = lanes.crossings();
    for (let i = 0; i < crossings.length; i++) tell(crossings[i]);
  }

  /** No slab is free, or the tap has a chunk: reading waits until it is given back. */
  #pause(pause: Pause): void {
    if (this.#paused?.pause === pause) return;
    const { stats, tell } = this.#parts;
    const goesOn = this.#paused !== undefined;
    this.#bookPause();
    this.#paused = { at: performance.now(), pause, otherMs: stats.heldMs + stats.blockedMs };
    if (goesOn) return;
    stats.pauses += 1;
    tell({ type: "paused", waitsFor: pause });
  }

  #resume(): void {
    if (this.#paused === undefined) return;
    this.#bookPause();
    this.#paused = undefined;
    this.#parts.tell({ type: "resumed" });
  }

  /** What a handler or other code held meanwhile is booked already. */
  #bookPause(): void {
    if (this.#paused === undefined) return;
    const { stats, meter } = this.#parts;
    const { at, pause, otherMs } = this.#paused;
    const now = performance.now();
    const pausedMs = Math.max(0, now - at - (stats.heldMs + stats.blockedMs - otherMs));
    stats.pausedMs += pausedMs;
    meter.waited(pause, pausedMs, now);
  }

  /** Resolves at the next ring. */
  #bell(now: number): Promise<void> {
    this.#lag.wait(now);
    this.#wake = withResolvers();
    return this.#wake.promise;
  }

  /** The event loop has turned; returns the time now. */
  #awake(): number {
    this.#turnedAt = performance.now();
    this.#lag.awake(this.#turnedAt);
    return this.#turnedAt;
  }

  /** All microtasks have run; resolves with the milliseconds that were no handler's. */
  async #settled(): Promise<number> {
    const preparedMs = prepareTurn();
    await turn();
    this.#turnedAt = performance.now();
    return preparedMs;
  }

  async #turn(now: number): Promise<number> {
    this.#lag.wait(now);
    await turn();
    return this.#awake();
  }

  /** While the feed waited, something held the event loop for `ms` until `now`. */
  #late(ms: number, byHandler: boolean, now: number): void {
    const { stats, meter } = this.#parts;
    meter.unread(ms, now);
    if (byHandler) {
      stats.heldMs += ms;
      meter.held(ms, 0, now);
    } else {
      stats.blockedMs += ms;
      meter.waited("blocked", ms, now);
    }
  }

  #watchIdle(reader: Reader): ReturnType<typeof setInterval> | undefined {
    const { idleTimeoutMs } = this.#parts.settings;
    if (idleTimeoutMs === 0) return undefined;
    const everyMs = Math.max(1, idleTimeoutMs / 4);
    let heardAt = reader.lastByteAt;
    let silentMs = 0;
    return setInterval(() => {
      const heard = this.#paused !== undefined || reader.ready || reader.lastByteAt !== heardAt;
      heardAt = reader.lastByteAt;
      // A late tick counts once: while a handler held the loop, nobody listened.
      silentMs = heard ? 0 : silentMs + everyMs;
      if (silentMs >= idleTimeoutMs) this.stop("idle_timeout");
    }, everyMs);
  }
}
