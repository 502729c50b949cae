/**
 * The report of one connection.
 *
 * @module
 */

import type { Connection } from "../flow/connection.ts";
import type { Half } from "../flow/half.ts";
import type { ConnectionReport, Gap, RoundTrip, Side, SideReport, Stall } from "../report.ts";
import { addressText } from "../packet/address.ts";
import { endOf } from "./end.ts";
import { activeMs, type Facts, factsOf, halfOf, otherSide } from "./facts.ts";
import { judge } from "./judge.ts";
import { outagesOf } from "./network.ts";
import { waited } from "./slow.ts";
import { percent } from "../words.ts";

/** Says all that is known of a connection; `brokenOff`: the capture ends because its file is broken. */
export function connectionReport(
  connection: Connection,
  captureEndMs: number,
  brokenOff: boolean,
): ConnectionReport {
  connection.end(captureEndMs);
  const facts = factsOf(connection, captureEndMs, brokenOff);
  const end = endOf(facts);
  const stalls = (["client", "server"] as const).flatMap((side) => stallsOf(facts, side));
  const roundTrip = roundTripOf(facts);
  const timeline = facts.main.recording?.timeline(facts.reader);
  return {
    client: sideReport(facts, "client"),
    server: sideReport(facts, "server"),
    rolesKnown: facts.rolesKnown,
    vantage: facts.vantage,
    firstFrame: connection.firstFrame,
    fromMs: connection.fromMs,
    toMs: connection.toMs,
    ...(roundTrip === undefined ? {} : { roundTrip }),
    stalls: stalls.sort((a, b) => a.fromMs - b.fromMs),
    moreStalls: facts.client.window.moreStalls + facts.server.window.moreStalls,
    gaps: gapsOf(facts),
    end,
    verdicts: judge(facts, end),
    notes: notesOf(facts),
    ...(timeline === undefined ? {} : { timeline }),
  };
}

/** `side` is the one that did not read. */
function stallsOf(facts: Facts, side: Side): Stall[] {
  return halfOf(facts, otherSide(side)).window.stalls.map((stall) => ({ side, ...stall }));
}

function sideReport(facts: Facts, side: Side): SideReport {
  const number = side === "client" ? facts.clientSide : 1 - facts.clientSide;
  const { connection } = facts;
  const sent = halfOf(facts, side);
  // What the side said of its window is about the data of the other.
  const received = halfOf(facts, otherSide(side));
  const { window } = received;
  const known = window.scale >= 0;
  return {
    address: addressText(connection.words[number]),
    port: connection.ports[number],
    packets: sent.packets,
    bytes: sent.sequence.bytes,
    retransmissions: sent.sequence.again + sent.sequence.late + sent.sequence.needless,
    ...(known && window.largest > 0 ? { largestWindow: window.largest } : {}),
    ...(known ? { windowScale: window.scale } : {}),
    ...(facts.handshake ? { maxSegment: window.segment } : {}),
    zeroWindows: window.zeroCount,
    zeroWindowMs: window.zeroMs,
    stalledMs: waited(received),
    probes: window.probes,
    bufferLimitedShare: Math.min(1, received.view.limitedMs / activeMs(received)),
  };
}

function roundTripOf(facts: Facts): RoundTrip | undefined {
  const { connection } = facts;
  const handshakeMs = connection.lagMs[0] + connection.lagMs[1];
  const trips = farther(facts);
  if (trips === undefined) {
    if (Number.isNaN(handshakeMs)) return undefined;
    return { handshakeMs, minMs: handshakeMs, medianMs: handshakeMs, maxMs: handshakeMs };
  }
  const { minMs, medianMs, maxMs } = trips.roundTrips;
  return { ...(Number.isNaN(handshakeMs) ? {} : { handshakeMs }), minMs, medianMs, maxMs };
}

/** Data of the side that is near the capture takes the whole way. */
function farther(facts: Facts): Half | undefined {
  const { client, server } = facts;
  const counted = [client, server].filter((half) => half.roundTrips.count > 0);
  if (counted.length < 2) return counted[0];
  return client.roundTrips.minMs > server.roundTrips.minMs ? client : server;
}

function gapsOf(facts: Facts): Gap[] {
  const gaps: Gap[] = outagesOf(facts).map((outage) => ({
    kind: "outage",
    side: outage.side,
    frame: outage.frame,
    fromMs: outage.fromMs,
    toMs: outage.toMs,
    ended: outage.ended,
  }));
  for (const side of ["client", "server"] as const) {
    for (const { frame, fromMs, toMs, ended } of halfOf(facts, side).silence.pauses) {
      gaps.push({ kind: "silence", side, frame, fromMs, toMs, ended });
    }
  }
  return gaps.sort((a, b) => a.fromMs - b.fromMs);
}

function notesOf(facts: Facts): string[] {
  const { connection, missedShare } = facts;
  const { ignoredReset } = connection.ending;
  const notes: string[] = [];
  if (facts.oneWay) notes.push("only one direction was captured");
  if (!facts.handshake && connection.ending.syns === 0) {
    notes.push(
      "the handshake was not captured: windows have an unknown scale, so that only a window of zero counts",
    );
  }
  if (missedShare > 0) {
    notes.push(
      `the capture misses ${percent(missedShare)} of the data, which was acknowledged all the same`,
    );
  }
  if (connection.duplicates > 0) {
    const { duplicates } = connection;
    notes.push(
      duplicates === 1
        ? "a packet was captured twice, and counted once"
        : `${duplicates} packets were captured twice, and counted once`,
    );
  }
  if (facts.windowsCut) {
    notes.push("TCP windows were not captured: whether one stopped the sender is not known");
  } else if (facts.optionsCut) {
    notes.push("TCP options were not captured: scale and timestamps are not known");
  }
  if (ignoredReset !== undefined) {
    notes.push(`frame ${ignoredReset.frame} is an RST that neither side heeded: both went on`);
  }
  return notes;
}
