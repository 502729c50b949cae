/**
 * IPv4 (RFC 791) and IPv6 (RFC 8200): who sent what to whom, and where it lies.
 *
 * @module
 */

import { MAPPED } from "./address.ts";
import type { Segment } from "./segment.ts";

/** Protocols that are read. */
export const Protocol = { ICMP: 1, TCP: 6, ICMPV6: 58 } as const;

const IPV4_HEADER_BYTES = 20;
const IPV6_HEADER_BYTES = 40;

const FRAGMENT_OFFSET = 0x1fff;
const MORE_FRAGMENTS = 0x2000;

const Extension = {
  HOP_BY_HOP: 0,
  ROUTING: 43,
  FRAGMENT: 44,
  AUTHENTICATION: 51,
  DESTINATION: 60,
  MOBILITY: 135,
} as const;
/** No packet has more; one that says so would be walked through for long. */
const EXTENSIONS_MAX = 16;

/** Where the payload of an IP packet lies. One object, reused. */
export class IpPayload {
  protocol = -1;
  /** Its first byte. */
  at = 0;
  /** Its bytes as sent, which may be more than were captured. */
  length = 0;
  /** The packet is a fragment; `first` if it is the one with the header. */
  fragment = false;
  first = true;
}

/**
 * Reads the header at `at`. `captured` is where the captured bytes end, `sent` where
 * the packet did. False if that is no IP packet.
 */
export function readIp(
  view: DataView,
  at: number,
  captured: number,
  sent: number,
  segment: Segment,
  payload: IpPayload,
): boolean {
  if (at >= captured) return false;
  payload.fragment = false;
  payload.first = true;
  const version = view.getUint8(at) >> 4;
  if (version === 4) return readIpv4(view, at, captured, sent, segment, payload);
  return version === 6 && readIpv6(view, at, captured, sent, segment, payload);
}

function readIpv4(
  view: DataView,
  at: number,
  captured: number,
  sent: number,
  segment: Segment,
  payload: IpPayload,
): boolean {
  if (at + IPV4_HEADER_BYTES > captured) return false;
  const headerBytes = (view.getUint8(at) & 15) * 4;
  // With segmentation offload the length is not filled in yet.
  const total = view.getUint16(at + 2) || sent - at;
  if (headerBytes < IPV4_HEADER_BYTES || total < headerBytes) return false;
  const fragment = view.getUint16(at + 6);
  payload.first = (fragment & FRAGMENT_OFFSET) === 0;
  payload.fragment = !payload.first || (fragment & MORE_FRAGMENTS) !== 0;
  payload.protocol = view.getUint8(at + 9);
  payload.at = at + headerBytes;
  payload.length = total - headerBytes;
  segment.id = view.getUint16(at + 4);
  segment.ttl = view.getUint8(at + 8);
  mapIpv4(segment.source, view.getInt32(at + 12));
  mapIpv4(segment.target, view.getInt32(at + 16));
  return true;
}

function mapIpv4(words: Int32Array, address: number): void {
  words[0] = 0;
  words[1] = 0;
  words[2] = MAPPED;
  words[3] = address;
}

function readIpv6(
  view: DataView,
  at: number,
  captured: number,
  sent: number,
  segment: Segment,
  payload: IpPayload,
): boolean {
  if (at + IPV6_HEADER_BYTES > captured) return false;
  const length = view.getUint16(at + 4);
  // 0: a jumbogram, or segmentation offload.
  const end = length === 0 ? sent : at + IPV6_HEADER_BYTES + length;
  segment.id = 0;
  segment.ttl = view.getUint8(at + 7);
  for (let i = 0; i < 4; i++) {
    segment.source[i] = view.getInt32(at + 8 + 4 * i);
    segment.target[i] = view.getInt32(at + 24 + 4 * i);
  }
  return skipExtensions(view, at, captured, end, payload);
}

function skipExtensions(
  view: DataView,
  header: number,
  captured: number,
  end: number,
  payload: IpPayload,
): boolean {
  let next = view.getUint8(header + 6);
  let at = header + IPV6_HEADER_BYTES;
  for (let i = 0; i < EXTENSIONS_MAX; i++) {
    if (!isExtension(next)) {
      payload.protocol = next;
      payload.at = at;
      payload.length = end - at;
      return payload.length >= 0;
    }
    if (at + 8 > captured) return false;
    const length = extensionBytes(next, view.getUint8(at + 1));
    if (next === Extension.FRAGMENT) {
      const fragment = view.getUint16(at + 2);
      payload.first = fragment >> 3 === 0;
      // One that is whole says so in both places (RFC 6946).
      payload.fragment = !payload.first || (fragment & 1) !== 0;
    }
    next = view.getUint8(at);
    at += length;
  }
  return false;
}

function isExtension(next: number): boolean {
  return next === Extension.HOP_BY_HOP || next === Extension.ROUTING ||
    next === Extension.FRAGMENT || next === Extension.AUTHENTICATION ||
    next === Extension.DESTINATION || next === Extension.MOBILITY;
}

function extensionBytes(type: number, field: number): number {
  if (type === Extension.FRAGMENT) return 8;
  return type === Extension.AUTHENTICATION ? (field + 2) * 4 : (field + 1) * 8;
}
