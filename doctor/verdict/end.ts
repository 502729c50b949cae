/**
 * Who ended the connection, and how.
 *
 * @module
 */

import type { ConnectionEnd, Side } from "../report.ts";
import type { ResetMark } from "../flow/ending.ts";
import { type Facts, otherSide } from "./facts.ts";

/** A host does not differ from itself by so many hops. */
const THIRD_PARTY_HOPS = 2;

/** A side that sent an RST sends nothing so long after it, but what was captured out of order. */
const WENT_ON_PACKETS = 2;
const WENT_ON_MS = 500;

/** Whether the RST comes from something between the two sides. */
function fromThirdParty({ connection }: Facts, reset: ResetMark): boolean {
  const { packets, ending } = connection;
  const wentOn = ending.wentOnAfterReset >= WENT_ON_PACKETS && ending.wentOnForMs >= WENT_ON_MS;
  return wentOn || (reset.hopsOff >= THIRD_PARTY_HOPS && packets > 2);
}

/** Says it. */
export function endOf(facts: Facts): ConnectionEnd {
  const { connection } = facts;
  const { ending } = connection;
  const { reset, unreachable } = ending;
  const named = (side: number): Side => side === facts.clientSide ? "client" : "server";
  if (reset !== undefined) {
    const fin = firstFin(facts);
    if (fin !== undefined && fin.timeMs <= reset.timeMs) return finEnd(facts, named(fin.side), fin);
    return resetEnd(facts, reset, named(reset.from));
  }
  const fin = firstFin(facts);
  if (fin !== undefined) return finEnd(facts, named(fin.side), fin);
  const last = { frame: connection.lastFrame, atMs: connection.toMs };
  if (!facts.handshake && ending.synAcks === 0 && unreachable !== undefined) {
    return {
      by: "third_party",
      how: "icmp",
      frame: unreachable.frame,
      atMs: unreachable.timeMs,
      sentence: "a router or host refused the connection by ICMP",
    };
  }
  if (connection.halves.some((half) => half.unanswered.gone)) {
    return { by: "capture", how: "gave_up", ...last, sentence: "its retries got no answer" };
  }
  return {
    by: "capture",
    how: "open",
    ...last,
    sentence: "it had not ended when the capture did",
  };
}

function firstFin(facts: Facts): { frame: number; timeMs: number; side: number } | undefined {
  const fins = facts.connection.ending.fin.flatMap((mark, side) =>
    mark === undefined ? [] : [{ ...mark, side }]
  );
  return fins.sort((a, b) => a.timeMs - b.timeMs)[0];
}

function finEnd(
  facts: Facts,
  by: Side,
  fin: { frame: number; timeMs: number },
): ConnectionEnd {
  const { reset } = facts.connection.ending;
  const late = reset === undefined ? "" : ", and an RST answered what came later";
  return {
    by,
    how: "fin",
    frame: fin.frame,
    atMs: fin.timeMs,
    sentence: `the ${by} closed it (FIN)${late}`,
  };
}

function resetEnd(facts: Facts, reset: ResetMark, from: Side): ConnectionEnd {
  const at = { frame: reset.frame, atMs: reset.timeMs };
  if (!facts.handshake && isRefusal(facts, from)) {
    return {
      by: from,
      how: "refused",
      ...at,
      sentence: `the ${from} answered the SYN with an RST`,
    };
  }
  if (fromThirdParty(facts, reset)) {
    return {
      by: "third_party",
      how: "reset",
      ...at,
      sentence: `an RST came in the ${from}'s name${
        reset.hopsOff > 0 ? `, with a time to live ${reset.hopsOff} off` : ""
      }`,
    };
  }
  if (reset.bare && reset.answers) {
    return {
      by: from,
      how: "reset_no_socket",
      ...at,
      sentence: `the ${from} answered a packet with an RST: it no longer knew the connection`,
    };
  }
  const other = otherSide(from);
  return {
    by: from,
    how: "reset",
    ...at,
    sentence: `the ${from} reset it (RST), which is errno 104 for the ${other}`,
  };
}

/** Nothing but SYNs before it. */
function isRefusal(facts: Facts, from: Side): boolean {
  const { ending, packets } = facts.connection;
  return from === "server" && ending.syns > 0 && packets <= ending.syns + ending.resets;
}
