/**
 * A TCP socket as the kernel lists it.
 *
 * @module
 */

import { type Endpoint, endpointText } from "../address.ts";

/** States by Linux's numbers, from 1 on. */
export const TCP_STATES = [
  "established",
  "syn_sent",
  "syn_received",
  "fin_wait_1",
  "fin_wait_2",
  "time_wait",
  "closed",
  "close_wait",
  "last_ack",
  "listen",
  "closing",
  "new_syn_received",
] as const;

/** RFC 9293's states; `close_wait`: the other side has closed, this one has not. */
export type TcpState = typeof TCP_STATES[number];

/** A socket. */
export interface TcpSocket {
  /** Its own end. */
  local: Endpoint;
  /** The other one. */
  remote: Endpoint;
  /** Its state. */
  state: TcpState;
  /** Bytes its program wrote and the other side has not acknowledged; of a listener nothing of use. */
  sendQueue: number;
  /**
   * Bytes that have come and its program has not read; the other side's FIN counts
   * as one until the program has read the end of the stream.
   */
  receiveQueue: number;
  /** Whether it asks a closed window, again and again, if it has opened. */
  probing: boolean;
  /** Number of the socket in `/proc/PID/fd`; 0 if no program has it (any more). */
  inode: number;
}

/** A text for the pair of ends of a connection, from this end. */
export function pairOf({ local, remote }: Pick<TcpSocket, "local" | "remote">): string {
  return `${endpointText(local)}>${endpointText(remote)}`;
}

/** A line that could not be read, and what was expected. It is left out, the others are taken. */
export interface Malformed {
  /** Number of the line in its text, from 1. */
  line: number;
  /** What was expected and what came. */
  sentence: string;
}

/** Sockets of one text. */
export interface SocketTable<S extends TcpSocket = TcpSocket> {
  /** Those that were asked for, in the order of the text. */
  sockets: S[];
  /** The first lines that could not be read. */
  malformed: Malformed[];
  /** How many there were. */
  malformedLines: number;
}

/** What is kept of lines that can't be read: of a text that is nothing else, these are enough. */
const MALFORMED_KEPT = 5;
const SHOWN_CHARS = 80;

/** A table without sockets. */
export function emptyTable<S extends TcpSocket>(): SocketTable<S> {
  return { sockets: [], malformed: [], malformedLines: 0 };
}

/** Counts a line that can't be read. */
export function addMalformed(
  table: SocketTable,
  line: number,
  expected: string,
  got: string | undefined,
): void {
  table.malformedLines++;
  if (table.malformed.length === MALFORMED_KEPT) return;
  table.malformed.push({ line, sentence: `line ${line}: expected ${expected}, got ${shown(got)}` });
}

/** A piece of a text of unknown origin: on one line, not too long, nothing a terminal would obey. */
export function shown(text: string | undefined): string {
  if (text === undefined) return "nothing";
  return JSON.stringify(text.slice(0, SHOWN_CHARS)).replace(/[^\x20-\x7e]/g, "?");
}
