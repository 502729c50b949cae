/**
 * Ends that are a verdict of their own.
 *
 * @module
 */

import type { ConnectionEnd, DoctorVerdict } from "../report.ts";
import type { Facts } from "./facts.ts";

/** Something in between sent the RST. */
export function thirdPartyVerdict(facts: Facts, end: ConnectionEnd): DoctorVerdict | undefined {
  if (end.by !== "third_party" || end.how !== "reset") return undefined;
  const { ending } = facts.connection;
  // INVARIANT: an end by reset has one.
  const reset = ending.reset!;
  const wentOn = ending.wentOnAfterReset > 0;
  return {
    kind: "third_party",
    confidence: wentOn ? "certain" : "likely",
    sentence: `something between the two ended it: ${end.sentence}${
      wentOn ? ", and the side it names went on as if nothing had happened" : ""
    }`,
    evidence: [{
      frame: reset.frame,
      atMs: reset.timeMs,
      what: reset.hopsOff === 0
        ? `an RST, behind which ${ending.wentOnAfterReset} more packets came from the side it names`
        : `the RST has come another way than the side's other packets: its time to live is ${reset.hopsOff} off${
          reset.idOff ? ", and its number is not in their row" : ""
        }`,
    }],
    consistentWith:
      "a firewall, proxy or load balancer that ends connections, or an attack; a way that changed at that moment",
    next: "Look for firewalls, proxies and load balancers on the way, and at their timeouts.",
  };
}

/** What an end says when nothing else was wrong. */
export function endVerdict(facts: Facts, end: ConnectionEnd): DoctorVerdict {
  const evidence = [{ frame: end.frame, atMs: end.atMs, what: end.sentence }];
  if (end.how === "fin") return finVerdict(facts, end, evidence);
  if (end.how === "reset_no_socket") return noSocketVerdict(end, evidence);
  if (end.how === "reset") return resetVerdict(facts, end, evidence);
  return {
    kind: "nothing_wrong",
    confidence: "possible",
    sentence: "nothing was wrong as far as it was captured, and it had not ended",
    evidence,
    next: "If it died later, capture that.",
  };
}

function finVerdict(
  facts: Facts,
  end: ConnectionEnd,
  evidence: DoctorVerdict["evidence"],
): DoctorVerdict {
  if (end.by === "client" && clientVanished(facts)) {
    return {
      kind: "client_killed",
      side: "client",
      confidence: "likely",
      sentence:
        "the client closed its socket while the server was still sending: its system answered data with RST",
      evidence,
      consistentWith:
        "a program that was killed or crashed, or one that closed without reading to the end",
      next: "Look into the client's log at that time: it ended the connection.",
    };
  }
  if (end.by === "client") {
    return {
      kind: "client_closed",
      side: "client",
      confidence: "certain",
      sentence: "the client closed the connection, in the ordinary way",
      evidence,
      next: "If it should not have, look into the client's log at that time.",
    };
  }
  return {
    kind: "server_closed",
    side: "server",
    confidence: "certain",
    sentence: "the server closed the connection in the ordinary way; nothing was wrong before",
    evidence,
    consistentWith:
      "a server program that ended, was killed or was restarted: its system closes for it",
    next: "If it should not have, look into the server's log at that time.",
  };
}

/** Its system answered with RST what came after: the socket was gone, not only shut. */
function clientVanished({ connection, clientSide }: Facts): boolean {
  const { reset, fin } = connection.ending;
  const serverFin = fin[1 - clientSide];
  // After both said goodbye, an RST only tidies up.
  const tidied = reset !== undefined && serverFin !== undefined && serverFin.frame < reset.frame;
  return reset?.from === clientSide && !tidied;
}

function noSocketVerdict(end: ConnectionEnd, evidence: DoctorVerdict["evidence"]): DoctorVerdict {
  if (end.by === "client") {
    return {
      kind: "client_killed",
      side: "client",
      confidence: "likely",
      sentence: "the client no longer knew the connection: it answered data with RST",
      evidence,
      consistentWith:
        "a client machine that restarted, or a firewall at its side that forgot the connection",
      next: "Look at what happened to the client's machine before that time.",
    };
  }
  return {
    kind: "server_crashed",
    side: "server",
    confidence: "likely",
    sentence:
      "the server no longer knew the connection: it answered the client with RST, and had not closed it before",
    evidence,
    consistentWith:
      "a server machine that crashed and restarted, a server that gave the connection up silently (a user timeout), or another machine that took its address",
    next: "Look at when the server restarted, and whether a load balancer moved the address.",
  };
}

function resetVerdict(
  facts: Facts,
  end: ConnectionEnd,
  evidence: DoctorVerdict["evidence"],
): DoctorVerdict {
  if (end.by === "client") {
    return {
      kind: "client_killed",
      side: "client",
      confidence: "likely",
      sentence: "the client reset the connection: it ended with data unread, or on purpose",
      evidence,
      consistentWith: "a program that was killed, crashed, or closed without reading to the end",
      next: "Look into the client's log at that time: it ended the connection.",
    };
  }
  const { scale, stalls } = facts.server.window;
  const closed = stalls.some((stall) => stall.endedBy === "connection_end");
  const open = scale >= 0 && !closed;
  return {
    kind: "server_reset",
    side: "server",
    confidence: open ? "likely" : "possible",
    sentence: open
      ? "the server reset the connection, though the client left it room to send: the client's reading is not the cause"
      : `the server reset the connection; why can't be seen${
        closed ? ", but the client's window had just closed" : ""
      }`,
    evidence,
    consistentWith:
      "a server program that was killed, that closed with something of the client's unread, or that resets on purpose, for instance because it was idle",
    next: "Look into the server's log at that time.",
  };
}

/** So much is missing that no more can be said. */
export function unknownVerdict(facts: Facts, why: string): DoctorVerdict {
  const { connection } = facts;
  return {
    kind: "unknown",
    confidence: "certain",
    sentence: why,
    evidence: [{
      frame: connection.firstFrame,
      atMs: connection.fromMs,
      what: "the connection's first packet",
    }],
    next:
      "Capture again, both directions, from before the connection is made: tcpdump -s 128 -w FILE host SERVER",
  };
}
