/**
 * Lanes: each handler has a backlog and a dispatcher of its own, and none waits
 * for another.
 *
 * ```text
 *            ┌─▶ backlog ─▶ dispatcher ─▶ handler
 *  filler ───┤
 *            └─▶ backlog ─▶ dispatcher ─▶ handler
 * ```
 *
 * @module
 */

import { type Backlog, type BacklogCounts, newCounts } from "../backlog/backlog.ts";
import type { WaterMarks } from "../backlog/water_marks.ts";
import type { Slab } from "../slab.ts";
import type { HoldMeter } from "../hold_meter.ts";
import type { HandlerStats } from "../status.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Handler, HandlerContext, HandlerError } from "./handler.ts";
import type { KeyPartition } from "./key_partition.ts";

/**
 * Who gets which frames: every handler all of them (`all`), or each run of
 * frames one of them (`round_robin`): the next one that has nothing to do, and
 * while all are at work one after the other, in runs that grow with what waits.
 * Then only the frames of one handler are in order.
 *
 * Or `{ key }`, the name of a declared column of integers: frames with the same
 * value there go to the same handler, in order. A frame too short for the column
 * has the key 0. Which handler that is follows from the value, the column's type
 * and the handler's place in `handlers`: the same as long as their number and
 * order are, also after a restart.
 */
export type Partition<Name extends string = string> =
  | "all"
  | "round_robin"
  | { readonly key: Name };

/** Those that are a word. */
export type PartitionWord = Extract<Partition, string>;

/** All there are. */
export const PARTITIONS: readonly PartitionWord[] = ["all", "round_robin"];

/** Frames of the feed that were given, of what each handler was: all of them to each, or each to one of them. */
export function framesGiven(partition: Partition = "all", frames: readonly number[]): number {
  return partition === "all" ? Math.min(...frames) : frames.reduce((sum, count) => sum + count, 0);
}

/** The way to one handler. */
export interface Lane {
  /** Its name; `undefined` where there is only one. */
  name: string | undefined;
  backlog: Backlog;
  marks: WaterMarks;
  dispatcher: Dispatcher;
  /** What its handler is given beside batches. */
  context: HandlerContext;
}

/** A lane's level has crossed a mark. */
export interface Crossing {
  type: "high_water" | "low_water";
  bufferedBytes: number;
  handler?: string;
}

const NONE: readonly Crossing[] = [];

/** All lanes of a client, at least one. */
export class Lanes {
  readonly #lanes: readonly Lane[];
  readonly #partition: PartitionWord | KeyPartition;
  /** Whose turn it was last: to get frames, and to be lent a batch. */
  #fed = 0;
  #lent = 0;

  constructor(lanes: readonly Lane[], partition: PartitionWord | KeyPartition = "all") {
    this.#lanes = lanes;
    this.#partition = partition;
  }

  /** One after the other. */
  [Symbol.iterator](): Iterator<Lane> {
    return this.#lanes[Symbol.iterator]();
  }

  // What is asked several times a cycle goes by index: an iterator or a closure for
  // each question would be a quarter of a cycle's garbage.

  /** {@linkcode dispatch} would hand out a batch. */
  get ready(): boolean {
    for (let i = 0; i < this.#lanes.length; i++) if (this.#lanes[i].dispatcher.ready) return true;
    return false;
  }

  /** A batch is out. */
  get busy(): boolean {
    for (let i = 0; i < this.#lanes.length; i++) if (this.#lanes[i].dispatcher.busy) return true;
    return false;
  }

  /** A batch is out that is handled in this thread. */
  get busyHere(): boolean {
    for (let i = 0; i < this.#lanes.length; i++) {
      if (this.#lanes[i].dispatcher.busyHere) return true;
    }
    return false;
  }

  /** A batch is out whose answer the event loop has to bring. */
  get awaitsLoop(): boolean {
    for (let i = 0; i < this.#lanes.length; i++) {
      if (this.#lanes[i].dispatcher.awaitsLoop) return true;
    }
    return false;
  }

  /** A call goes on in microtasks, and {@linkcode settle} is to tell how long it did. */
  get unsettled(): boolean {
    for (let i = 0; i < this.#lanes.length; i++) {
      if (this.#lanes[i].dispatcher.unsettled) return true;
    }
    return false;
  }

  /** Nothing waits, neither in memory nor on disk. */
  get empty(): boolean {
    return this.#lanes.every(({ backlog }) => backlog.empty);
  }

  /** Nothing waits that a lane can't keep while there is no connection. */
  get kept(): boolean {
    return this.#lanes.every(({ backlog }) => backlog.keeps || backlog.empty);
  }

  /** Slabs wait for a disk, and for no handler that has frames in memory only. */
  get writing(): boolean {
    const held = this.#lanes.some(({ backlog, dispatcher }) =>
      !backlog.keeps && (!backlog.empty || dispatcher.busy)
    );
    return !held && this.#lanes.some(({ backlog }) => backlog.writing);
  }

  /** Frames waiting, as often as they wait. */
  get frames(): number {
    return this.#lanes.reduce((sum, { backlog }) => sum + backlog.frames, 0);
  }

  /** Counts of all lanes together. */
  get counts(): BacklogCounts {
    const sum = newCounts();
    for (const { backlog } of this.#lanes) {
      for (const name of Object.keys(sum) as (keyof BacklogCounts)[]) {
        sum[name] += backlog.counts[name];
      }
    }
    return sum;
  }

  /** What the first handler to throw has thrown. */
  get error(): HandlerError | undefined {
    for (let i = 0; i < this.#lanes.length; i++) {
      const { error } = this.#lanes[i].dispatcher;
      if (error !== undefined) return error;
    }
    return undefined;
  }

  /** Where held time is booked; each connection has its own. */
  set meter(meter: HoldMeter | undefined) {
    for (const { dispatcher } of this.#lanes) dispatcher.meter = meter;
  }

  /** Queues new frames where they belong. */
  push(slab: Slab, first: number, end: number): void {
    if (this.#partition === "round_robin") {
      this.#fed = this.#turn();
      return this.#lanes[this.#fed].backlog.push(slab, first, end);
    }
    if (this.#partition !== "all") return this.#pushByKey(this.#partition, slab, first, end);
    for (let i = 0; i < this.#lanes.length; i++) this.#lanes[i].backlog.push(slab, first, end);
  }

  /**
   * Whose turn it is to get frames: the next one that has nothing to do, else the one
   * that got the last, until twice as many wait for it as for another. Neighbours
   * are one batch: with a turn for every drain, slow handlers would get one drain a call.
   */
  #turn(): number {
    const { length } = this.#lanes;
    let least = this.#fed;
    for (let i = 1; i <= length; i++) {
      const next = (this.#fed + i) % length;
      const { backlog, dispatcher } = this.#lanes[next];
      if (backlog.empty && !dispatcher.busy) return next;
      if (backlog.frames < this.#lanes[least].backlog.frames) least = next;
    }
    const waiting = this.#lanes[this.#fed].backlog.frames;
    return waiting > 2 * this.#lanes[least].backlog.frames ? least : this.#fed;
  }

  #pushByKey(partition: KeyPartition, slab: Slab, first: number, end: number): void {
    partition.split(slab, first, end);
    for (let i = 0; i < this.#lanes.length; i++) {
      const [from, to] = [partition.firsts[i], partition.ends[i]];
      if (from < to) this.#lanes[i].backlog.push(slab, from, to);
    }
  }

  /**
   * No slab is free: lanes that may drop give up the oldest slab that is free
   * then, which it is not while a lane that blocks, or a handler, holds it as
   * well. `current` is the slab that is read into. True if frames were dropped.
   */
  makeRoom(current: Slab | undefined): boolean {
    const dropping = this.#lanes.map(({ backlog }) => backlog).filter(({ drops }) => drops);
    const queues = dropping.map(({ queued }) => queued);
    for (const slab of new Set(queues.flat())) {
      // In turn, a lane has a slab in several ranges, each of which holds it.
      const ranges = queues.reduce((sum, queue) => sum + countOf(queue, slab), 0);
      const others = slab === current ? 1 : 0;
      if (slab.references > ranges + others) continue;
      for (const [i, backlog] of dropping.entries()) {
        if (queues[i].includes(slab)) backlog.dropThrough(slab);
      }
      return true;
    }
    return false;
  }

  /** Lends one batch to the next lane that is ready, at the time `started`; returns the time then. */
  dispatch(started: number): number {
    for (let i = 0; i < this.#lanes.length; i++) {
      this.#lent = (this.#lent + 1) % this.#lanes.length;
      const { dispatcher } = this.#lanes[this.#lent];
      if (dispatcher.ready) return dispatcher.dispatch(started);
    }
    return started;
  }

  /** Calls have gone on in microtasks since `started`: whose they were nobody can tell, so the last one's. Returns the time now. */
  settle(started: number): number {
    const now = performance.now();
    for (let i = 0; i < this.#lanes.length; i++) {
      this.#lanes[i].dispatcher.settle(i === this.#lent ? now - started : 0, now);
    }
    return now;
  }

  /** Has those who wait for another thread look whether a batch has come back. */
  poll(): void {
    for (let i = 0; i < this.#lanes.length; i++) this.#lanes[i].dispatcher.poll();
  }

  /** Sets who gets the batches, in the order of the lanes. */
  attach(handlers: readonly Handler[]): void {
    this.#lanes.forEach(({ dispatcher }, i) => dispatcher.attach(handlers[i]));
  }

  /** Resolves when no batch is out. */
  async idle(): Promise<void> {
    for (const { dispatcher } of this.#lanes) await dispatcher.idle();
  }

  /** The marks crossed since the last call. */
  crossings(): readonly Crossing[] {
    let crossings = NONE;
    for (let i = 0; i < this.#lanes.length; i++) {
      const { name, backlog, marks } = this.#lanes[i];
      const { bufferedBytes } = backlog;
      const type = marks.crossed(bufferedBytes);
      if (type !== undefined) {
        const crossing = { type, bufferedBytes, ...(name !== undefined && { handler: name }) };
        crossings = [...crossings, crossing];
      }
    }
    return crossings;
  }

  /** What each handler was given and was not, by name. */
  statsByHandler(): Record<string, HandlerStats> {
    return Object.fromEntries(
      this.#lanes.map(({ name, backlog, dispatcher }) => [
        `${name ?? "handler"}`,
        {
          ...dispatcher.counts,
          framesPending: backlog.frames,
          framesDroppedOldest: backlog.counts.droppedOldest,
          framesDroppedNewest: backlog.counts.droppedNewest,
          framesDroppedSpill: backlog.counts.droppedSpill,
          framesDroppedAtEnd: backlog.counts.droppedAtEnd,
          framesSpilled: backlog.counts.spilled,
          framesRecovered: backlog.counts.recovered,
          framesLostOnDisk: backlog.counts.lost,
        },
      ]),
    );
  }

  /** Drops what waits in memory, and counts it; what waits on disk is for {@linkcode close}. */
  clear(): void {
    for (const { backlog } of this.#lanes) backlog.clear();
  }

  /** Ends what is being written: slabs are free but for batches that are out. */
  async flush(): Promise<void> {
    for (const { backlog } of this.#lanes) await backlog.flush();
  }

  /** Closes all backlogs. */
  async close(): Promise<void> {
    for (const { backlog } of this.#lanes) await backlog.close();
  }

  /** Resolves when none has anything open, batches that were out at the end included. */
  async ended(): Promise<void> {
    for (const { backlog } of this.#lanes) await backlog.ended();
  }
}

function countOf(queue: readonly Slab[], slab: Slab): number {
  return queue.reduce((count, one) => one === slab ? count + 1 : count, 0);
}
