/**
 * Windows that closed, and windows that are too small.
 *
 * A closed window says that its side did not read (RFC 9293, section 3.8.6): who else
 * could have filled the buffer? A window that is used up again and again though it
 * never closes says that the buffer takes less than the path holds (T-RAT, 2002).
 *
 * @module
 */

import type { Half } from "../flow/half.ts";
import type { OpenStall } from "../flow/window.ts";
import type { ConnectionEnd, DoctorVerdict, Evidence, Side, SlowOutcome } from "../report.ts";
import { activeMs, type Facts, halfOf, otherSide } from "./facts.ts";
import { bytes, percent, time, times } from "../words.ts";

/** Shorter stalls in all are no slow consumer, nor are ones of a few round trips. */
const STALLED_MS = 100;
const STALLED_ROUND_TRIPS = 2;
/** Unless they add up to this share of the time. */
const STALLED_SHARE = 0.2;
/** The sender was stopped for this share of the last seconds before it ended the connection. */
const CUT_SHARE = 0.5;
const CUT_LOOK_BACK_MS = 5000;
/** A reader that is free for so long behind its last stall has caught up. */
const CAUGHT_UP_MS = 100;
const CAUGHT_UP_ROUND_TRIPS = 3;
/** A window that shrank by this share of the largest, for so long, was not read from. */
const SHRUNK_BY = 0.4;
const SHRUNK_MS = 300;
/** The window limits a sender this much of the time before that is worth a word. */
const LIMITED_SHARE = 0.5;
const LIMITED_MS = 200;
/** How open it is then, by the largest one: a reader that keeps up leaves it open. */
const OPEN_SHARE = 0.4;
/** On a shorter way there is nothing to fill. */
const LONG_WAY_MS = 1;

/** Says whether `reader` read too slowly, and what became of it. */
export function slowVerdict(
  facts: Facts,
  end: ConnectionEnd,
  reader: Side,
): DoctorVerdict | undefined {
  const half = halfOf(facts, otherSide(reader));
  const stalls = half.window.stalls.filter((stall) => stall.proof !== undefined);
  if (!isSlow(facts, half, stalls)) return shrunkVerdict(half, end, reader);
  const outcome = outcomeOf(facts, end, reader, half, stalls);
  return {
    kind: "slow_consumer",
    outcome,
    side: reader,
    confidence: outcome === "cut" || outcome === "slow_to_the_end" ? "likely" : "certain",
    sentence: sentenceOf(facts, end, reader, half, outcome),
    evidence: evidenceOf(stalls, end, outcome, half),
    ...consistent(outcome),
    next: NEXT[outcome](reader),
  };
}

function isSlow(facts: Facts, half: Half, stalls: OpenStall[]): boolean {
  const waitedMs = waited(half);
  const least = Math.max(STALLED_MS, STALLED_ROUND_TRIPS * (facts.baseRttMs || 0));
  const longest = Math.max(0, ...stalls.map((stall) => stall.toMs - stall.fromMs));
  const often = waitedMs >= STALLED_SHARE * facts.durationMs;
  return waitedMs >= least && (longest >= least || often);
}

/** How long the sender had to wait for a reader whose window was closed, or nearly. */
export function waited(half: Half): number {
  const { limitedMs, openness } = half.view;
  return half.window.stalledMs + (openness < OPEN_SHARE ? limitedMs : 0);
}

/** Not read for a while, but not so long that anybody had to wait. */
function shrunkVerdict(half: Half, end: ConnectionEnd, reader: Side): DoctorVerdict | undefined {
  const { shrink, largest } = half.window;
  if (shrink === undefined) return undefined;
  const ms = shrink.toMs - shrink.fromMs;
  if (shrink.from - shrink.to < SHRUNK_BY * largest || ms < SHRUNK_MS) return undefined;
  const open = end.by === "capture" ? "still_stalled" : "slow_to_the_end";
  const outcome: SlowOutcome = shrink.lasts ? open : "recovered";
  return {
    kind: "slow_consumer",
    outcome,
    side: reader,
    confidence: "likely",
    sentence: `the ${reader} did not read for ${time(ms)}: its window shrank from ${
      bytes(shrink.from)
    } to ${bytes(shrink.to)}, but nobody had to wait; it ${
      shrink.lasts ? "has not read since" : "caught up"
    }`,
    evidence: [{
      frame: shrink.frame,
      atMs: shrink.fromMs,
      what: "from here on data is acknowledged, and the window shrinks by as much",
    }],
    next: NEXT[outcome](reader),
  };
}

function outcomeOf(
  facts: Facts,
  end: ConnectionEnd,
  reader: Side,
  half: Half,
  stalls: OpenStall[],
): SlowOutcome {
  // Only ever nearly closed.
  if (stalls.length === 0) return "slow_to_the_end";
  const last = stalls.reduce((a, b) => b.toMs > a.toMs ? b : a);
  if (last.endedBy === "capture_end") return "still_stalled";
  const bySender = end.by === otherSide(reader);
  if (bySender && end.how !== "fin" && wasCut(end, stalls, last)) return "cut";
  if (!bySender && last.endedBy === "connection_end") return "still_stalled";
  if (half.view.openness < OPEN_SHARE && half.view.limitedMs > half.window.stalledMs) {
    return "slow_to_the_end";
  }
  const untilMs = Math.min(end.atMs, half.silence.lastMs);
  const needed = CAUGHT_UP_MS + CAUGHT_UP_ROUND_TRIPS * (facts.baseRttMs || 0);
  const behind = untilMs - last.toMs < needed ||
    half.view.limitedShareSinceMark(untilMs) >= LIMITED_SHARE;
  return behind ? "slow_to_the_end" : "recovered";
}

function wasCut(end: ConnectionEnd, stalls: OpenStall[], last: OpenStall): boolean {
  if (last.endedBy === "connection_end") return true;
  // A sender that had given up silently says so to whatever comes when the window opens.
  if (end.how === "reset_no_socket" && end.atMs - last.toMs < STALLED_MS * 5) return true;
  const from = Math.max(end.atMs - CUT_LOOK_BACK_MS, Math.min(...stalls.map((one) => one.fromMs)));
  const within = stalls.reduce(
    (sum, one) => sum + Math.max(0, Math.min(one.toMs, end.atMs) - Math.max(one.fromMs, from)),
    0,
  );
  return within >= CUT_SHARE * (end.atMs - from);
}

function sentenceOf(
  facts: Facts,
  end: ConnectionEnd,
  reader: Side,
  half: Half,
  outcome: SlowOutcome,
): string {
  const { window } = half;
  const sender = otherSide(reader);
  const count = window.proven;
  const what = count === 0
    ? "its receive window was nearly closed"
    : `its receive window ${window.zeroCount > 0 ? "closed" : "got too small"} ${times(count)}`;
  const how = `the ${reader} did not read fast enough: ${what}, and the ${sender} had to wait ${
    time(waited(half))
  } of ${time(facts.durationMs)}`;
  switch (outcome) {
    case "cut":
      return `${how}; then the ${sender} ${
        end.how === "reset_no_socket" ? "had given up" : "cut it off"
      }, most likely as a slow consumer`;
    case "recovered":
      return `${how}; it caught up`;
    case "slow_to_the_end":
      return `${how}; it was behind until ${
        end.by === "capture" ? "the capture ended" : `the ${end.by} closed the connection`
      }`;
    case "still_stalled":
      return `${how}; it has not read since`;
  }
}

function evidenceOf(
  stalls: OpenStall[],
  end: ConnectionEnd,
  outcome: SlowOutcome,
  half: Half,
): Evidence[] {
  const byLength = [...stalls].sort((a, b) => (b.toMs - b.fromMs) - (a.toMs - a.fromMs));
  const shown = byLength.slice(0, 3).sort((a, b) => a.fromMs - b.fromMs);
  const evidence = shown.map((stall): Evidence => ({
    frame: stall.frame,
    atMs: stall.fromMs,
    what: `the window is ${
      stall.smallestWindow === 0 ? "zero" : `down to ${bytes(stall.smallestWindow)}`
    } for ${time(stall.toMs - stall.fromMs)}, ${PROOF[stall.proof!](stall)}`,
  }));
  if (outcome === "cut") {
    evidence.push({ frame: end.frame, atMs: end.atMs, what: end.sentence });
  }
  if (evidence.length === 0) {
    evidence.push({
      frame: end.frame,
      atMs: end.atMs,
      what: `until here the window was used up for ${time(half.view.limitedMs)} in all, and ${
        percent(half.view.openness)
      } open meanwhile`,
    });
  }
  return evidence;
}

const PROOF: Record<NonNullable<OpenStall["proof"]>, (stall: OpenStall) => string> = {
  probes: (stall) => `probed ${times(stall.probes)} by a sender that had more`,
  sent_again: () => "and the sender tried again",
  window_full: () => "filled to its last byte",
  sent_when_opened: () => "and data came as soon as it opened",
};

function consistent(outcome: SlowOutcome): { consistentWith?: string } {
  if (outcome === "cut") {
    return {
      consistentWith:
        "a limit on the sender's queue, a write or user timeout, or an end for another reason in just that time: the wire shows when, not why",
    };
  }
  if (outcome === "slow_to_the_end") {
    return {
      consistentWith:
        "an ordinary end, or a cut with FIN: what was queued is delivered before either",
    };
  }
  return {};
}

const NEXT: Record<SlowOutcome, (reader: Side) => string> = {
  cut: (reader) =>
    `Make the ${reader} read until the socket is empty, with less work per packet; move slow work out of the read path.`,
  recovered: (reader) =>
    `It was close: a server with a limit would have cut it off. Find what held the ${reader} up at those times.`,
  slow_to_the_end: (reader) =>
    `The ${reader} is slower than the feed. Do less work per packet, or let a queue take the bursts.`,
  still_stalled: (reader) =>
    `Look at what the ${reader} does now (a stack trace, spillway doctor --live): it is not reading.`,
};

/** Says whether the window of a reader that keeps up limits the sender. */
export function bufferVerdict(facts: Facts): DoctorVerdict | undefined {
  const { main: half, reader } = facts;
  const limitedMs = half.view.limitedMs;
  const share = limitedMs / activeMs(half);
  if (share < LIMITED_SHARE || limitedMs < LIMITED_MS || half.view.openness < OPEN_SHARE) {
    return undefined;
  }
  if (!(facts.baseRttMs >= LONG_WAY_MS)) return undefined;
  // INVARIANT: what was limited for some time was so for a first time.
  const first = half.view.firstLimited!;
  const most = half.window.largest / facts.baseRttMs * 1000;
  return {
    kind: "receive_buffer_too_small",
    side: reader,
    confidence: "likely",
    sentence: `the ${reader}'s receive buffer is too small for the way: a window of ${
      bytes(half.window.largest)
    } and a round trip of ${time(facts.baseRttMs)} allow ${bytes(most)}/s, and used that up ${
      percent(Math.min(1, share))
    } of the time, though the ${reader} read at once`,
    evidence: [{
      frame: first.frame,
      atMs: first.timeMs,
      what: `the first data that used the window up; it was for ${time(limitedMs)} in all, and ${
        percent(half.view.openness)
      } open meanwhile`,
    }],
    next:
      `Let the system tune the ${reader}'s buffer (do not set SO_RCVBUF), or raise net.ipv4.tcp_rmem there.`,
  };
}

/** A window that shrank to this share of itself may have been too small, whatever its unit. */
const SHRUNK_SHARE = 0.25;
/** Of a transfer as fast as can be, most segments are full. */
const FULL_SHARE = 0.5;

/** Whether the window may have stopped the sender, which can't be told because its unit is not known. */
export function mayBeLimited(facts: Facts): boolean {
  const { window, sequence } = facts.main;
  const known = window.scale >= 0 && facts.handshake;
  if (known || sequence.segments === 0) return false;
  const shrunk = window.smallest <= window.largest * SHRUNK_SHARE;
  return shrunk || sequence.full >= FULL_SHARE * sequence.segments;
}
