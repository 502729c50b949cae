/**
 * What the doctor reports: plain data, the same for programs (`--json`), for the
 * terminal and for the page.
 *
 * Times are milliseconds since the first packet of the capture, frames are
 * numbered from 1 as Wireshark does, windows and lengths are bytes.
 *
 * @module
 */

import type { Verdict } from "../src/verdict.ts";

/** The two ends of a connection. The client is the one that connected. */
export type Side = "client" | "server";

/**
 * What is wrong with a connection.
 *
 * `slow_consumer`: a side did not read, its window closed and the other had to wait ·
 * `receive_buffer_too_small`: it did read, but its window takes less than the path holds ·
 * `packet_loss` · `outage`: nothing came through for a while · `unreachable`: nor ever after ·
 * `path_bottleneck`: packets queue up before a slow link ·
 * `server_silent`: the server sent nothing for long, though it could ·
 * `server_idle_closed`: it ended a connection on which the client was silent ·
 * `server_closed`: FIN · `server_reset`: RST of its own accord · `server_crashed`: it no longer knew the connection ·
 * `client_closed`: FIN · `client_killed`: the client's socket vanished while data came ·
 * `refused`: RST to the SYN · `filtered`: forbidden by a router or host · `timed_out`: no answer to the SYN ·
 * `third_party`: something between the two sent the RST ·
 * `nothing_wrong` · `unknown`: the capture does not show enough to tell
 */
export type DoctorVerdictKind =
  | "slow_consumer"
  | "receive_buffer_too_small"
  | "packet_loss"
  | "outage"
  | "unreachable"
  | "path_bottleneck"
  | "server_silent"
  | "server_idle_closed"
  | "server_closed"
  | "server_reset"
  | "server_crashed"
  | "client_closed"
  | "client_killed"
  | "refused"
  | "filtered"
  | "timed_out"
  | "third_party"
  | "nothing_wrong"
  | "unknown";

/**
 * What became of a slow consumer: the other side ended the connection, the reader caught up,
 * it was behind until the connection ended in the ordinary way, or it still stalls
 * where the capture ends.
 */
export type SlowOutcome = "cut" | "recovered" | "slow_to_the_end" | "still_stalled";

/** `certain`: the wire shows it · `likely`: little else explains it · `possible`: other causes look the same. */
export type Confidence = "certain" | "likely" | "possible";

/** A packet that shows something. */
export interface Evidence {
  /** Number of the packet in the capture, from 1. */
  frame: number;
  /** When, in milliseconds since the first packet of the capture. */
  atMs: number;
  /** What it shows. */
  what: string;
}

/** One thing that is true of a connection. */
export interface DoctorVerdict extends Verdict<DoctorVerdictKind> {
  /** Of `slow_consumer`: what became of it. */
  outcome?: SlowOutcome;
  /** The side at fault, if it is one of the two. */
  side?: Side;
  /** How sure it is. */
  confidence: Confidence;
  /** The packets that show it, in the order of their times. */
  evidence: Evidence[];
  /** What looks the same on the wire. */
  consistentWith?: string;
  /** What to do next. */
  next: string;
}

/** A time in which a receive window was too small to take a segment. */
export interface Stall {
  /** The side that did not read. */
  side: Side;
  /** First packet that advertised the small window. */
  frame: number;
  /** When it did. */
  fromMs: number;
  /** When the window opened, or else the connection or the capture ended. */
  toMs: number;
  /** What ended it. */
  endedBy: "opened" | "connection_end" | "capture_end";
  /** Smallest window advertised in it, in bytes. */
  smallestWindow: number;
  /** How long of it the window was zero, in milliseconds. */
  zeroMs: number;
  /** Window probes the other side sent. */
  probes: number;
  /** Why it is known that the other side had to wait; `undefined`: it is not known. */
  proof?: "probes" | "sent_again" | "window_full" | "sent_when_opened";
}

/** A time in which nothing came, and what that was. */
export interface Gap {
  /** `silence`: a side sent no data, though it could · `outage`: packets were sent again and again and nothing came back. */
  kind: "silence" | "outage";
  /** The side nothing came from. */
  side: Side;
  /** Last packet before it. */
  frame: number;
  /** When it began. */
  fromMs: number;
  /** When it ended, or else the connection or the capture did. */
  toMs: number;
  /** Whether anything came after it. */
  ended: boolean;
}

/** What one side did. */
export interface SideReport {
  /** IP address. */
  address: string;
  /** TCP port. */
  port: number;
  /** Packets it sent, as captured. */
  packets: number;
  /** Bytes of payload it sent, each counted once. */
  bytes: number;
  /** Payload packets it sent more than once, or that arrived late because one got lost. */
  retransmissions: number;
  /** Largest window it advertised, in bytes; `undefined` if the scale is not known. */
  largestWindow?: number;
  /** log2 of the unit of its windows; `undefined` if the handshake was not captured. */
  windowScale?: number;
  /** Largest segment it takes, in bytes, as it said in the handshake. */
  maxSegment?: number;
  /** Times its window went from open to zero, exactly. */
  zeroWindows: number;
  /** How long it was zero, in milliseconds. */
  zeroWindowMs: number;
  /** How long the other side had to wait because it was too small to take a segment, or nearly, in milliseconds. */
  stalledMs: number;
  /** Window probes it was sent. */
  probes: number;
  /** Share of the connection's time, 0 to 1, in which its window was used up though it read. */
  bufferLimitedShare: number;
}

/** How a connection ended. */
export interface ConnectionEnd {
  /** Who ended it. `capture`: it had not ended. */
  by: Side | "third_party" | "capture";
  /**
   * `fin`: in the ordinary way · `reset`: RST of its own accord · `reset_no_socket`: RST in answer to
   * a packet for which it had no connection · `refused`: RST to the SYN ·
   * `icmp`: a router or host said so · `gave_up`: retries got no answer · `open`: it had not ended
   */
  how: "fin" | "reset" | "reset_no_socket" | "refused" | "icmp" | "gave_up" | "open";
  /** The packet that ended it, or the last one. */
  frame: number;
  /** When. */
  atMs: number;
  /** In words. */
  sentence: string;
}

/** Round-trip times, in milliseconds. */
export interface RoundTrip {
  /** Of the handshake, from where the capture was made. */
  handshakeMs?: number;
  /** The shortest. */
  minMs: number;
  /** Half of them took longer. */
  medianMs: number;
  /** The longest. */
  maxMs: number;
}

/**
 * A connection over time, from `fromMs` on, in as many steps of `stepMs` as the arrays are long. Of
 * steps in which nothing was said they hold NaN (`null` in JSON), `bytes` 0.
 */
export interface Timeline {
  /** Begin of the first step. */
  fromMs: number;
  /** Length of a step. */
  stepMs: number;
  /** Side that received the data shown. */
  receiver: Side;
  /** Smallest window advertised in a step, in bytes. */
  windowMin: number[];
  /** Largest. */
  windowMax: number[];
  /** Most bytes on their way, not acknowledged. */
  inFlight: number[];
  /** Payload bytes that came in a step. */
  bytes: number[];
}

/** What is known of one connection. */
export interface ConnectionReport {
  /** The one that connected, or seems to. */
  client: SideReport;
  /** The one that listened. */
  server: SideReport;
  /**
   * Whether the handshake shows who is who; else the side with the only port below 32768 is taken to
   * be the server, else the one that sent more, else the lower port.
   */
  rolesKnown: boolean;
  /** Where the capture was made. */
  vantage: Side | "between" | "unknown";
  /** First packet of the connection. */
  firstFrame: number;
  /** When it came. */
  fromMs: number;
  /** When the last came. */
  toMs: number;
  /** Round-trip times; `undefined` if none could be measured. */
  roundTrip?: RoundTrip;
  /** Times with a window too small, first to last. */
  stalls: Stall[];
  /** Stalls that are not in `stalls`, because there were too many. */
  moreStalls: number;
  /** Times in which nothing came. */
  gaps: Gap[];
  /** How it ended. */
  end: ConnectionEnd;
  /** One verdict, or two when two are true; the one that matters first. */
  verdicts: DoctorVerdict[];
  /** What limits what can be said: one direction only, no handshake, packets not captured. */
  notes: string[];
  /** Windows and bytes over time; `undefined` for connections of a few packets. */
  timeline?: Timeline;
}

/** The capture itself. */
export interface CaptureReport {
  /** Format, as `pcap` or `pcapng`, `gzip` in front if it was compressed. */
  format: string;
  /** Bytes read, decompressed. */
  bytes: number;
  /** Packets read. */
  packets: number;
  /** Those of TCP. */
  tcpPackets: number;
  /** Packets that were there twice, as on a bridge or with `-i any`. */
  duplicates: number;
  /** When the first packet came, in milliseconds since 1970; `undefined` without packets. */
  startedAt?: number;
  /** From first to last packet, in milliseconds. */
  durationMs: number;
  /** Where the file is broken, and what was expected there; what came before is reported. */
  broken?: { offset: number; sentence: string };
  /** What else is to be known: link types that are not read, packets cut short. */
  notes: string[];
}

/** What the doctor says of a capture. A `frame` in it is a packet's number there, as Wireshark numbers frames; no frame of the feed. */
export interface DoctorReport {
  /** The capture itself. */
  capture: CaptureReport;
  /** Its connections, worst first. */
  connections: ConnectionReport[];
  /** Connections of which nothing is kept, because there were too many. */
  moreConnections: number;
}
