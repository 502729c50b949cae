/**
 * The clockwork behind verdicts: when the socket was not read, and who was to blame.
 *
 * @module
 */

/** A handler call worth naming. */
export interface HandlerCall {
  /** How long it held the read loop, in milliseconds. */
  heldMs: number;
  /** Frames it was given; 0 where an asynchronous handler computed between two awaits. */
  frames: number;
}

/** How far back a verdict looks, in milliseconds. */
export const VERDICT_WINDOW_MS = 3000;

/** Whom reading pauses for: `handler` and `disk` have all slabs, `tap` the chunk that came. */
export type Pause = "handler" | "disk" | "tap";

/**
 * What keeps the socket from being read: a handler's call (`held`), a pause, other
 * code in this thread (`blocked`).
 */
export type Wait = "held" | Pause | "blocked";

/** So long each, in milliseconds. */
export type Waits = Record<Wait, number>;

/** Nothing waited. */
export function noWaits(): Waits {
  return { held: 0, handler: 0, disk: 0, tap: 0, blocked: 0 };
}

/** All pauses together, in milliseconds. */
export function pausedMs({ handler, disk, tap }: Waits): number {
  return handler + disk + tap;
}

const MERGE_MS = 20;

/** The socket was not read for `ms` until `end`. */
interface Span {
  wait: Wait;
  end: number;
  ms: number;
}

/** Time in which the socket was not read, over a sliding window and in all; one a connection. */
export class HoldMeter {
  /** Longest time from one drain's begin to the next's, waiting for data left out. */
  largestDutyCycleMs = 0;
  /** The handler call that held the read loop longest. */
  slowestCall: HandlerCall | undefined;
  /** Over the whole connection. */
  readonly total = noWaits();
  /** When the socket was last known to be empty. */
  #emptyAt = performance.now();
  readonly #unread = new RecentMaximum();
  readonly #spans: Span[] = [];
  #oldest = 0;
  /** The last of each kind. */
  readonly #last: Partial<Record<Wait, Span>> = {};

  /** A handler call with `frames` frames that ended at `now` held the loop for `ms`. */
  held(ms: number, frames: number, now: number): void {
    if (this.slowestCall === undefined || ms > this.slowestCall.heldMs) {
      this.slowestCall = { heldMs: ms, frames };
    }
    this.waited("held", ms, now);
  }

  /** The socket was not read for `ms` until `now`, because of `wait`. */
  waited(wait: Wait, ms: number, now: number): void {
    this.total[wait] += ms;
    this.#remember(wait, ms, now);
  }

  /** A look at the socket found nothing. */
  empty(now: number): void {
    this.unread(now - this.#emptyAt, now);
    this.#emptyAt = now;
  }

  /** Nothing came from the last look to `now`, when the wait for more ended. */
  idle(now: number): void {
    this.#emptyAt = now;
  }

  /** For `ms` until `now` nobody looked at the socket. */
  unread(ms: number, now: number): void {
    this.#unread.observe(ms, now);
  }

  /** Longest time within the last `windowMs` in which the socket was not known to be empty. */
  longestUnreadMs(now: number, windowMs: number): number {
    const longest = Math.max(now - this.#emptyAt, this.#unread.since(now - windowMs));
    return Math.min(windowMs, longest);
  }

  /** What kept the socket from being read within the last `windowMs`. */
  recent(now: number, windowMs: number): Waits {
    const from = now - windowMs;
    const sum = noWaits();
    for (const { wait, end, ms } of this.#spans.slice(this.#oldest)) {
      sum[wait] += Math.max(0, end - Math.max(from, end - ms));
    }
    return sum;
  }

  /** Short spans are merged with those of their kind, so that a second of tiny calls and pauses in turn costs a few entries. */
  #remember(wait: Wait, ms: number, now: number): void {
    const last = this.#last[wait];
    if (last !== undefined && now - last.end < MERGE_MS && last.ms < MERGE_MS) {
      last.end = now;
      last.ms += ms;
      return;
    }
    const span = { wait, end: now, ms };
    this.#last[wait] = span;
    this.#spans.push(span);
    while (this.#spans[this.#oldest].end < now - VERDICT_WINDOW_MS) this.#oldest++;
    if (this.#oldest > 1024) {
      this.#spans.splice(0, this.#oldest);
      this.#oldest = 0;
    }
  }
}

/** So much is one slot of the past. */
const SLOT_MS = 100;
/** Enough for the window, of which the first slot may lie half outside. */
const SLOTS = VERDICT_WINDOW_MS / SLOT_MS + 1;

/** The largest of what was observed lately, in a memory that does not grow with its number. */
class RecentMaximum {
  readonly #slots = Array.from({ length: SLOTS }, () => ({ number: -1, end: 0, value: 0 }));

  /** `value` was observed at `now`. */
  observe(value: number, now: number): void {
    const number = Math.floor(now / SLOT_MS);
    const slot = this.#slots[number % SLOTS];
    if (slot.number === number && slot.value >= value) return;
    slot.number = number;
    slot.end = now;
    slot.value = value;
  }

  /** The largest observed after `from`, 0 if there is none. */
  since(from: number): number {
    const recent = this.#slots.filter(({ end }) => end > from);
    return Math.max(0, ...recent.map(({ value }) => value));
  }
}
