/**
 * What one look shows of a socket, and what two looks show together.
 *
 * @module
 */

import type { TcpState } from "./socket.ts";
import type { SocketMemory } from "./ss.ts";

/** What one look shows of the client's socket, and of the server's if that is on the same machine. */
export interface Sample {
  /** When it was, in milliseconds. */
  atMs: number;
  /** State of the client's socket. */
  state: TcpState;
  /** Its receive queue as the kernel has it: see `TcpSocket`. */
  receiveQueue: number;
  /** Bytes that have come over it in all, from `ss`. */
  received?: number;
  /** Time since the last of them came, in milliseconds, from `ss`. */
  lastReceivedMs?: number;
  /** Its memory, from `ss`. */
  memory?: SocketMemory;
  /** Bytes in the send queue of the server's socket. */
  serverQueue?: number;
  /** Whether the server's socket asks the closed window if it has opened. */
  serverProbing?: boolean;
}

/** Bytes read between two looks. */
export interface ReadBetween {
  /** How many, at least. */
  bytes: number;
  /** Whether it is known; else what came and was read between the two looks is not in it. */
  exact: boolean;
}

/** Share of the receive memory from which the window is shut or nearly so. */
const FULL_SHARE = 0.9;

/** Whether the other side has closed: its FIN has come, and nothing comes behind it. */
export function isPeerClosed({ state }: Sample): boolean {
  return state === "close_wait" || state === "closing" || state === "last_ack";
}

/** Bytes the program has not read, without the FIN that waits behind them. */
export function unreadBytes(sample: Sample): number {
  const { receiveQueue } = sample;
  return isPeerClosed(sample) && receiveQueue > 0 ? receiveQueue - 1 : receiveQueue;
}

/** What was read between two looks: with the count of all that came, that is simple arithmetic. */
export function readBetween(before: Sample, after: Sample): ReadBetween {
  const shorter = Math.max(0, before.receiveQueue - after.receiveQueue);
  if (isPeerClosed(before)) return { bytes: shorter, exact: true };
  const read = (sample: Sample) => (sample.received ?? NaN) - sample.receiveQueue;
  const exact = read(after) - read(before);
  // The two numbers of a look are not of one instant.
  if (!Number.isNaN(exact)) return { bytes: Math.max(0, exact), exact: true };
  return { bytes: shorter, exact: false };
}

/** Whether no more fits: the server's socket says so, or the memory is taken. `undefined`: not known. */
export function windowOf(sample: Sample): "shut" | "nearly_shut" | "open" | undefined {
  if (sample.serverProbing) return "shut";
  if (sample.memory === undefined) return sample.serverProbing === undefined ? undefined : "open";
  const { received, receivedMax } = sample.memory;
  return received >= FULL_SHARE * receivedMax ? "nearly_shut" : "open";
}

/** Bytes that still fit, by the memory's share of payload; `undefined`: not known. */
export function roomLeft(sample: Sample): number | undefined {
  const { received, receivedMax } = sample.memory ?? { received: 0, receivedMax: 0 };
  if (received === 0) return undefined;
  return Math.max(0, receivedMax - received) * sample.receiveQueue / received;
}
