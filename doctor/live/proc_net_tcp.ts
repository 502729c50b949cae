/**
 * `/proc/net/tcp` and `/proc/net/tcp6`, as text.
 *
 * A line that can't be read is left out and counted, with what was expected there: the last one of
 * a text that was cut off is no reason to see nothing. A text without the table's header is
 * another file, and refused.
 *
 * @module
 */

import { SpillwayError } from "../../src/errors.ts";
import { addressOf } from "../address.ts";
import {
  addMalformed,
  emptyTable,
  shown,
  type SocketTable,
  TCP_STATES,
  type TcpSocket,
} from "./socket.ts";

/** A text is not what it should be. */
export class SocketTextError extends SpillwayError {
  /** Always `"SocketTextError"`. */
  override name = "SocketTextError";
  /** Number of the line, from 1. */
  readonly line: number;

  /** `expected` was, and `got` came. */
  constructor(line: number, expected: string, got: string) {
    super(`line ${line}: expected ${expected}, got ${shown(got)}`);
    this.line = line;
  }
}

/** How to read a table. */
export interface ProcNetOptions {
  /** Order of the bytes in a word on the machine the text is from; this machine's by default. */
  byteOrder?: "little" | "big";
  /**
   * Takes only sockets with one of these ports at one of their ends. Other lines are not looked at,
   * not even for whether they can be read: tables can be long, and are read ten times a second.
   */
  ports?: ReadonlySet<number>;
  /** Number of the text's first line in what it is a part of. */
  firstLine?: number;
}

/** How a table begins, of IPv4 and of IPv6. */
export const TCP_HEADER = /^\s*sl\s+local_address\s+rem_address\s/;
/** See {@linkcode TCP_HEADER}. */
export const TCP6_HEADER = /^\s*sl\s+local_address\s+remote_address\s/;

const BYTE_ORDER = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? "little" : "big";
/** Kind of the timer that asks a closed window. */
const PROBE_TIMER = 4;

const ADDRESS = /^(?:[\dA-F]{8}|[\dA-F]{32}):[\dA-F]{4}$/i;
const HEX_PAIR = /^[\dA-F]+:[\dA-F]+$/i;

/** Reads a table. */
export function parseProcNetTcp(text: string, options: ProcNetOptions = {}): SocketTable {
  const lines = text.split("\n");
  const { firstLine = 1 } = options;
  const ports = options.ports && Array.from(options.ports, portText);
  if (!TCP_HEADER.test(`${lines[0]} `) && !TCP6_HEADER.test(`${lines[0]} `)) {
    throw new SocketTextError(
      firstLine,
      "the header of /proc/net/tcp, sl local_address …",
      lines[0],
    );
  }
  const table = emptyTable();
  const littleEndian = (options.byteOrder ?? BYTE_ORDER) === "little";
  for (let i = 1; i < lines.length; i++) {
    if (ports !== undefined && !ports.some((port) => lines[i].includes(port))) continue;
    if (lines[i].trim() === "") continue;
    const fields = lines[i].trim().split(/\s+/);
    const wrong = wrongField(fields);
    if (wrong !== undefined) addMalformed(table, firstLine + i, ...wrong);
    else table.sockets.push(socketOf(fields, littleEndian));
  }
  return table;
}

/** What was expected of the first field that is not right, and what it is. */
function wrongField(fields: string[]): [string, string | undefined] | undefined {
  const [slot, local, remote, state, queues, timer, retries, uid, timeout, inode] = fields;
  if (!/^\d+:$/.test(slot)) return ["the number of a slot as 0:", slot];
  if (!ADDRESS.test(local ?? "")) return ["a local address as 0100007F:1F90", local];
  if (!ADDRESS.test(remote ?? "")) return ["a remote address as 0100007F:1F90", remote];
  if (!/^[\dA-F]{2}$/i.test(state ?? "") || TCP_STATES[parseInt(state, 16) - 1] === undefined) {
    return [`a state from 01 to 0${TCP_STATES.length.toString(16).toUpperCase()}`, state];
  }
  if (!HEX_PAIR.test(queues ?? "")) return ["tx_queue:rx_queue in hexadecimal", queues];
  if (!HEX_PAIR.test(timer ?? "")) return ["tr:tm->when in hexadecimal", timer];
  if (!/^[\dA-F]+$/i.test(retries ?? "")) return ["retrnsmt in hexadecimal", retries];
  if (!/^\d+$/.test(uid ?? "")) return ["a uid", uid];
  if (!/^-?\d+$/.test(timeout ?? "")) return ["a timeout", timeout];
  if (!/^\d+$/.test(inode ?? "")) return ["an inode", inode];
}

/** The port of `0100007F:1F90`. */
function portOf(text: string): number {
  return parseInt(text.slice(-4), 16);
}

/** A port as it ends an address: `:1F90 `. */
function portText(port: number): string {
  return `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
}

function socketOf(fields: string[], littleEndian: boolean): TcpSocket {
  const [sendQueue, receiveQueue] = fields[4].split(":").map((hex) => parseInt(hex, 16));
  return {
    local: { address: addressText(fields[1], littleEndian), port: portOf(fields[1]) },
    remote: { address: addressText(fields[2], littleEndian), port: portOf(fields[2]) },
    state: TCP_STATES[parseInt(fields[3], 16) - 1],
    sendQueue,
    receiveQueue,
    probing: parseInt(fields[5], 16) === PROBE_TIMER,
    inode: Number(fields[9]),
  };
}

/** The address of `0100007F:1F90`: words of four bytes, each as the machine has it in memory. */
function addressText(text: string, littleEndian: boolean): string {
  const bytes = new Uint8Array((text.length - 5) / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[littleEndian ? i ^ 3 : i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  }
  return addressOf(bytes);
}
