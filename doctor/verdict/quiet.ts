/**
 * Times in which the server had nothing to say, and ends for want of a word from the
 * client.
 *
 * @module
 */

import type { ConnectionEnd, DoctorVerdict } from "../report.ts";
import { type Pause, wasHeldUp, wasLost } from "../flow/silence.ts";
import type { Facts } from "./facts.ts";
import { time } from "../words.ts";

/** A server that never said a word is silent after this long. */
const NEVER_MS = 2000;
/** What people set idle timeouts to, in seconds: below the first limit its multiples, and so on. */
const ROUND_SECONDS: readonly { below: number; multiplesOf: number }[] = [
  { below: 6, multiplesOf: 1 },
  { below: 61, multiplesOf: 5 },
  { below: 301, multiplesOf: 30 },
  { below: Infinity, multiplesOf: 300 },
];
/** A close comes this much later than the timeout, or little. */
const ROUND_SLACK_MS = 50;
/** Clocks are this exact. */
const ROUND_EARLY_MS = 5;
const IDLE_MS = 900;
/** Both silent for this long before the end. */
const BOTH_IDLE_MS = 900;

/** The server sent nothing though it could. */
export function silentVerdict(facts: Facts, end: ConnectionEnd): DoctorVerdict | undefined {
  const { server } = facts;
  const pauses = server.silence.pauses.filter((pause) => !wasLost(pause));
  if (pauses.length > 0) return silent(facts, pauses);
  const { connection } = facts;
  const untilMs = end.by === "capture" ? facts.captureEndMs : end.atMs;
  const ms = untilMs - connection.fromMs;
  if (server.sequence.bytes > 0 || ms < NEVER_MS || !facts.handshake) return undefined;
  return {
    kind: "server_silent",
    side: "server",
    confidence: "likely",
    sentence: `the server never sent a byte in ${time(ms)}`,
    evidence: [{
      frame: connection.firstFrame,
      atMs: connection.fromMs,
      what: "the connection's first packet",
    }],
    consistentWith:
      "a server that waits for the client to speak first, or a program that does not accept: the system shakes hands by itself",
    next: "Check what the protocol wants said first, and whether the server program works.",
  };
}

function silent(facts: Facts, pauses: Pause[]): DoctorVerdict {
  const ms = pauses.reduce((sum, pause) => sum + pause.toMs - pause.fromMs, 0);
  const last = pauses[pauses.length - 1];
  // Seen at the server, it is what the server did.
  const heldUp = facts.vantage !== "server" && pauses.some(wasHeldUp);
  return {
    kind: "server_silent",
    side: "server",
    confidence: heldUp ? "possible" : "likely",
    sentence: `the server sent nothing for ${time(ms)}${
      pauses.length > 1 ? ` in ${pauses.length} pauses` : ""
    }, though the window was open${last.ended ? "" : ", up to the end"}`,
    evidence: pauses.slice(0, 3).map((pause) => ({
      frame: pause.frame,
      atMs: pause.fromMs,
      what: `no data for ${time(pause.toMs - pause.fromMs)}`,
    })),
    consistentWith: heldUp
      ? "a way that held its packets up: what was due came at once afterwards"
      : "a feed with nothing to say, or a way that lost all of the server's packets",
    next: "Ask the server: its log at that time says whether it had something to send.",
  };
}

/** The server ended a connection on which the client had been silent. */
export function idleVerdict(facts: Facts, end: ConnectionEnd): DoctorVerdict | undefined {
  if (end.by !== "server" || (end.how !== "fin" && end.how !== "reset")) return undefined;
  const { client, server, connection } = facts;
  const spoke = !Number.isNaN(client.silence.lastMs);
  const lastWord = spoke ? client.silence.lastMs : connection.fromMs;
  const silentMs = end.atMs - lastWord;
  if (silentMs < IDLE_MS) return undefined;
  const bothMs = end.atMs - Math.max(lastWord, server.silence.lastMs || lastWord);
  const quiet = client.silence.isUnusual(silentMs);
  const round = roundSeconds(silentMs, facts.baseRttMs || 0);
  const bothIdle = !client.silence.regular && bothMs >= BOTH_IDLE_MS &&
    server.silence.isSilence(bothMs);
  if (end.how === "reset" ? !quiet : round === undefined && !bothIdle && !quiet) return undefined;
  return {
    kind: "server_idle_closed",
    side: "server",
    confidence: "possible",
    sentence: `the server closed the connection ${time(silentMs)} after the client's last word${
      round === undefined ? "" : `, as a timeout of ${round} s would`
    }`,
    evidence: [
      {
        frame: spoke ? client.silence.lastFrame : connection.firstFrame,
        atMs: lastWord,
        what: spoke ? "the client's last word" : "the connection's first packet",
      },
      { frame: end.frame, atMs: end.atMs, what: end.sentence },
    ],
    consistentWith: "an ordinary close: the two look the same",
    next:
      "If the protocol has pings or heartbeats, send them; else ask for the server's idle timeout.",
  };
}

/** The seconds of the timeout that fits; `undefined` if none that people set does. */
function roundSeconds(ms: number, roundTripMs: number): number | undefined {
  const seconds = Math.round(ms / 1000);
  const { multiplesOf } = ROUND_SECONDS.find(({ below }) => seconds < below)!;
  if (seconds < 1 || seconds % multiplesOf !== 0) return undefined;
  // At the client, the last word's way there and the end's way back are part of it.
  const over = ms - seconds * 1000;
  return over >= -ROUND_EARLY_MS && over <= ROUND_SLACK_MS + roundTripMs ? seconds : undefined;
}
