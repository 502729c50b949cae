/**
 * Connections that never stood.
 *
 * @module
 */

import type { ConnectionEnd, DoctorVerdict } from "../report.ts";
import type { Facts } from "./facts.ts";
import { time, times } from "../words.ts";

/** So long without an answer a SYN must be before that means anything. */
const UNANSWERED_MS = 900;

/** What is wrong with the handshake; `undefined` if nothing is. */
export function setupVerdict(facts: Facts, end: ConnectionEnd): DoctorVerdict | undefined {
  const { ending } = facts.connection;
  if (ending.syns === 0 || hasGoneOn(facts)) return undefined;
  if (end.how === "refused") return refused(end);
  if (ending.unreachable !== undefined && ending.synAcks === 0) return forbidden(facts);
  if (ending.synAcks > 0 && ending.resets > 0) {
    return end.by === "client" ? givenUp(end) : undefined;
  }
  return timedOut(facts);
}

/** There is more than a handshake, though it may not have been captured whole. */
function hasGoneOn(facts: Facts): boolean {
  const { ending, packets } = facts.connection;
  return packets > ending.syns + ending.synAcks + ending.resets;
}

function refused(end: ConnectionEnd): DoctorVerdict {
  return {
    kind: "refused",
    side: "server",
    confidence: "certain",
    sentence: "the server refused the connection: most likely nothing listens at that port",
    evidence: [{ frame: end.frame, atMs: end.atMs, what: "an RST answers the SYN" }],
    consistentWith:
      "a firewall that rejects with an RST, or a server whose queue of new connections is full and set to refuse",
    next: "Check that the server runs, and that address and port are right.",
  };
}

function forbidden(facts: Facts): DoctorVerdict {
  // INVARIANT: who calls has looked.
  const { prohibited, portClosed, frame, timeMs } = facts.connection.ending.unreachable!;
  const evidence = [{ frame, atMs: timeMs, what: "ICMP says that the SYN did not get through" }];
  if (portClosed) {
    return {
      kind: "refused",
      confidence: "certain",
      sentence: "the connection was refused by ICMP: the port can't be reached",
      evidence,
      consistentWith: "a firewall that rejects: a port nothing listens at answers with an RST",
      next: "Check the port, and the firewall of the server.",
    };
  }
  if (prohibited) {
    return {
      kind: "filtered",
      confidence: "certain",
      sentence: "a firewall forbids the connection: ICMP says so",
      evidence,
      next: "Ask whoever runs the network or the server to open the port.",
    };
  }
  return {
    kind: "unreachable",
    confidence: "certain",
    sentence: "no way leads to the server: ICMP says that it can't be reached",
    evidence,
    next: "Check the address, the route and whether the machine is up.",
  };
}

function givenUp(end: ConnectionEnd): DoctorVerdict {
  return {
    kind: "client_killed",
    side: "client",
    confidence: "likely",
    sentence: "the client gave the connection up: it answered the server's SYN with an RST",
    evidence: [{ frame: end.frame, atMs: end.atMs, what: "an RST answers the server's SYN" }],
    consistentWith:
      "a client that no longer waits, or a health check or port scan, which wants no connection",
    next: "If it is no check, look how long the client waits for a connection.",
  };
}

function timedOut(facts: Facts): DoctorVerdict | undefined {
  const { connection } = facts;
  const { ending } = connection;
  const first = ending.syn[facts.clientSide];
  if (first === undefined) return undefined;
  const waitedMs = facts.captureEndMs - first.timeMs;
  if (waitedMs < UNANSWERED_MS) return undefined;
  const answered = ending.synAcks > 0;
  return {
    kind: "timed_out",
    confidence: ending.syns + ending.synAcks > 2 ? "certain" : "likely",
    sentence: answered
      ? `the handshake never completed: the server answered ${
        times(ending.synAcks)
      }, but the client did not hear it`
      : `the server did not answer: ${ending.syns} SYN${ending.syns === 1 ? "" : "s"} in ${
        time(connection.toMs - first.timeMs)
      }, no answer`,
    evidence: [
      { frame: first.frame, atMs: first.timeMs, what: "the first SYN" },
      { frame: connection.lastFrame, atMs: connection.toMs, what: "the last packet" },
    ],
    consistentWith:
      "a firewall that drops silently, a machine that is down, or a server whose queue of new connections is full",
    next: "Check address, port and firewalls, and whether the server accepts connections.",
  };
}
