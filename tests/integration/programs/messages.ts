/**
 * What the programs inside the namespace are told, and tell: JSON, one object a
 * line, in on standard input and out on standard output.
 */
import type { ClientStats } from "../../../src/status.ts";
import type { WireName } from "../wires/mod.ts";

/** What a client is started with. */
export interface ClientTask {
  wire: WireName;
  /** Where the feed is. */
  port: number;
  /** Work a message, see `calibrate()`. */
  rounds: number;
}

/** What a publisher is started with. */
export interface PublisherTask {
  wire: WireName;
  /** Where to publish. */
  port: number;
}

/** What a publisher is told to do: push messages `first` to `first + count - 1`, evenly over `overMs`. */
export interface Burst {
  first: number;
  count: number;
  overMs: number;
}

/** How far a client is. */
export interface Progress {
  type: "progress";
  /** The server has said that the subscription stands, if it says so at all. */
  subscribed: boolean;
  /** Messages handled. */
  messages: number;
  /** CPU time of the process since the first of them, in milliseconds. */
  cpuMs: number;
}

/** How a client ended. */
export interface Ending {
  type: "end";
  /** Messages handled, all in order from 0. */
  messages: number;
  /** Where the order broke: the number that was due, and the one that came. */
  gap?: { expected: number; got: number };
  /** Bytes read from the socket. */
  bytesRead: number;
  /** The operating system's word, `eof` or `closed` (by this side). */
  how: string;
  /** CPU time of the process since the first of them, in milliseconds. */
  cpuMs: number;
  /** Spillway's counters. */
  stats?: ClientStats;
}

/** From a client. */
export type ClientMessage = { type: "ready" } | Progress | Ending;

/** From a publisher. */
export type PublisherMessage = { type: "ready" } | { type: "published" } & Burst;

/** However the test fares, no program outlives this. */
const LIFETIME_MS = 120_000;

/** Ends this program after its time. */
export function limitLifetime(): void {
  Deno.unrefTimer(setTimeout(() => Deno.exit(1), LIFETIME_MS));
}

/** How often clients tell how far they are. */
export const TELL_EVERY_MS = 100;

/** Tells. */
export function tell(message: ClientMessage | PublisherMessage): void {
  console.log(JSON.stringify(message));
}
