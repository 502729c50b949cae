/**
 * What the network did: losses, outages, queues.
 *
 * @module
 */

import type { Mark } from "../flow/ending.ts";
import type { Half } from "../flow/half.ts";
import type { Outage } from "../flow/unanswered.ts";
import { type Pause, wasLost } from "../flow/silence.ts";
import type { ConnectionEnd, DoctorVerdict, Side } from "../report.ts";
import { type Facts, halfOf, otherSide } from "./facts.ts";
import { percent, time, times } from "../words.ts";

/** Fewer losses are what every network has. */
const LOSSES_MIN = 2;
const LOSS_SHARE = 0.005;
/** With so many losses, a short outage is some of them in a row. */
const LOSSY_SHARE = 0.03;
const SHORT_OUTAGE_MS = 1000;
/** A queue delays by this much more than the way takes, and at least this long. */
const QUEUE_ROUND_TRIPS = 2;
const QUEUE_MS = 60;
/** For this share of the time. */
const QUEUED_SHARE = 0.3;
const STEPS_MIN = 4;
const FEW_STEPS_MIN = 2;
const FEW_QUEUE_MS = 250;
const FEW_QUEUE_ROUND_TRIPS = 5;
/** Or, if the sender cut it off, for this share of the last part. */
const LAST_PART = 4;
const QUEUED_AT_END_SHARE = 0.6;

/** An outage, and the side nothing came from. */
interface SidedOutage extends Outage {
  side: Side;
}

/** All outages of a connection, the first first. */
export function outagesOf(facts: Facts): SidedOutage[] {
  const of = (side: Side): SidedOutage[] =>
    halfOf(facts, side).unanswered.outages.map((outage) => ({ ...outage, side: otherSide(side) }));
  return [...of("client"), ...of("server")].sort((a, b) => a.fromMs - b.fromMs);
}

/** Nothing came through any more, to the end. */
export function unreachableVerdict(facts: Facts): DoctorVerdict | undefined {
  const { unreachable } = facts.connection.ending;
  const outage = outagesOf(facts).find((one) => !one.ended);
  if (outage === undefined) return undefined;
  const { side } = outage;
  return {
    kind: "unreachable",
    confidence: unreachable === undefined ? "likely" : "certain",
    sentence: `nothing came from the ${side} any more: the ${otherSide(side)} tried again ${
      times(Math.ceil(outage.retries))
    } in ${time(outage.toMs - outage.fromMs)}, without an answer`,
    evidence: [
      { frame: outage.frame, atMs: outage.fromMs, what: "the first packet without an answer" },
      ...(unreachable === undefined
        ? []
        : [{ frame: unreachable.frame, atMs: unreachable.timeMs, what: "ICMP says so" }]),
    ],
    consistentWith:
      `a network that is down, a ${side} that lost power or froze, or a firewall that forgot the connection`,
    next:
      `Check the way to the ${side} and whether it is up; keep-alives or an idle timeout notice it sooner.`,
  };
}

/** Nothing came through for a while. */
export function outageVerdict(facts: Facts): DoctorVerdict | undefined {
  const least = lossShare(facts) >= LOSSY_SHARE ? SHORT_OUTAGE_MS : 0;
  const seen = outagesOf(facts).filter((one) => one.ended && one.toMs - one.fromMs >= least);
  if (seen.length > 0) return outage(seen);
  const held =
    (["server", "client"] as const).flatMap((side) =>
      halfOf(facts, side).silence.pauses.filter(wasLost)
        .map((pause) => ({ side, pause }))
    )[0];
  return held === undefined ? undefined : heldUp(held.side, held.pause);
}

function outage(outages: SidedOutage[]): DoctorVerdict {
  const ms = outages.reduce((sum, one) => sum + one.toMs - one.fromMs, 0);
  const longest = outages.reduce((a, b) => b.toMs - b.fromMs > a.toMs - a.fromMs ? b : a);
  return {
    kind: "outage",
    confidence: "likely",
    sentence: `nothing came through for ${
      time(ms)
    }: what was sent in that time had to be sent again`,
    evidence: outages.slice(0, 3).map((one) => ({
      frame: one.frame,
      atMs: one.fromMs,
      what: `no answer for ${time(one.toMs - one.fromMs)}, ${Math.ceil(one.retries)} retries`,
    })),
    consistentWith: `a ${longest.side} that was frozen for that time`,
    next: "Look for what happened to the network at that time: a route, a link, a roaming client.",
  };
}

function heldUp(side: Side, pause: Pause): DoctorVerdict {
  return {
    kind: "outage",
    confidence: "possible",
    sentence: `nothing came from the ${side} for ${
      time(pause.toMs - pause.fromMs)
    }, then what was due came at once; by the numbers of its packets, ${pause.lostPackets} got lost`,
    evidence: [{ frame: pause.frame, atMs: pause.fromMs, what: "the last packet before" }],
    consistentWith: `a ${side} that was frozen, or held its data back`,
    next: "Capture on the other side too: it shows whether the packets were sent.",
  };
}

/** Packets that got lost, of both directions. */
function losses(half: Half): number {
  const { again, late } = half.sequence;
  return again + late;
}

/** Whether anything was sent more than once. */
export function sentAgain(facts: Facts): boolean {
  return losses(facts.main) > 0;
}

/** Share of the segments that got lost, outages left out. */
export function lossShare(facts: Facts): number {
  const { sequence } = facts.main;
  const retriesOfOutages = facts.main.unanswered.outages.reduce((sum, one) => sum + one.retries, 0);
  const lost = Math.max(0, losses(facts.main) - retriesOfOutages);
  return sequence.segments > 0 ? lost / sequence.segments : 0;
}

/** Packets got lost. */
export function lossVerdict(facts: Facts): DoctorVerdict | undefined {
  if (facts.lossy) return undefined;
  const share = lossShare(facts);
  const count = Math.round(share * facts.main.sequence.segments);
  if (count < LOSSES_MIN || share < LOSS_SHARE) return undefined;
  const { main } = facts;
  return {
    kind: "packet_loss",
    // What was seen twice may have been sent again needlessly.
    confidence: main.sequence.late > 0 ? "certain" : "likely",
    sentence: `packets of the ${facts.sender} got lost: ${count} of ${main.sequence.segments} (${
      percent(share)
    }) had to be sent again`,
    evidence: main.losses.map(({ frame, timeMs }) => ({
      frame,
      atMs: timeMs,
      what: "data that had been sent before",
    })),
    consistentWith: "a bad link, a queue that overflows, or a policer on the way",
    next: "Look for errors and drops on the links between the two (wireless, overloaded, faulty).",
  };
}

/** Packets wait in a queue before a slow link. */
export function bottleneckVerdict(facts: Facts, end: ConnectionEnd): DoctorVerdict | undefined {
  const { steps, longestAt } = queueDelays(facts);
  // Without the handshake, the shortest way seen may have a queue in it.
  const base = facts.handshake ? facts.baseRttMs || 0 : 0;
  const few = steps.length < STEPS_MIN;
  // Few packets must say it all the more clearly.
  const limit = few && base > 0
    ? Math.max(FEW_QUEUE_MS, FEW_QUEUE_ROUND_TRIPS * base)
    : Math.max(QUEUE_MS, QUEUE_ROUND_TRIPS * base);
  const queued = steps.filter((delay) => delay >= limit);
  const atEnd = end.by === facts.sender && end.how === "reset";
  const last = steps.slice(-Math.ceil(steps.length / LAST_PART));
  const queuedAtEnd = atEnd &&
    last.filter((delay) => delay >= limit).length >= QUEUED_AT_END_SHARE * last.length;
  if (few && (base === 0 || steps.length < FEW_STEPS_MIN)) return undefined;
  if (queued.length < QUEUED_SHARE * steps.length && !queuedAtEnd) return undefined;
  const longest = queued.reduce((a, b) => Math.max(a, b));
  return {
    kind: "path_bottleneck",
    confidence: "likely",
    sentence: `the way is slower than the feed: packets waited up to ${time(longest)} in a queue${
      base > 0 ? `, on a way that takes ${time(base)}` : ""
    }, while the ${facts.reader}'s window was open${
      atEnd ? `; then the ${facts.sender} cut it off` : ""
    }`,
    evidence: [{
      frame: longestAt.frame,
      atMs: longestAt.timeMs,
      what: `the longest wait, ${time(longest)}; ${
        percent(queued.length / steps.length)
      } of the time packets waited ${time(limit)} or more`,
    }],
    consistentWith:
      `a rate limit or traffic shaper, or a busy ${facts.sender} whose packets wait in its own queue`,
    next:
      "Send less (fewer topics, a filter, compression), or get a faster link; the reader is not the cause.",
  };
}

/** How long packets waited, in each step of time, and the one that waited longest. */
interface QueueDelays {
  steps: number[];
  longestAt: Mark;
}

/**
 * How long packets waited, by steps of time: near the sender their acknowledgements say it, near
 * the receiver their timestamps, or else the acknowledgements of what the receiver sends.
 */
function queueDelays(facts: Facts): QueueDelays {
  const { main, reader } = facts;
  if (facts.vantage === facts.sender) return byRoundTrips(main, facts);
  const delays = main.oneWay.beyondLeast();
  const seen = delays.filter((delay) => !Number.isNaN(delay));
  if (seen.length < STEPS_MIN) return byRoundTrips(halfOf(facts, reader), facts);
  const longest = seen.reduce((a, b) => Math.max(a, b));
  return { steps: [...seen], longestAt: main.oneWay.packetAt(delays.indexOf(longest)) };
}

function byRoundTrips(half: Half, facts: Facts): QueueDelays {
  const { connection } = facts;
  const steps = [...beyondBase(half, facts)].filter((delay) => !Number.isNaN(delay));
  const start = { frame: connection.firstFrame, timeMs: connection.fromMs };
  return { steps, longestAt: half.roundTrips.longest ?? start };
}

function beyondBase({ roundTrips }: Half, facts: Facts): Float64Array {
  const least = Math.min(facts.baseRttMs || Infinity, roundTrips.minMs);
  return roundTrips.overTime.values.map((ms) => ms - least);
}
