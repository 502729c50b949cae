/** What the headers of IP and TCP say, read field by field. */
import { viewOf } from "./bytes.ts";
import { type IpPart, ipPartOf } from "./link.ts";
import type { Packet } from "./packet.ts";

export const PROTOCOL = { hopByHop: 0, icmp: 1, tcp: 6, udp: 17, fragment: 44, icmpv6: 58 };
/** Extension headers of IPv6, by what their length counts. */
const EXTENSIONS = [0, 43, 60];
export const FLAG = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 };

/** An IP header, of IPv6 with its extension headers. */
export interface Ip {
  family: 4 | 6;
  /** Hexadecimal digits. */
  source: string;
  destination: string;
  /** Of what is inside. */
  protocol: number;
  headerBytes: number;
  /** Header and payload; what was on the wire where the header says 0. */
  totalLength: number;
  /** One of several. */
  fragment: boolean;
}

/** A TCP packet. */
export interface Tcp {
  ip: Ip;
  part: IpPart;
  sourcePort: number;
  destinationPort: number;
  seq: number;
  ack: number;
  flags: number;
  /** Not scaled. */
  window: number;
  headerBytes: number;
  /** Bytes of payload on the wire. */
  length: number;
}

function digits(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function parseIpv4({ bytes, originalLength }: IpPart): Ip {
  const view = viewOf(bytes);
  return {
    family: 4,
    source: digits(bytes.slice(12, 16)),
    destination: digits(bytes.slice(16, 20)),
    protocol: view.getUint8(9),
    headerBytes: (view.getUint8(0) & 15) * 4,
    totalLength: view.getUint16(2) || originalLength,
    fragment: (view.getUint16(6) & 0x3fff) !== 0,
  };
}

function parseIpv6({ bytes, originalLength }: IpPart): Ip {
  const view = viewOf(bytes);
  let protocol = view.getUint8(6);
  let at = 40;
  let fragment = false;
  while (EXTENSIONS.includes(protocol) || protocol === PROTOCOL.fragment) {
    const next = view.getUint8(at);
    if (protocol === PROTOCOL.fragment) {
      fragment ||= (view.getUint16(at + 2) & 0xfff9) !== 0;
      at += 8;
    } else {
      at += 8 + view.getUint8(at + 1) * 8;
    }
    protocol = next;
  }
  const payload = view.getUint16(4);
  return {
    family: 6,
    source: digits(bytes.slice(8, 24)),
    destination: digits(bytes.slice(24, 40)),
    protocol,
    headerBytes: at,
    totalLength: payload === 0 ? originalLength : 40 + payload,
    fragment,
  };
}

/** The header at the beginning of `part`. Throws a RangeError if it is cut. */
export function parseIp(part: IpPart): Ip | undefined {
  const version = part.bytes[0] >> 4;
  if (version === 4) return parseIpv4(part);
  return version === 6 ? parseIpv6(part) : undefined;
}

function parseTcp(part: IpPart): Tcp | undefined {
  const ip = parseIp(part);
  if (ip === undefined || ip.protocol !== PROTOCOL.tcp || ip.fragment) return undefined;
  if (ip.family === 4 && ip.headerBytes < 20) return undefined;
  const view = viewOf(part.bytes.slice(ip.headerBytes));
  const headerBytes = (view.getUint8(12) >> 4) * 4;
  const length = ip.totalLength - ip.headerBytes - headerBytes;
  if (headerBytes < 20 || length < 0) return undefined;
  return {
    ip,
    part,
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    seq: view.getUint32(4),
    ack: view.getUint32(8),
    flags: view.getUint8(13),
    window: view.getUint16(14),
    headerBytes,
    length,
  };
}

/** The TCP packet in `packet`, `undefined` if there is none, or too little of it. */
export function tcpOf(packet: Packet): Tcp | undefined {
  const part = ipPartOf(packet);
  try {
    return part && parseTcp(part);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Whether `tcp` goes to the server, which has the lower port. */
export function toServer(tcp: Tcp): boolean {
  return tcp.destinationPort < tcp.sourcePort;
}
