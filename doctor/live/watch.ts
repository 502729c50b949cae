/**
 * One socket over time, from looks at it.
 *
 * @module
 */

import { VERDICT_WINDOW_MS } from "../../src/hold_meter.ts";
import {
  isPeerClosed,
  readBetween,
  roomLeft,
  type Sample,
  unreadBytes,
  windowOf,
} from "./sample.ts";
import { stateSentence } from "./sentences.ts";
import { StallMeter } from "./stall.ts";
import type { LiveState, LiveStatus } from "./status.ts";

/** When what counts. */
export interface WatchOptions {
  /** Bytes that wait for so long without a read are not read. Default 500. */
  stallMs?: number;
  /** How far back it is looked for whether more comes than is read. Default 3000. */
  windowMs?: number;
}

/** What a socket went through. */
export interface WatchTotals {
  /** Looks at it. */
  looks: number;
  /** First and last look. */
  fromMs: number;
  /** See `fromMs`. */
  toMs: number;
  /** Most bytes that waited. */
  unreadMax: number;
  /** Times it was not read. */
  stalls: number;
  /** The longest. */
  longestStallMs: number;
  /** How long of it there certainly was no read. */
  longestStallCertainMs: number;
  /** Most bytes that waited in it. */
  longestStallBytes: number;
  /** The last. */
  lastStallMs: number;
  /** Whether the window was shut, or nearly, while the program did not read or was behind. */
  windowShut: boolean;
  /** How long it was behind. */
  behindMs: number;
  /** How long no more fitted, though the program read. */
  fullMs: number;
  /** Longest time for which the server had closed and the program did not close or read on. */
  closeUnnoticedMs: number;
  /** How long a SYN had no answer. */
  connectingMs: number;
}

/** What waits must rise by so much from the first third of a window to the last to count as growth. */
const GROWTH_MIN = 4096;
const RATE_MS = 1000;
/** Growth that is slower than the ups and downs of reading shows in a window so much longer. */
const LONG_WINDOWS = 10;

/** Whether no more fits, or hardly any, as far as that is known. */
function isShut(window: LiveStatus["window"]): boolean {
  return (window ?? "open") !== "open";
}

function isFull({ unread, window }: LiveStatus): boolean {
  return unread > 0 && isShut(window);
}

interface Seen extends Sample {
  unread: number;
}

/** Watches one socket. */
export class SocketWatch {
  /** What it went through so far. */
  readonly totals: WatchTotals = {
    ...{ looks: 0, fromMs: 0, toMs: 0, unreadMax: 0, stalls: 0, longestStallMs: 0 },
    ...{ longestStallCertainMs: 0, longestStallBytes: 0, windowShut: false, behindMs: 0 },
    fullMs: 0,
    ...{ lastStallMs: 0, closeUnnoticedMs: 0, connectingMs: 0 },
  };
  readonly #windowMs: number;
  readonly #meter: StallMeter;
  /** Looks of the last windows, oldest first. */
  readonly #recent: Seen[] = [];
  #stalled = false;
  #behind = false;
  #status: LiveStatus | undefined;

  /** See {@linkcode WatchOptions}. */
  constructor(options: WatchOptions = {}) {
    this.#windowMs = options.windowMs ?? VERDICT_WINDOW_MS;
    this.#meter = new StallMeter(options.stallMs ?? 500);
  }

  /** What the last look came to; `undefined` before the first. */
  get status(): LiveStatus | undefined {
    return this.#status;
  }

  /** Takes what a look shows. Its time must not be before that of the last. */
  look(sample: Sample): LiveStatus {
    const seen: Seen = { ...sample, unread: unreadBytes(sample) };
    this.#recent.push(seen);
    const from = sample.atMs - LONG_WINDOWS * this.#windowMs;
    // One from before the window's begin stays, as a sign that all of the window was watched.
    while (this.#recent.length > 2 && this.#recent[1].atMs <= from) this.#recent.shift();
    this.#meter.look(sample);
    const status = this.#conclude(this.#stateOf(seen), seen);
    this.#count(status);
    this.#status = status;
    return status;
  }

  /** The socket is gone, as was seen at `atMs`. */
  gone(atMs: number): LiveStatus {
    const last = this.#recent.at(-1) ?? { ...NOTHING, atMs, unread: 0 };
    const status: LiveStatus = { ...this.#conclude("gone", last), atMs, stateMs: 0 };
    this.totals.toMs = atMs;
    this.#status = status;
    return status;
  }

  #stateOf(seen: Seen): LiveState {
    const { state } = seen;
    if (state === "syn_sent") return "connecting";
    if (isPeerClosed(seen)) return "peer_closed";
    if (this.#meter.isStalled) return "not_reading";
    if (this.#isBehind(seen)) return "behind";
    return this.#isIdle(seen) ? "idle" : "keeping_up";
  }

  /** Whether ever more waits though there are reads; or much does all the time, and no more fits. */
  #isBehind(seen: Seen): boolean {
    const { older, newer } = this.#ends(seen.atMs, this.#windowMs);
    const low = lowest(newer);
    if (low === 0) return this.#behind = false;
    // Once behind, it is until half of what waited is read: where the window ends, so does growth.
    if (this.#behind) return this.#behind = low * 2 >= lowest(older);
    return this.#behind = older.length > 0 && lowest(older) > 0 &&
        [...older, ...newer].every((look) => isShut(windowOf(look))) ||
      this.#grows(seen.atMs, this.#windowMs) ||
      this.#grows(seen.atMs, LONG_WINDOWS * this.#windowMs);
  }

  /** Whether the least that waited lately is more than the most before: not ups and downs, growth. */
  #grows(atMs: number, windowMs: number): boolean {
    const { older, newer } = this.#ends(atMs, windowMs);
    const most = Math.max(...older.map(({ unread }) => unread));
    return older.length > 0 && lowest(newer) - most >= GROWTH_MIN;
  }

  /** The looks of a window's first and last third; none in the first if not all of it was watched. */
  #ends(atMs: number, windowMs: number): { older: Seen[]; newer: Seen[] } {
    const from = atMs - windowMs;
    const third = windowMs / 3;
    const newer = this.#recent.filter((look) => look.atMs > atMs - third);
    if (this.#recent[0].atMs > from) return { older: [], newer };
    return {
      older: this.#recent.filter((look) => look.atMs <= from + third && look.atMs > from),
      newer,
    };
  }

  #isIdle(seen: Seen): boolean {
    if (seen.receiveQueue > 0 || seen.received === undefined) return false;
    return Math.max(seen.lastReceivedMs ?? 0, this.#unchangedMs(seen)) >= RATE_MS;
  }

  /** How long nothing has come, as far as the looks tell. */
  #unchangedMs({ atMs, received }: Seen): number {
    const changed = this.#recent.findLast((look) => look.received !== received);
    return atMs - (changed ?? this.#recent[0]).atMs;
  }

  #conclude(state: LiveState, seen: Seen): LiveStatus {
    const last = this.#status;
    const { atMs, unread } = seen;
    const { arriving, read } = this.#rates();
    const window = windowOf(seen);
    const room = window === "open" && state === "not_reading" ? roomLeft(seen) : undefined;
    const status: Omit<LiveStatus, "sentence"> = {
      ...{ state, atMs, unread },
      stateMs: last?.state === state ? last.stateMs + atMs - last.atMs : 0,
      unreadMs: this.#meter.stall?.ms ?? 0,
      certainMs: this.#meter.stall?.certainMs ?? 0,
      afterRead: this.#meter.stall?.afterRead ?? false,
      endUnread: state === "peer_closed" && seen.receiveQueue > 0,
      window,
      shutInMs: room !== undefined && arriving ? room / arriving * 1000 : undefined,
      arrivingPerSecond: arriving,
      readPerSecond: read,
      serverQueue: seen.serverQueue,
    };
    return { ...status, sentence: stateSentence(status) };
  }

  /** Bytes a second, lately: where `ss` counts, or else where nothing is read and so all that comes is seen. */
  #rates(): { arriving?: number; read?: number } {
    const last = this.#recent.at(-1);
    if (last === undefined) return {};
    const first = this.#at(last.atMs - RATE_MS);
    const { bytes, exact } = readBetween(first, last);
    if (exact && first !== last) {
      const perSecond = 1000 / (last.atMs - first.atMs);
      const grown = last.receiveQueue - first.receiveQueue;
      return { arriving: (grown + bytes) * perSecond, read: bytes * perSecond };
    }
    const { stall } = this.#meter;
    if (stall === undefined || stall.ms === 0) return {};
    const waiting = this.#at(Math.max(last.atMs - RATE_MS, stall.fromMs));
    const grown = last.receiveQueue - waiting.receiveQueue;
    return { arriving: grown / (last.atMs - waiting.atMs) * 1000 };
  }

  /** The last look up to `atMs`, or else the first there is. */
  #at(atMs: number): Seen {
    return this.#recent.findLast((look) => look.atMs <= atMs) ?? this.#recent[0];
  }

  #count(status: LiveStatus): void {
    const { totals } = this;
    const { state, atMs, unread, unreadMs, stateMs } = status;
    const before = this.#status;
    const lasted = before?.state === state ? atMs - before.atMs : 0;
    if (totals.looks++ === 0) totals.fromMs = atMs;
    totals.toMs = atMs;
    totals.unreadMax = Math.max(totals.unreadMax, unread);
    const slow = state === "not_reading" || state === "behind";
    if (slow && isShut(status.window)) totals.windowShut = true;
    if (state === "behind") totals.behindMs += lasted;
    if (before !== undefined && isFull(before) && isFull(status)) {
      totals.fullMs += atMs - before.atMs;
    }
    if (state === "connecting") totals.connectingMs += lasted;
    if (state === "peer_closed") {
      const unnoticed = status.endUnread ? Math.min(unreadMs, stateMs) : stateMs;
      totals.closeUnnoticedMs = Math.max(totals.closeUnnoticedMs, unnoticed);
    }
    const stalled = unread > 0 && this.#meter.isStalled;
    if (stalled && !this.#stalled) totals.stalls++;
    this.#stalled = stalled;
    if (!stalled) return;
    totals.lastStallMs = unreadMs;
    if (unreadMs <= totals.longestStallMs) return;
    totals.longestStallMs = unreadMs;
    totals.longestStallCertainMs = status.certainMs;
    totals.longestStallBytes = unread;
  }
}

const NOTHING: Sample = { atMs: 0, state: "established", receiveQueue: 0 };

function lowest(looks: Seen[]): number {
  return Math.min(...looks.map(({ unread }) => unread));
}
