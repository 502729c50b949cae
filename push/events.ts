/**
 * What a push server reports: one plain object an event, made for a log.
 *
 * @module
 */

import type { CutReason } from "./policy.ts";

/** Counters of one client. */
export interface ClientCounters {
  /** 1 for the first client accepted, and so on. */
  client: number;
  /** Milliseconds since the client was accepted. */
  elapsedMs: number;
  /** Frames produced for this client. Flat out, those handed to the socket. */
  framesDue: number;
  /** Frames the kernel has taken whole; one more may have gone in part. */
  framesAccepted: number;
  /** Bytes of those frames. */
  bytesAccepted: number;
  /** Bytes due that the kernel has not taken. */
  queueBytes: number;
  /** The most `queueBytes` has been. */
  maxQueueBytesSeen: number;
  /** The longest time the kernel took nothing while there was something to send, in ms. */
  longestStallMs: number;
  /** Bytes the client has sent. */
  bytesReceived: number;
  /** Questions asked. */
  pings: number;
  /** Questions answered. */
  pongs: number;
}

/** How a client's connection ended. */
export type PushEnding =
  /** The server has thrown the client out. */
  | { type: "cut"; reason: CutReason; how: "rst" | "fin" }
  /** The kernel took all frames; the connection was ended in order. */
  | { type: "finish" }
  /** The client went before it had all its frames; `code` is the operating system's word, as `ECONNRESET`. */
  | { type: "client_error"; code: string }
  /** The server was closed before the client had all its frames. */
  | { type: "stop" };

/** What happened to a client. `peer` is its address, empty on a unix socket. */
export type PushEvent =
  | { type: "accept"; client: number; peer: string }
  | PushEnding & ClientCounters;
