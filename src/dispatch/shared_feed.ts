/**
 * What a handler that works in another thread needs of the client it was given
 * to, beside what every handler gets.
 *
 * @module
 */

import type { Core } from "../core/core.ts";
import type { SlabPool } from "../slab.ts";
import type { HandlerContext } from "./handler.ts";

/** The parts of a client that it hands on. */
export interface SharedFeed extends HandOver {
  /** Memory, layout, columns and how raw positions follow; `shared` tells whether the memory can be handed on. */
  core: Core;
  /** Where slabs can be quarantined. */
  pool: SlabPool;
}

/** How the dispatcher goes about a handler in another thread. */
export interface HandOver {
  /**
   * Called in each duty cycle while a batch is out: whoever waits for another
   * thread looks whether it has answered. Else that would be seen at the next
   * turn of the event loop only, which a busy reader takes once a millisecond.
   */
  readonly polls: Set<() => void>;
  /**
   * Batches that may be out at a time. More than one keeps a thread from waiting
   * for the next while its answer is on the way; it still handles one at a time.
   */
  batchesOut: number;
  /** Its calls end when another thread or process answers: what this one does meanwhile is not theirs. */
  elsewhere: boolean;
  /** They are answered in memory, which a thread that stands still finds when it goes on: others need the event loop of this one. */
  inMemory: boolean;
  /**
   * Milliseconds that a batch should be out at the most. Who is slow for each
   * frame is given fewer: else one who takes his time would look like one who hangs.
   */
  batchMs: number;
  readonly failure: Failure;
  readonly budget: Budget;
}

/** What becomes of batches that are thrown at. */
export interface Failure {
  /**
   * Set at once when a batch was thrown at: until all that are out have come back
   * none is handed out, since whoever decides what follows has not heard of it yet.
   */
  threw: boolean;
  /** Other batches follow all the same: what has died is started again for them. */
  goesOn: boolean;
}

/** Where in the stream a batch was. */
export interface BatchPlace {
  /** Its frames. */
  frames: number;
  /** Its connection: 1, 2, … */
  epoch: number;
  /** Stream offset of its first frame. */
  offset: number;
}

/**
 * How long calls of `batch()` may take. Who has several batches at a time, and
 * takes each in several calls, measures by itself.
 */
export interface Budget {
  /** Milliseconds; `undefined` for no bound. */
  ms: number | undefined;
  /** Called with each call that takes longer, by who has taken over. */
  overrun: (place: BatchPlace) => void;
  /** Somebody has, and nobody else is to measure. */
  taken: boolean;
}

/** Long enough for what is done once a batch, short enough for an end in order to wait for. */
const BATCH_MS = 1000;
/** Of the time after which a handler counts as hanging, a batch should take no more than this share. */
const TIMEOUT_SHARE = 1 / 4;

/** How long a batch should be out for a handler that may take `timeoutMs`. */
export function batchMsWithin(timeoutMs: number): number {
  return Math.min(BATCH_MS, timeoutMs * TIMEOUT_SHARE);
}

/** For a handler in this thread. */
export function newHandOver(): HandOver {
  return {
    polls: new Set(),
    batchesOut: 1,
    elsewhere: false,
    inMemory: false,
    batchMs: BATCH_MS,
    failure: { threw: false, goesOn: false },
    budget: { ms: undefined, overrun: () => {}, taken: false },
  };
}

const feeds = new WeakMap<HandlerContext, SharedFeed>();

/** Remembers what belongs to a client's context. */
export function publishFeed(context: HandlerContext, feed: SharedFeed): void {
  feeds.set(context, feed);
}

/** What belongs to `context`; `undefined` for one that no client made. */
export function feedOf(context: HandlerContext): SharedFeed | undefined {
  return feeds.get(context);
}
