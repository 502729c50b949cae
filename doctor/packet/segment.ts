/**
 * One TCP segment, as captured. One object is used for all packets: nothing is
 * allocated for each.
 *
 * @module
 */

/** Bits of `flags` (RFC 9293, section 3.1). */
export const Flag = {
  FIN: 1,
  SYN: 2,
  RST: 4,
  PSH: 8,
  ACK: 16,
} as const;

/** An IP address as four words, an IPv4 one mapped into IPv6, and a port. */
export interface Endpoint {
  words: Int32Array;
  port: number;
}

/** What a packet says. */
export class Segment {
  /** Number of the packet, from 1. */
  frame = 0;
  /** Milliseconds since the capture's first packet. */
  timeMs = 0;
  /** Where it came from and where it went, four words each. */
  readonly source: Int32Array = new Int32Array(4);
  readonly target: Int32Array = new Int32Array(4);
  sourcePort = 0;
  targetPort = 0;
  /** Time to live, or hop limit. */
  ttl = 0;
  /** Identification of the IPv4 packet; 0 if it has none. */
  id = 0;
  seq = 0;
  ack = 0;
  flags = 0;
  /** As it stands in the header, not scaled; -1 if it was not captured. */
  window = 0;
  /** Bytes of payload it had, whether captured or not. */
  length = 0;
  /** Maximum segment size; 0 if not said. */
  mss = 0;
  /** log2 of the window's unit; -1 if not said. */
  windowScale = -1;
  /** Whether it carries timestamps. */
  timestamps = false;
  timestamp = 0;
  timestampEcho = 0;
  /** Whether some options were not captured. */
  optionsCut = false;
  /** 1: sent by the machine that captured; 0: came to it; -1: not known. */
  outgoing = -1;
}

/** Why a router or host says that a packet did not get through. */
export interface Unreachable {
  /** Forbidden by a rule, rather than impossible. */
  prohibited: boolean;
  /** Nothing listens at the port. */
  portClosed: boolean;
}
