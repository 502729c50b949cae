/**
 * Who most likely ended a connection, in a sentence, from what this side knows.
 * It never claims more than that.
 *
 * @module
 */

import type { DisconnectReason } from "./reason.ts";
import {
  type HandlerCall,
  type HoldMeter,
  pausedMs,
  VERDICT_WINDOW_MS,
  type Wait,
  type Waits,
} from "./hold_meter.ts";

/**
 * `slow_consumer`: this side did not read, and the server cut it off ·
 * `not_this_side`: reads were never paused for long · `unclear`: they were
 * paused, but not so long that it must be the cause · `this_side`: the client,
 * its handler or its user ended it · `no_connection`: it could not be made, or
 * ended before its handshake was done
 */
export type VerdictKind =
  | "slow_consumer"
  | "not_this_side"
  | "unclear"
  | "this_side"
  | "no_connection";

/** The likely cause. `Kind` are the words it comes in; the doctor, which sees both sides, has more. */
export interface Verdict<Kind extends string = VerdictKind> {
  /** For programs. */
  kind: Kind;
  /** For people. */
  sentence: string;
}

/** What one connection went through. */
export interface DisconnectReport {
  /** Number of the connection, see {@linkcode Batch.epoch}. */
  epoch: number;
  /** Bytes received on it, behind what the handshake read. */
  bytes: number;
  /** Complete frames received on it. */
  frames: number;
  /** How long it stood, in milliseconds. */
  connectedMs: number;
  /** How long reading was paused because handlers or a disk kept all slabs, or the tap was behind; what handlers held meanwhile is in `heldMs` only. */
  pausedMs: number;
  /** How long handlers held the read loop. */
  heldMs: number;
  /** How long other code kept the thread from reading, as far as a timer that came 50 ms late or more tells. */
  blockedMs: number;
  /** `pausedMs` within the last `recentWindowMs`. */
  recentPausedMs: number;
  /** `heldMs` within the last `recentWindowMs`. */
  recentHeldMs: number;
  /** `blockedMs` within the last `recentWindowMs`. */
  recentBlockedMs: number;
  /** Longest time within the last `recentWindowMs` in which the socket was not known to be empty. */
  recentUnreadMs: number;
  /** How far back the verdict looks: 3000, or as long as the connection stood. */
  recentWindowMs: number;
  /** Longest time from one drain's begin to the next's, waiting for data left out. */
  largestDutyCycleMs: number;
  /** The handler call that held the read loop longest, if there was one. */
  slowestCall: HandlerCall | undefined;
  /** The likely cause. */
  verdict: Verdict;
}

/** What a report is made of. */
export interface ReportInput {
  reason: DisconnectReason;
  epoch: number;
  bytes: number;
  frames: number;
  /** `performance.now()` when its handshake was done; `undefined` if that never was. */
  connectedAt: number | undefined;
  /** `performance.now()` when it ended. */
  endedAt: number;
  meter: HoldMeter;
  /** Whether the server's address is a path. */
  unix?: boolean;
  /** Whether there was a connection, if only for the handshake. */
  opened?: boolean;
  /** Whether it was the server that ended that. */
  closed?: boolean;
}

/** Above this share of the window without a read, a cut is put down to it. */
const SLOW_SHARE = 0.5;
/** Below this share it is not. */
const FAST_SHARE = 0.1;
/** What waited no longer, in milliseconds, is as long as one handler call may take: no wait at all, however short the connection. */
const BRIEF_MS = 10;
/** Bytes that waited for less than this, in milliseconds, got no client cut off. */
const UNREAD_MS = 100;

const OURS: ReadonlySet<DisconnectReason> = new Set([
  "aborted",
  "handler",
  "tap",
  "handshake",
  "invalid_frame",
  "corrupt_memory",
  "idle_timeout",
]);

const NOT_HERE = "the cause is not on this side";
const NEVER_PAUSED = `reads were never paused: ${NOT_HERE}`;

/** Draws the conclusion. */
export function report(input: ReportInput): DisconnectReport {
  const { meter, connectedAt, endedAt } = input;
  const connectedMs = connectedAt === undefined ? 0 : endedAt - connectedAt;
  const windowMs = Math.min(VERDICT_WINDOW_MS, connectedMs);
  const recent = meter.recent(endedAt, windowMs);
  const unreadMs = meter.longestUnreadMs(endedAt, windowMs);
  return {
    epoch: input.epoch,
    bytes: input.bytes,
    frames: input.frames,
    connectedMs,
    pausedMs: pausedMs(meter.total),
    heldMs: meter.total.held,
    blockedMs: meter.total.blocked,
    recentPausedMs: pausedMs(recent),
    recentHeldMs: recent.held,
    recentBlockedMs: recent.blocked,
    recentUnreadMs: unreadMs,
    recentWindowMs: windowMs,
    largestDutyCycleMs: meter.largestDutyCycleMs,
    slowestCall: meter.slowestCall,
    verdict: connectedAt === undefined
      ? noConnection(input)
      : judge(input.reason, recent, unreadMs, windowMs),
  };
}

function judge(
  reason: DisconnectReason,
  recent: Waits,
  unreadMs: number,
  windowMs: number,
): Verdict {
  if (OURS.has(reason)) {
    return { kind: "this_side", sentence: OUR_SENTENCES[reason] ?? "this side ended it" };
  }
  const waitedMs = recent.held + pausedMs(recent) + recent.blocked;
  const share = windowMs > 0 ? waitedMs / windowMs : 0;
  const window = seconds(windowMs);
  const harmlessMs = Math.max(BRIEF_MS, Math.min(UNREAD_MS, windowMs / 2));
  if (Math.min(unreadMs, waitedMs) < harmlessMs) {
    return {
      kind: "not_this_side",
      sentence: waitedMs < 1
        ? NEVER_PAUSED
        : unreadMs < waitedMs
        ? `the socket was read to empty at least every ${seconds(unreadMs)}: ${NOT_HERE}`
        : `reads waited only ${seconds(waitedMs)} of the last ${window}: ${NOT_HERE}`,
    };
  }
  const wait = longest(recent);
  const who = WAIT_SENTENCES[wait](seconds(recent[wait]), window);
  if (share >= SLOW_SHARE) {
    if (reason === "eof") {
      // An ordinary close looks the same.
      return {
        kind: "unclear",
        sentence: `${who}; if the server did not just finish, it dropped you as a slow consumer`,
      };
    }
    return {
      kind: "slow_consumer",
      sentence: `${who}; the server most likely dropped you as a slow consumer`,
    };
  }
  if (share <= FAST_SHARE) {
    return {
      kind: "not_this_side",
      sentence: waitedMs < 1
        ? NEVER_PAUSED
        : `reads waited only ${seconds(waitedMs)} of the last ${window}: ${NOT_HERE}`,
    };
  }
  return {
    kind: "unclear",
    sentence: `${who}: that may be why the server dropped you, but need not`,
  };
}

type WaitSentence = (waited: string, window: string) => string;

const WAIT_SENTENCES: Record<Wait, WaitSentence> = {
  held: (waited, window) => `your handler held the read loop ${waited} of the last ${window}`,
  handler: pausedBecause("your handler kept the buffer full"),
  disk: pausedBecause("the disk took frames slower than they came, or not at all"),
  tap: pausedBecause("your tap was behind"),
  blocked: (waited, window) =>
    `this thread was kept from reading ${waited} of the last ${window}, by other code or because the program was stopped`,
};

function pausedBecause(why: string): WaitSentence {
  return (waited, window) => `reading was paused ${waited} of the last ${window} because ${why}`;
}

function longest(waits: Waits): Wait {
  const all = Object.keys(waits) as Wait[];
  return all.reduce((most, wait) => waits[wait] > waits[most] ? wait : most);
}

function noConnection(input: ReportInput): Verdict {
  const { reason, unix = false, opened = false, closed = false } = input;
  if (reason === "handshake" && !closed) {
    return { kind: "this_side", sentence: OUR_SENTENCES[reason]! };
  }
  const sentence = unix && reason === "refused"
    ? "nothing listens there; check the path and whether the server runs"
    : (opened ? UNDONE_SENTENCES : NO_CONNECTION_SENTENCES)[reason];
  const other = opened ? "it ended before the handshake was done" : "no connection was made";
  return { kind: "no_connection", sentence: sentence ?? other };
}

const OUR_SENTENCES: Partial<Record<DisconnectReason, string>> = {
  aborted: "this side closed the connection",
  handler: "the handler threw, so this side closed the connection",
  tap: "the tap threw, so this side closed the connection",
  handshake: "the handshake failed, so this side closed the connection",
  invalid_frame:
    "the input does not fit the framing, so this side closed the connection; check the framing options",
  corrupt_memory: "the buffer was overwritten, so this side closed the connection",
  idle_timeout: "the server sent nothing for too long, so this side closed the connection",
};

const NO_CONNECTION_SENTENCES: Partial<Record<DisconnectReason, string>> = {
  refused: "nothing listens there; check host and port and whether the server runs",
  dns: "the name can't be resolved; check the host name",
  unreachable: "no route leads there; check the network",
  tls:
    "the TLS handshake failed; check the certificate, the host name and whether the port speaks TLS",
  connect_timeout: "the server did not answer in time; check host, port and firewalls",
  os_timeout: "the server did not answer in time; check host, port and firewalls",
  permission: "Deno's sandbox refused it",
  aborted: "this side gave up",
  exhausted: "there is no further one",
};

const UNDONE_SENTENCES: Partial<Record<DisconnectReason, string>> = {
  ...NO_CONNECTION_SENTENCES,
  connect_timeout: "the handshake was not done in time; check what the server expects",
};

function seconds(ms: number): string {
  return ms < 1000
    ? `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`
    : `${(ms / 1000).toFixed(1)} s`;
}
