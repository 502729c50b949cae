/**
 * What the doctor's codes are called, the same in the terminal and on the page.
 *
 * @module
 */

import type {
  Confidence,
  ConnectionEnd,
  ConnectionReport,
  DoctorReport,
  DoctorVerdict,
  DoctorVerdictKind,
  SlowOutcome,
  Stall,
} from "../../doctor/report.ts";
import { counted } from "../words.ts";

/** How bad a verdict is: it ended a feed, it slowed one down, nothing is wrong, nothing can be said. */
export type Severity = "bad" | "poor" | "fine" | "unclear";

const KINDS: Readonly<Record<DoctorVerdictKind, readonly [name: string, severity: Severity]>> = {
  slow_consumer: ["slow consumer", "bad"],
  receive_buffer_too_small: ["receive buffer too small", "poor"],
  packet_loss: ["packet loss", "poor"],
  outage: ["outage", "poor"],
  unreachable: ["unreachable", "bad"],
  path_bottleneck: ["bottleneck on the path", "poor"],
  server_silent: ["server silent", "poor"],
  server_idle_closed: ["closed by the server as idle", "poor"],
  server_closed: ["closed by the server", "fine"],
  server_reset: ["reset by the server", "bad"],
  server_crashed: ["server crashed", "bad"],
  client_closed: ["closed by the client", "fine"],
  client_killed: ["client killed", "bad"],
  refused: ["refused", "bad"],
  filtered: ["filtered", "bad"],
  timed_out: ["timed out", "bad"],
  third_party: ["reset by a third party", "bad"],
  nothing_wrong: ["nothing wrong", "fine"],
  unknown: ["unknown", "unclear"],
};

const OUTCOMES: Readonly<Record<SlowOutcome, readonly [name: string, severity: Severity]>> = {
  cut: ["cut off", "bad"],
  recovered: ["recovered", "poor"],
  slow_to_the_end: ["slow to the end", "poor"],
  still_stalled: ["still stalled", "bad"],
};

/** How sure a verdict is, in words. */
export const CONFIDENCES: Readonly<Record<Confidence, string>> = {
  certain: "certain: the wire shows it",
  likely: "likely: little else explains it",
  possible: "possible: other causes look the same",
};

/** Where a capture was made, in words. */
export const VANTAGES: Readonly<Record<ConnectionReport["vantage"], string>> = {
  client: "at the client",
  server: "at the server",
  between: "between the two",
  unknown: "at an unknown place",
};

/** Why it is known that the sender had to wait, in words. */
export const PROOFS: Readonly<Record<NonNullable<Stall["proof"]>, string>> = {
  probes: "the sender probed the window",
  sent_again: "the sender sent again what it had sent",
  window_full: "the sender had filled the window",
  sent_when_opened: "the sender went on as soon as it could",
};

const ENDS: Readonly<Record<ConnectionEnd["how"], string>> = {
  fin: "FIN",
  reset: "RST",
  reset_no_socket: "RST, no socket",
  refused: "refused",
  icmp: "ICMP",
  gave_up: "gave up",
  open: "open",
};

/** A verdict in a few words: `slow consumer, cut off`. */
export function verdictName({ kind, outcome }: Pick<DoctorVerdict, "kind" | "outcome">): string {
  return outcome === undefined ? KINDS[kind][0] : `${KINDS[kind][0]}, ${OUTCOMES[outcome][0]}`;
}

/** How bad it is. */
export function severity({ kind, outcome }: Pick<DoctorVerdict, "kind" | "outcome">): Severity {
  return outcome === undefined ? KINDS[kind][1] : OUTCOMES[outcome][1];
}

/** How bad the first verdict of a connection is. */
export function severityOf({ verdicts }: ConnectionReport): Severity {
  return verdicts.length === 0 ? "unclear" : severity(verdicts[0]);
}

/** All verdicts of a connection in a few words. */
export function verdictNames({ verdicts }: ConnectionReport): string {
  return verdicts.map(verdictName).join(" + ") || KINDS.unknown[0];
}

/** An end in a few words: `server RST`. */
export function endName({ by, how }: ConnectionEnd): string {
  if (by === "capture") return ENDS.open;
  return `${by === "third_party" ? "third party" : by} ${ENDS[how]}`;
}

/** For how long the sides of a connection had to wait for each other's window. */
export function stalledMs({ client, server }: ConnectionReport): number {
  return client.stalledMs + server.stalledMs;
}

/** Payload bytes of both sides. */
export function bytesOfBoth({ client, server }: ConnectionReport): number {
  return client.bytes + server.bytes;
}

/** A verdict and how many connections have it as their first. */
export interface Tally {
  name: string;
  severity: Severity;
  count: number;
}

/** What the connections have, in the order of the first that has it: worst first. */
export function tallyOf(connections: readonly ConnectionReport[]): Tally[] {
  const tallies = new Map<string, Tally>();
  for (const connection of connections) {
    const name = firstName(connection);
    const tally = tallies.get(name) ?? { name, severity: severityOf(connection), count: 0 };
    tallies.set(name, { ...tally, count: tally.count + 1 });
  }
  return [...tallies.values()];
}

/** The first verdict in a few words. */
export function firstName({ verdicts }: ConnectionReport): string {
  return verdicts.length === 0 ? KINDS.unknown[0] : verdictName(verdicts[0]);
}

/** How many connections there are. */
export function connectionsText({ connections, moreConnections }: DoctorReport): string {
  return counted(connections.length + moreConnections, "TCP connection");
}
