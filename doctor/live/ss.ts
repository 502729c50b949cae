/**
 * What `ss -tinme` prints, as text: a socket a line, what the kernel counts for it on the next
 * (or, with `-O`, on the same).
 *
 * @module
 */

import { type Endpoint, numericAddress } from "../address.ts";
import {
  addMalformed,
  emptyTable,
  type SocketTable,
  type TcpSocket,
  type TcpState,
} from "./socket.ts";

/** The memory of a socket, in bytes; it is more than the payload in it. */
export interface SocketMemory {
  /** Taken by what has come and is not read. */
  received: number;
  /** What that may take. */
  receivedMax: number;
  /** Taken by what is to be sent or acknowledged. */
  sent: number;
  /** What that may take. */
  sentMax: number;
  /** Packets dropped, among them those that came when the memory was full. */
  drops: number;
}

/** What the kernel counts for a socket; what it (or this `ss`) does not tell is not there. */
export interface TcpInfo {
  /** Bytes that have come in order. */
  bytesReceived?: number;
  /** Bytes the other side has acknowledged. */
  bytesAcked?: number;
  /** Time since data came, in milliseconds. */
  lastReceivedMs?: number;
  /** Bytes written and not sent yet. */
  notSent?: number;
  /** Packets sent and not acknowledged. */
  unacked?: number;
  /** How long there was something to send, in milliseconds. */
  busyMs?: number;
  /** How long of it the other side's window was too small. */
  rwndLimitedMs?: number;
  /** How long of it its own send buffer was too small. */
  sndbufLimitedMs?: number;
  /** What its program reads in a round trip, by the kernel's estimate: it sizes the buffer by it. */
  rcvSpace?: number;
  /** Smoothed round-trip time, in milliseconds. */
  rttMs?: number;
  /** Packets sent more than once. */
  retransmitted?: number;
  /** Its memory. */
  memory?: SocketMemory;
}

/** A program that has a socket open. */
export interface Program {
  /** Its process. */
  pid: number;
  /** Its name, up to 15 characters. */
  name: string;
}

/** A socket and its counters. */
export interface SsSocket extends TcpSocket {
  /** Its counters. */
  info: TcpInfo;
  /** Who has it open, if `ss -p` was run by somebody who may know. */
  program?: Program;
}

/** How the text of a listing begins. */
export const SS_HEADER = /^(?:Netid\s+)?State\s+Recv-Q\s+Send-Q\s/;

const STATES: Readonly<Record<string, TcpState>> = {
  "ESTAB": "established",
  "SYN-SENT": "syn_sent",
  "SYN-RECV": "syn_received",
  "FIN-WAIT-1": "fin_wait_1",
  "FIN-WAIT-2": "fin_wait_2",
  "TIME-WAIT": "time_wait",
  "UNCONN": "closed",
  "CLOSE-WAIT": "close_wait",
  "LAST-ACK": "last_ack",
  "LISTEN": "listen",
  "CLOSING": "closing",
};

/** Counters by what `ss` calls them. */
const COUNTERS: readonly [RegExp, Exclude<keyof TcpInfo, "memory">][] = [
  [/ bytes_received:(\d+)/, "bytesReceived"],
  [/ bytes_acked:(\d+)/, "bytesAcked"],
  [/ lastrcv:(\d+)/, "lastReceivedMs"],
  [/ notsent:(\d+)/, "notSent"],
  [/ unacked:(\d+)/, "unacked"],
  [/ busy:(\d+)ms/, "busyMs"],
  [/ rwnd_limited:(\d+)ms/, "rwndLimitedMs"],
  [/ sndbuf_limited:(\d+)ms/, "sndbufLimitedMs"],
  [/ rcv_space:(\d+)/, "rcvSpace"],
  [/ rtt:(\d+(?:\.\d+)?)/, "rttMs"],
  [/ retrans:\d+\/(\d+)/, "retransmitted"],
];

/** Reads a listing. A line that can't be read is left out and counted. */
export function parseSs(text: string, firstLine = 1): SocketTable<SsSocket> {
  const table = emptyTable<SsSocket>();
  let last: SsSocket | undefined;
  text.split("\n").forEach((line, i) => {
    if (line.trim() === "" || SS_HEADER.test(line)) return;
    if (/^\s/.test(line)) {
      // Of a socket that could not be read, the counters are nobody's.
      if (last !== undefined) Object.assign(last.info, infoOf(line));
      return;
    }
    last = undefined;
    const fields = line.trim().split(/\s+/);
    if (fields[0] === "tcp") fields.shift();
    const [state, receiveQueue, sendQueue, local, remote, ...rest] = fields;
    const ends = { local: endpointOf(local), remote: endpointOf(remote) };
    if (!Object.hasOwn(STATES, state)) {
      addMalformed(table, firstLine + i, `a state as ${Object.keys(STATES).join(" ")}`, state);
    } else if (!/^\d+$/.test(receiveQueue ?? "") || !/^\d+$/.test(sendQueue ?? "")) {
      addMalformed(table, firstLine + i, "two numbers of bytes", `${receiveQueue} ${sendQueue}`);
    } else if (ends.local === undefined || ends.remote === undefined) {
      const wrong = ends.local === undefined ? local : remote;
      addMalformed(
        table,
        firstLine + i,
        "a numeric address and port as 127.0.0.1:8080 (ss -n)",
        wrong,
      );
    } else {
      const behind = ` ${rest.join(" ")}`;
      last = {
        local: ends.local,
        remote: ends.remote,
        state: STATES[state],
        sendQueue: Number(sendQueue),
        receiveQueue: Number(receiveQueue),
        probing: behind.includes(" timer:(persist,"),
        inode: Number(/ ino:(\d+)/.exec(behind)?.[1] ?? 0),
        info: infoOf(behind),
        ...programOf(behind),
      };
      table.sockets.push(last);
    }
  });
  return table;
}

/** `10.0.0.1:80`, `[::1]:80`, `[fe80::1%eth0]:80`, of an old `ss` `::1:80`, of a listener `*:80`. */
function endpointOf(text: string | undefined): Endpoint | undefined {
  const [, host, port] = /^(.+):(\d+|\*)$/.exec(text ?? "") ?? [];
  if (host === undefined) return undefined;
  const address = host === "*" ? "::" : numericAddress(host);
  const number = port === "*" ? 0 : Number(port);
  return address === undefined || number > 0xffff ? undefined : { address, port: number };
}

function infoOf(text: string): TcpInfo {
  const spaced = text.replaceAll("\t", " ");
  const info: TcpInfo = {};
  for (const [pattern, name] of COUNTERS) {
    const found = pattern.exec(spaced)?.[1];
    if (found !== undefined) info[name] = Number(found);
  }
  const memory = memoryOf(spaced);
  return memory === undefined ? info : { ...info, memory };
}

/** Of `skmem:(r0,rb131072,t0,tb87040,f0,w0,o0,bl0,d0)`. */
function memoryOf(text: string): SocketMemory | undefined {
  const inside = / skmem:\(([^)]*)\)/.exec(text)?.[1];
  if (inside === undefined) return undefined;
  const value = (name: string): number =>
    Number(new RegExp(`(?:^|,)${name}(\\d+)(?:,|$)`).exec(inside)?.[1] ?? 0);
  return {
    received: value("r"),
    receivedMax: value("rb"),
    sent: value("w"),
    sentMax: value("tb"),
    drops: value("d"),
  };
}

/** Of `users:(("python3",pid=4711,fd=3),…)`: the first; a socket may have been handed on by a fork. */
function programOf(text: string): { program?: Program } {
  const [, name, pid] = /users:\(\("((?:[^"\\]|\\.)*)",pid=(\d+),/.exec(text) ?? [];
  return name === undefined ? {} : { program: { pid: Number(pid), name } };
}
