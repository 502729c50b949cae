/**
 * What a connection's packets add up to: who is who, where the capture was made, and
 * how far it can be trusted.
 *
 * @module
 */

import type { Side } from "../report.ts";
import type { Connection } from "../flow/connection.ts";
import type { Half } from "../flow/half.ts";

/** One of the delays is that of the machine itself if the other is this much longer. */
const NEAR_FACTOR = 4;
/** Below this, both ends are near. */
const NEAR_MS = 0.5;
/** Time to live that hosts begin with. */
const TTLS_INITIAL: readonly number[] = [32, 64, 128, 255];
/** A capture that misses more of the packets shows no losses of the network. */
const MISSED_SHARE_MAX = 0.02;
/** With less, those that are whole tell enough. */
const CUT_SHARE = 0.5;
/** Ports below are servers'. */
const EPHEMERAL_PORT = 32_768;

/** A connection with its sides named. */
export interface Facts {
  connection: Connection;
  /** Number of the client's side. */
  clientSide: 0 | 1;
  rolesKnown: boolean;
  client: Half;
  server: Half;
  /** Data of the side that sent more. */
  main: Half;
  /** Which side sent it, and which read it. */
  sender: Side;
  reader: Side;
  vantage: Side | "between" | "unknown";
  /** Both SYNs were captured. */
  handshake: boolean;
  /** Packets of one side only. */
  oneWay: boolean;
  /** Shortest way there and back; NaN if not known. */
  baseRttMs: number;
  /** When the capture ended. */
  captureEndMs: number;
  /** Share of the data that was acknowledged but not captured. */
  missedShare: number;
  /** The capture breaks off: more may have come. */
  brokenOff: boolean;
  /** So much is missing that it says nothing about losses. */
  lossy: boolean;
  /** So little of most packets was captured that their options, or even their windows, are missing. */
  optionsCut: boolean;
  windowsCut: boolean;
  durationMs: number;
}

/** Adds them up. */
export function factsOf(
  connection: Connection,
  captureEndMs: number,
  brokenOff: boolean,
): Facts {
  const { clientSide, rolesKnown } = roles(connection);
  const client = connection.halves[clientSide];
  const server = connection.halves[1 - clientSide];
  const downloads = server.sequence.bytes >= client.sequence.bytes;
  const missedShare = missedShareOf(connection);
  const { syn, synAck } = connection.ending;
  return {
    connection,
    clientSide,
    rolesKnown,
    client,
    server,
    main: downloads ? server : client,
    sender: downloads ? "server" : "client",
    reader: downloads ? "client" : "server",
    vantage: vantageOf(connection, clientSide),
    handshake: syn.some((mark) => mark !== undefined) && synAck.some((mark) => mark !== undefined),
    oneWay: isOneWay(connection),
    baseRttMs: baseRtt(connection),
    captureEndMs,
    brokenOff,
    missedShare,
    lossy: missedShare > MISSED_SHARE_MAX,
    optionsCut: connection.optionsCut > CUT_SHARE * connection.packets,
    windowsCut: connection.windowsCut > CUT_SHARE * connection.packets,
    durationMs: connection.toMs - connection.fromMs,
  };
}

function roles(connection: Connection): { clientSide: 0 | 1; rolesKnown: boolean } {
  const { syn, synAck } = connection.ending;
  for (const side of [0, 1] as const) {
    if (syn[side] !== undefined || synAck[1 - side] !== undefined) {
      return { clientSide: side, rolesKnown: true };
    }
  }
  const [first, second] = connection.ports;
  const [firstLow, secondLow] = [first < EPHEMERAL_PORT, second < EPHEMERAL_PORT];
  if (firstLow !== secondLow) return { clientSide: firstLow ? 1 : 0, rolesKnown: false };
  // A feed: the server is the one that talks.
  const [a, b] = connection.halves;
  const byBytes = a.sequence.bytes !== b.sequence.bytes;
  const serverFirst = byBytes ? a.sequence.bytes > b.sequence.bytes : first < second;
  return { clientSide: serverFirst ? 1 : 0, rolesKnown: false };
}

function vantageOf(connection: Connection, clientSide: 0 | 1): Facts["vantage"] {
  const named = (side: number): Side => side === clientSide ? "client" : "server";
  const [out0, out1] = connection.outgoing;
  if (out0 > 0 !== out1 > 0) return named(out0 > 0 ? 0 : 1);
  const [lag0, lag1] = lagsOf(connection);
  if (Math.max(lag0, lag1) < NEAR_MS) return "unknown";
  if (lag0 * NEAR_FACTOR < lag1) return named(0);
  if (lag1 * NEAR_FACTOR < lag0) return named(1);
  if (!Number.isNaN(lag0 + lag1)) return "between";
  const fresh = connection.halves.map((half) =>
    half.origin.ttls.some((ttl) => TTLS_INITIAL.includes(ttl))
  );
  return fresh[0] === fresh[1] ? "unknown" : named(fresh[0] ? 0 : 1);
}

/** From the capture to each side and back: by the handshake, else by the quickest answer to data. */
function lagsOf(connection: Connection): [number, number] {
  const lag = (side: 0 | 1): number => {
    const shaken = connection.lagMs[side];
    if (!Number.isNaN(shaken)) return shaken;
    const { roundTrips } = connection.halves[1 - side];
    return roundTrips.count > 0 ? roundTrips.minMs : NaN;
  };
  return [lag(0), lag(1)];
}

function baseRtt(connection: Connection): number {
  const [lag0, lag1] = lagsOf(connection);
  if (Number.isNaN(lag0)) return lag1;
  return Number.isNaN(lag1) ? lag0 : lag0 + lag1;
}

/** Packets of one side only, though the other side must have answered. */
function isOneWay(connection: Connection): boolean {
  const { ending, halves, packets } = connection;
  const silent = halves.some((half) => half.packets === 0);
  // Only SYNs: nobody answered.
  return silent && packets > ending.syns;
}

function missedShareOf(connection: Connection): number {
  let missed = 0;
  let seen = 0;
  for (const { sequence } of connection.halves) {
    missed += sequence.missed;
    seen += sequence.bytes;
  }
  return missed > 0 ? missed / (missed + seen) : 0;
}

/** Milliseconds from first to last data of a direction, at least 1. */
export function activeMs(half: Half): number {
  return Math.max(1, half.silence.lastMs - half.silence.firstMs) || 1;
}

/** The half whose data `side` sends. */
export function halfOf(facts: Facts, side: Side): Half {
  return side === "client" ? facts.client : facts.server;
}

/** The other side. */
export function otherSide(side: Side): Side {
  return side === "client" ? "server" : "client";
}
