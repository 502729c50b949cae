/**
 * ICMP (RFC 792) and ICMPv6 (RFC 4443) messages that say a TCP packet did not get through.
 *
 * @module
 */

import { IpPayload, Protocol, readIp } from "./ip.ts";
import type { Segment, Unreachable } from "./segment.ts";

const UNREACHABLE_V4 = 3;
const UNREACHABLE_V6 = 1;
/** Bytes before the packet it speaks of. */
const HEADER_BYTES = 8;
/** Ports and sequence number of that packet. */
const QUOTED_BYTES = 8;

/** Codes of a port nothing listens at, and of rules that forbid. */
const PORT_V4 = 3;
const PROHIBITED_V4: readonly number[] = [9, 10, 13];
const TOO_BIG_V4 = 4;
const PORT_V6 = 4;
const PROHIBITED_V6: readonly number[] = [1, 5, 6];

const quotedPayload = new IpPayload();

/**
 * Reads the message `payload` lies in. Fills `segment` with the ends of the connection it
 * speaks of, as its packet had them; `undefined` if it is another message.
 */
export function readUnreachable(
  view: DataView,
  payload: IpPayload,
  captured: number,
  segment: Segment,
): Unreachable | undefined {
  const { at, protocol } = payload;
  const quoted = at + HEADER_BYTES;
  if (quoted >= captured) return undefined;
  const type = view.getUint8(at);
  const code = view.getUint8(at + 1);
  const v4 = protocol === Protocol.ICMP;
  if (type !== (v4 ? UNREACHABLE_V4 : UNREACHABLE_V6)) return undefined;
  // Path MTU discovery: nothing is unreachable.
  if (v4 && code === TOO_BIG_V4) return undefined;
  if (!readIp(view, quoted, captured, captured, segment, quotedPayload)) return undefined;
  const tcp = quotedPayload.at;
  if (quotedPayload.protocol !== Protocol.TCP || tcp + QUOTED_BYTES > captured) return undefined;
  segment.sourcePort = view.getUint16(tcp);
  segment.targetPort = view.getUint16(tcp + 2);
  return {
    prohibited: (v4 ? PROHIBITED_V4 : PROHIBITED_V6).includes(code),
    portClosed: code === (v4 ? PORT_V4 : PORT_V6),
  };
}
