/**
 * What is known of a connection and of a capture, as rows for the terminal and the page.
 *
 * @module
 */

import { endpointText } from "../../doctor/address.ts";
import type {
  CaptureReport,
  ConnectionReport,
  Gap,
  RoundTrip,
  Side,
  SideReport,
  Stall,
} from "../../doctor/report.ts";
import { timeText } from "../spill_report.ts";
import { binaryBytes, counted, seconds, whole } from "../words.ts";
import { PROOFS, VANTAGES } from "./labels.ts";

/** A row: what, and how it is. */
export type Fact = readonly [name: string, value: string];

/** The rows of a connection, without its stalls and gaps. */
export function connectionFacts(connection: ConnectionReport): Fact[] {
  const { client, server, fromMs, toMs, firstFrame, roundTrip, end } = connection;
  const facts: (Fact | undefined)[] = [
    ["client", sideText(client)],
    ["server", sideText(server)],
    connection.rolesKnown
      ? undefined
      : ["roles", "the lower port is taken to be the server's, the handshake was not captured"],
    ["captured", VANTAGES[connection.vantage]],
    [
      "lasted",
      `${seconds(toMs - fromMs)}, ${seconds(fromMs)} to ${seconds(toMs)}, from frame ${
        whole(firstFrame)
      } on`,
    ],
    ["round trip", roundTrip === undefined ? "could not be measured" : roundTripText(roundTrip)],
    ["client window", windowText(client)],
    ["server window", windowText(server)],
    ["loss", lossText(connection)],
    ["end", `${end.sentence} (frame ${whole(end.frame)}, ${seconds(end.atMs)})`],
    ["filter", displayFilter(connection)],
  ];
  return facts.filter((fact) => fact !== undefined);
}

/** The rows of the capture. */
export function captureFacts(capture: CaptureReport): Fact[] {
  const { format, bytes, packets, tcpPackets, duplicates, startedAt, durationMs } = capture;
  const began = startedAt === undefined ? "" : `, from ${timeText(startedAt * 1000)} on`;
  const facts: Fact[] = [
    [
      "capture",
      `${format}, ${binaryBytes(bytes)}, ${counted(packets, "packet")}, ${
        whole(tcpPackets)
      } of TCP, ${seconds(durationMs)}${began}`,
    ],
  ];
  if (duplicates > 0) facts.push(["twice", `${counted(duplicates, "packet")}, counted once`]);
  return facts;
}

/** Where the file is broken, as a sentence. */
export function brokenText({ broken }: CaptureReport): string | undefined {
  return broken && `the file is broken at byte ${whole(broken.offset)}: ${broken.sentence}`;
}

function sideText(side: SideReport): string {
  return `${endpointText(side)}, sent ${binaryBytes(side.bytes)} in ${
    counted(side.packets, "packet")
  }`;
}

function windowText(side: SideReport): string {
  const parts = [
    side.largestWindow === undefined ? "not known" : `up to ${binaryBytes(side.largestWindow)}`,
    side.windowScale !== undefined && `in units of ${binaryBytes(2 ** side.windowScale)}`,
    side.maxSegment !== undefined && `segments up to ${whole(side.maxSegment)} B`,
    side.zeroWindows > 0 &&
    `zero ${counted(side.zeroWindows, "time")}, ${seconds(side.zeroWindowMs)} in all`,
    side.stalledMs > 0 && `held the sender up for ${seconds(side.stalledMs)}`,
    side.probes > 0 && `probed ${counted(side.probes, "time")}`,
    side.bufferLimitedShare >= 0.01 &&
    `used up ${(side.bufferLimitedShare * 100).toFixed(0)} % of the time though it was read`,
  ];
  return parts.filter(Boolean).join(", ");
}

function roundTripText({ handshakeMs, minMs, medianMs, maxMs }: RoundTrip): string {
  const spread = `${shortTime(minMs)} to ${shortTime(maxMs)}, median ${shortTime(medianMs)}`;
  return handshakeMs === undefined ? spread : `${spread}, handshake ${shortTime(handshakeMs)}`;
}

/** Round trips are too short for `0.000 s`. */
function shortTime(ms: number): string {
  if (ms >= 1000) return seconds(ms);
  return ms < 10 ? `${ms.toFixed(2)} ms` : `${ms.toFixed(0)} ms`;
}

function lossText({ client, server }: ConnectionReport): string {
  if (client.retransmissions + server.retransmissions === 0) return "nothing was sent again";
  const of = (side: Side, { retransmissions }: SideReport) =>
    retransmissions > 0 && `${counted(retransmissions, "packet")} of the ${side}`;
  return `${[of("client", client), of("server", server)].filter(Boolean).join(" and ")}` +
    " sent again";
}

/** What to type into Wireshark to see the connection's packets. */
function displayFilter({ client, server }: ConnectionReport): string {
  const family = client.address.includes(":") ? "ipv6" : "ip";
  const ports = [...new Set([client.port, server.port])];
  return [
    ...ports.map((port) => `tcp.port == ${port}`),
    `${family}.addr == ${client.address}`,
  ].join(" && ");
}

/** A stall or a gap. */
export interface Episode {
  kind: "stall" | "silence" | "outage";
  side: Side;
  /** The packet it began with. */
  frame: number;
  fromMs: number;
  toMs: number;
  /** What it was. */
  what: string;
}

/** Stalls and gaps in the order of their times. */
export function episodesOf({ stalls, gaps }: ConnectionReport): Episode[] {
  return [
    ...stalls.map((stall): Episode => ({ kind: "stall", ...place(stall), what: stallText(stall) })),
    ...gaps.map((gap): Episode => ({ kind: gap.kind, ...place(gap), what: gapText(gap) })),
  ].sort((a, b) => a.fromMs - b.fromMs);
}

function place({ side, frame, fromMs, toMs }: Stall | Gap) {
  return { side, frame, fromMs, toMs };
}

const STALL_ENDS: Readonly<Record<Stall["endedBy"], string>> = {
  opened: "until it opened",
  connection_end: "until the connection ended",
  capture_end: "as far as the capture goes",
};

function stallText({ side, smallestWindow, zeroMs, probes, proof, endedBy }: Stall): string {
  const window = zeroMs > 0 ? `zero for ${seconds(zeroMs)}` : `${binaryBytes(smallestWindow)} left`;
  const waited = proof === undefined
    ? "whether the sender had to wait is not known"
    : `${PROOFS[proof]}${probes > 0 ? ` (${counted(probes, "probe")})` : ""}`;
  return `the ${side}'s window too small, ${window}, ${STALL_ENDS[endedBy]}; ${waited}`;
}

function gapText({ kind, side, ended }: Gap): string {
  const more = ended ? "" : ", and nothing came after";
  if (kind === "silence") return `the ${side} sent no data, though it could${more}`;
  return `packets were sent again and again, nothing came back from the ${side}${more}`;
}
